"""Goods that were won are kept for their winner until they order them, or until they are among the prizes again.

Building blocks: sellable stock comes last of all rows.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial

from promotions.lottery.models import Win, WinStatus
from shop.catalog.errors import OutOfStock
from shop.catalog.models import StockReservation
from shop.catalog.services.stock import release_reservation, reserve_stock
from shop.core.transactions import at_the_end


def reference_of(draw_id: int) -> str:
    """Under which the stock knows it."""
    return f"prize:{draw_id}"


def keep_goods(win: Win) -> None:
    """Raises OutOfStock where the shop has none left to keep."""
    sku_id = win.prize.sku_id
    assert sku_id is not None
    reserve_stock(reference=reference_of(win.pk), items={sku_id: 1}, expires_at=None)


def keep_again(win: Win) -> None:
    """At the end, when its order has given back what it held; as far as there is one."""
    at_the_end(partial(_keep_if_there, win))


def hand_over(draw_id: int) -> None:
    """At the end, right before the order that claims it takes its stock: nobody can come in between."""
    at_the_end(partial(_release, draw_id))


def let_go(wins: Iterable[Win]) -> None:
    """In the order in which all lock stock; without a hold there is nothing to do."""
    for win in sorted(wins, key=lambda each: each.prize.sku_id or 0):
        _release(win.pk)


def kept_units(*, draw_id: int, member_id: int) -> Mapping[int, int]:
    """Units by SKU id that are kept for this member's prize."""
    if not Win.objects.filter(pk=draw_id, draw__member=member_id, status=WinStatus.WAITING).exists():
        return {}
    held = StockReservation.objects.filter(reference=reference_of(draw_id))
    return dict(held.values_list("sku_id", "quantity"))


def _release(draw_id: int) -> None:
    release_reservation(reference=reference_of(draw_id))


def _keep_if_there(win: Win) -> None:
    with suppress(OutOfStock):
        keep_goods(win)
