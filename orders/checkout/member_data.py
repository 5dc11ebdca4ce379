"""What this room keeps about a member; see `members.identity.rooms`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from members.identity.recipients import WithoutPerson
from orders.checkout.models import Order, OrderLine, OrderRemark, OrderStatus
from shop.core.errors import Detail

FINISHED = (OrderStatus.COMPLETED, OrderStatus.CANCELLED, OrderStatus.REFUNDED)


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    return {"orders": Order.objects.filter(member_id=source_id).update(member_id=target_id)}


def erase(*, member_id: int, now: datetime) -> Mapping[str, int]:
    """Orders are kept as the law wants trade kept (what, when, how much, to which region), for nobody in particular."""
    orders = Order.objects.filter(member_id=member_id)
    OrderRemark.objects.filter(order__member_id=member_id).exclude(text="").update(text="")
    erased = orders.update(recipient=WithoutPerson("recipient"), phone_tail="", remark="", staff_remark="")
    return {"orders": erased}


def export(*, member_id: int) -> Mapping[str, Any]:
    orders = Order.objects.filter(member_id=member_id).order_by("pk").prefetch_related("lines")
    return {"orders": [_order(order) for order in orders]}


def open_orders(*, member_id: int) -> Detail | None:
    if Order.objects.filter(member_id=member_id).exclude(status__in=FINISHED).exists():
        return Detail("", "open_orders", _("Orders are still under way."))
    return None


def _order(order: Order) -> dict[str, Any]:
    return {
        "number": order.number,
        "status": order.status,
        "goods_fen": order.goods_fen,
        "discount_fen": order.discount_fen,
        "freight_fen": order.freight_fen,
        "payable_fen": order.payable_fen,
        "paid_fen": order.paid_fen,
        "recipient": order.recipient,
        "remark": order.remark,
        "placed_at": order.placed_at,
        "paid_at": order.paid_at,
        "completed_at": order.completed_at,
        "lines": [_line(line) for line in order.lines.all()],
    }


def _line(line: OrderLine) -> dict[str, Any]:
    return {
        "product_name": line.product_name,
        "sku_code": line.sku_code,
        "options": line.options,
        "quantity": line.quantity,
        "unit_price_fen": line.unit_price_fen,
        "payable_fen": line.payable_fen,
    }
