"""Orders that have arrived, and reviews of them."""

from datetime import datetime
from typing import Any

from members.identity.models import Member
from orders.checkout.models import Order, OrderLine, OrderStatus
from orders.payments.tests.factories import make_order
from orders.reviews.invariants import LAWS
from orders.reviews.models import Review
from orders.reviews.services import write_review
from shop.catalog.models import Product
from shop.core import clock


def received(member: Member, *, product: Product | None = None, at: datetime | None = None, **more: Any) -> OrderLine:
    """The line of a completed order, of `product` where told."""
    order = make_order(member)
    fields = {"status": OrderStatus.COMPLETED, "completed_at": at or clock.now(), "paid_fen": order.payable_fen}
    Order.objects.filter(pk=order.pk).update(**(fields | more))
    line = order.lines.get()
    if product is not None:
        line.product = product
        line.save(update_fields=["product"])
    line.order.refresh_from_db()
    return line


def reviewed(member: Member, line: OrderLine | None = None, *, now: datetime | None = None, **more: Any) -> Review:
    """What the member writes, five stars and no pictures unless told."""
    line = line or received(member)
    fields = {"rating": 5, "content": "很好喝", "images": [], "is_anonymous": False, **more}
    return write_review(
        number=line.order.number, member_id=line.order.member_id, line_id=line.pk, now=now or clock.now(), **fields
    )


def assert_lawful() -> None:
    assert [violation for law in LAWS for violation in law()] == []
