"""Every change of a cart.

Always: a member's cart holds a SKU once, at most MAX_LINES lines and at most MAX_UNITS units in each. What is in a
cart promises nothing: whether it can be bought is decided when it is read and again when it is ordered.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from orders.cart.errors import CartFull, OffShelf, SkuNotFound, TooManyUnits
from orders.cart.locks import lock_cart, lock_item
from orders.cart.models import CartItem
from orders.cart.preferences import MAX_LINES, MAX_UNITS
from shop.catalog.queries import sku_snapshots
from shop.core.prepared import Prepared, columns
from shop.core.transactions import use_case

# Written out, because every order begins in a cart.
_HELD = Prepared("cart_held", f"SELECT {columns(CartItem)} FROM cart_cartitem WHERE member_id = %s")
_PUT = Prepared(
    "cart_put",
    """
INSERT INTO cart_cartitem (member_id, sku_id, quantity, selected, added_at, seen_price_fen)
VALUES (%(member_id)s, %(sku_id)s, %(quantity)s, %(selected)s, %(added_at)s, %(seen_price_fen)s)
ON CONFLICT (member_id, sku_id) DO UPDATE
SET quantity = excluded.quantity, selected = excluded.selected, seen_price_fen = excluded.seen_price_fen
RETURNING id
""",
)
_TAKE_OUT = Prepared("cart_take_out", "DELETE FROM cart_cartitem WHERE member_id = %s AND sku_id = ANY(%s::bigint[])")


@use_case
def add_item(*, member_id: int, sku_id: int, quantity: int, now: datetime) -> CartItem:
    """Add units to the cart, to those of the same SKU that it holds; the line becomes selected.

    Raises SkuNotFound, OffShelf, TooManyUnits, CartFull.
    """
    sku = sku_snapshots(sku_ids=[sku_id], now=now).get(sku_id)
    if sku is None:
        raise SkuNotFound
    if not sku.on_sale:
        raise OffShelf
    lock_cart(member_id=member_id)
    held = {item.sku_id: item for item in _HELD.all(CartItem, [member_id])}
    item = held.get(sku_id) or CartItem(member_id=member_id, sku_id=sku_id, quantity=0, added_at=now)
    item.quantity += quantity
    item.selected = True
    item.seen_price_fen = sku.price_fen
    if item.quantity > MAX_UNITS.value():
        raise TooManyUnits(limit=MAX_UNITS.value())
    if item.pk is None and len(held) >= MAX_LINES.value():
        raise CartFull(limit=MAX_LINES.value())
    [(item.pk,)] = _PUT.run(vars(item))
    return item


@use_case
def refill(*, member_id: int, units: Mapping[int, int], now: datetime) -> int:
    """Put the units of earlier purchases (by SKU id) back into the cart, as far as its bounds allow, and select them.

    A line that is there already gets at least these units. Returns how many SKUs found no room.
    """
    skus = sku_snapshots(sku_ids=units, now=now)
    lock_cart(member_id=member_id)
    held = {item.sku_id: item for item in CartItem.objects.filter(member_id=member_id)}
    room = max(0, MAX_LINES.value() - len(held))
    new = [sku_id for sku_id in units if sku_id not in held]
    CartItem.objects.bulk_create(
        [
            CartItem(
                member_id=member_id,
                sku_id=sku_id,
                quantity=min(max(wanted, held[sku_id].quantity if sku_id in held else 0), MAX_UNITS.value()),
                selected=True,
                added_at=now,
                seen_price_fen=skus[sku_id].price_fen if sku_id in skus else None,
            )
            for sku_id, wanted in units.items()
            if sku_id in held or sku_id in new[:room]
        ],
        update_conflicts=True,
        unique_fields=["member", "sku"],
        update_fields=["quantity", "selected", "seen_price_fen"],
    )
    return len(new[room:])


@use_case
def change_item(*, member_id: int, item_id: int, quantity: int | None, selected: bool | None) -> CartItem:
    """Set what is given. Raises CartItemNotFound, TooManyUnits."""
    item = lock_item(member_id=member_id, item_id=item_id)
    if quantity is not None:
        if quantity > MAX_UNITS.value():
            raise TooManyUnits(limit=MAX_UNITS.value())
        item.quantity = quantity
    if selected is not None:
        item.selected = selected
    item.save(update_fields=["quantity", "selected"])
    return item


@use_case
def remove_item(*, member_id: int, item_id: int) -> None:
    """Raises CartItemNotFound."""
    lock_item(member_id=member_id, item_id=item_id).delete()


@use_case
def clear_cart(*, member_id: int) -> int:
    """Returns how many lines were in it."""
    return CartItem.objects.filter(member_id=member_id).delete()[0]


def take_out(*, member_id: int, sku_ids: Iterable[int]) -> None:
    """Remove what was ordered; inside the caller's transaction."""
    _TAKE_OUT.run([member_id, list(sku_ids)])
