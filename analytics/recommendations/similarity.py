"""Which items are bought by the same people: item to item, worked out with sparse matrices. Pure, no database.

An item's row holds who bought it, weighed by BM25: who buys everything says little about anything, and the tenth time
adds less than the first. Two items are as alike as the cosine of their rows.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

K1, B = 1.2, 0.75
BLOCK = 256
Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


def weighed(people: Ints, items: Ints, times: Floats, *, shape: tuple[int, int]) -> sparse.csr_matrix:
    """Items by people: BM25 of how often each was bought by whom."""
    bought = sparse.csr_matrix((times, (items, people)), shape=(shape[1], shape[0]), dtype=np.float32)
    bought.sum_duplicates()
    bought.eliminate_zeros()
    by_person = bought.T.tocsr()
    length = np.asarray(by_person.sum(axis=1)).ravel()
    norm = (1 - B) + B * length / max(length.mean(), 1e-9) if length.size else length
    breadth = np.diff(by_person.indptr)
    rarity = np.log1p(shape[1] / (1 + breadth))
    columns = bought.indices
    bought.data = bought.data * (K1 + 1) / (bought.data + K1 * norm[columns]) * rarity[columns]
    return bought.astype(np.float32)


def beside(rows: sparse.csr_matrix, more: sparse.csr_matrix, *, share: float) -> sparse.csr_matrix:
    """Items by what both say of people, the second at `share`.

    Each has people of its own, so that what was only looked at stays that much farther from what was bought: as sums
    in one column lengths would make up for any share. Where both say the same, likeness is that of one.
    """
    return sparse.hstack([rows, more * np.float32(share)], format="csr", dtype=np.float32) if share else rows


def neighbours(rows: sparse.csr_matrix, *, most: int) -> Iterator[tuple[Ints, Ints, Floats]]:
    """For blocks of items (items, others, scores): the `most` nearest of each, nearest first within an item.

    Memory is bounded by a block of rows, however many items there are.
    """
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    unit = sparse.diags(np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)) @ rows
    unit = unit.tocsr().astype(np.float32)
    across = unit.T.tocsr()
    for start in range(0, unit.shape[0], BLOCK):
        alike = (unit[start : start + BLOCK] @ across).tocsr()
        yield _nearest(alike, start, most)


def _nearest(alike: sparse.csr_matrix, start: int, most: int) -> tuple[Ints, Ints, Floats]:
    items, others, scores = list[Ints](), list[Ints](), list[Floats]()
    for row in range(alike.shape[0]):
        begin, end = alike.indptr[row], alike.indptr[row + 1]
        there, found = alike.indices[begin:end], alike.data[begin:end]
        other = there != start + row
        there, found = there[other], found[other]
        # Equal scores in the order of items, so that two nights say the same.
        best = np.lexsort((there, -found))[:most] if len(found) <= 4 * most else _best(there, found, most)
        items.append(np.full(len(best), start + row, dtype=np.int64))
        others.append(there[best].astype(np.int64))
        scores.append(found[best])
    return np.concatenate(items), np.concatenate(others), np.concatenate(scores)


def _best(there: Ints, found: Floats, most: int) -> Ints:
    some = np.argpartition(-found, most)[: most + 1]
    return some[np.lexsort((there[some], -found[some]))][:most]
