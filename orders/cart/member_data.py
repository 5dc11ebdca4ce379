"""What this room keeps about a member; see `members.identity.rooms`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from orders.cart.models import CartItem
from orders.cart.preferences import MAX_LINES

_EXPORTED = ("sku__code", "sku__product__name", "quantity", "selected", "added_at", "seen_price_fen")


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    """Both carts in one, as far as it has room; a SKU that is in both keeps the larger number of units."""
    held = {item.sku_id: item for item in CartItem.objects.filter(member_id=target_id)}
    room = MAX_LINES.value() - len(held)
    moved = 0
    for item in CartItem.objects.filter(member_id=source_id).order_by("pk"):
        same = held.get(item.sku_id)
        if same is None and room > 0:
            item.member_id = target_id
            item.save(update_fields=["member"])
            room, moved = room - 1, moved + 1
            continue
        if same is not None and item.quantity > same.quantity:
            same.quantity = item.quantity
            same.save(update_fields=["quantity"])
        item.delete()
    return {"cart_items": moved}


def erase(*, member_id: int, now: datetime) -> Mapping[str, int]:
    return {"cart_items": CartItem.objects.filter(member_id=member_id).delete()[0]}


def export(*, member_id: int) -> Mapping[str, Any]:
    items = CartItem.objects.filter(member_id=member_id).order_by("pk")
    return {"cart": list(items.values(*_EXPORTED))}
