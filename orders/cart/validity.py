"""Why a line cannot be bought as it is: shared by the cart page, the quote and the order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from shop.catalog.queries import SkuSnapshot

OFF_SHELF, OUT_OF_STOCK, LIMIT = "off_shelf", "out_of_stock", "limit"


class Wanted(Struct, frozen=True):
    """Units of one SKU that somebody means to buy; a SKU is wanted once in a list."""

    sku: SkuSnapshot
    quantity: int


@dataclass(frozen=True)
class Problem:
    code: str
    message: Any


def problems(
    lines: Sequence[Wanted], *, bought_before: Mapping[int, int] | None = None
) -> Mapping[int, tuple[Problem, ...]]:
    """The problems of each line by SKU id; lines without any are left out.

    Limits count a product's units over all its SKUs; `bought_before` adds the member's earlier units by product id.
    """
    units: dict[int, int] = {}
    for line in lines:
        units[line.sku.product_id] = units.get(line.sku.product_id, 0) + line.quantity
    before = bought_before or {}
    found = {line.sku.sku_id: tuple(_problems(line, units[line.sku.product_id], before)) for line in lines}
    return {sku_id: each for sku_id, each in found.items() if each}


def shortages(lines: Sequence[Wanted]) -> Mapping[int, tuple[Problem, ...]]:
    """Of lines that neither shelf nor limits keep back: those of which there is too little."""
    found = {line.sku.sku_id: shortage(line) for line in lines}
    return {sku_id: (each,) for sku_id, each in found.items() if each is not None}


def shortage(line: Wanted) -> Problem | None:
    if line.sku.available <= 0:
        return Problem(OUT_OF_STOCK, _("Sold out."))
    if line.sku.available < line.quantity:
        return Problem(OUT_OF_STOCK, _("Only {left} left.").format(left=line.sku.available))
    return None


def _problems(line: Wanted, product_units: int, bought_before: Mapping[int, int]) -> list[Problem]:
    sku = line.sku
    if not sku.on_sale:
        return [Problem(OFF_SHELF, _("No longer sold."))]
    short = shortage(line)
    found = [short] if short else []
    if sku.limit_per_order is not None and product_units > sku.limit_per_order:
        found.append(Problem(LIMIT, _("At most {limit} per order.").format(limit=sku.limit_per_order)))
    before = bought_before.get(sku.product_id, 0)
    if sku.limit_per_member is not None and before + product_units > sku.limit_per_member:
        found.append(Problem(LIMIT, _("At most {limit} per member.").format(limit=sku.limit_per_member)))
    return found
