"""The cart as its member sees it: lines at today's price, each with the reasons why it cannot be bought."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from orders.cart.models import CartItem
from orders.cart.validity import Problem, Wanted, problems
from shop.catalog.queries import SkuSnapshot, sku_snapshots
from shop.core.prepared import Prepared

# Written out, because every quote and every order asks.
_SELECTED = Prepared(
    "cart_selected",
    "SELECT sku_id, quantity FROM cart_cartitem WHERE member_id = %s AND selected ORDER BY added_at, id",
)


def cart(*, member_id: int, now: datetime) -> dict[str, Any]:
    """Newest line first. Two queries however long the cart is, a third where a product is limited per member."""
    rows = list(
        CartItem.objects.filter(member_id=member_id)
        .order_by("-added_at", "-id")
        .values("id", "sku_id", "quantity", "selected", "seen_price_fen")
    )
    skus = sku_snapshots(sku_ids=[row["sku_id"] for row in rows], now=now) if rows else {}
    wanted = [Wanted(skus[row["sku_id"]], row["quantity"]) for row in rows]
    bought_before = import_string(settings.CART_BOUGHT_BEFORE)(member_id=member_id, lines=wanted)
    found = problems(wanted, bought_before=bought_before)
    lines = [_line(row, skus[row["sku_id"]], found.get(row["sku_id"], ())) for row in rows]
    bought = [line for line in lines if line["selected"] and line["valid"]]
    return {
        "items": lines,
        "selected_units": sum(line["quantity"] for line in bought),
        "selected_fen": sum(line["subtotal_fen"] for line in bought),
    }


def selected_units(*, member_id: int) -> dict[int, int]:
    """Units by SKU id of the selected lines, oldest first."""
    return dict(_SELECTED.run([member_id]))


def seen_prices(*, member_id: int, sku_ids: Iterable[int]) -> dict[int, int]:
    """What a unit cost when the member put it into the cart, by SKU id, of those that are in it."""
    items = CartItem.objects.filter(member_id=member_id, sku_id__in=list(sku_ids))
    return {sku_id: seen for sku_id, seen in items.values_list("sku_id", "seen_price_fen") if seen is not None}


def _line(row: Mapping[str, Any], sku: SkuSnapshot, found: tuple[Problem, ...]) -> dict[str, Any]:
    seen = row["seen_price_fen"]
    return {
        "id": row["id"],
        "sku_id": sku.sku_id,
        "product_id": sku.product_id,
        "product_name": sku.product_name,
        "sku_code": sku.code,
        "options": sku.options_label,
        "image_url": sku.image_url,
        "quantity": row["quantity"],
        "selected": row["selected"],
        "price_fen": sku.price_fen,
        "price_was_fen": seen if seen is not None and seen != sku.price_fen else None,
        "subtotal_fen": sku.price_fen * row["quantity"],
        "available": max(0, sku.available),
        "valid": not found,
        "reasons": [{"code": each.code, "message": str(each.message)} for each in found],
    }
