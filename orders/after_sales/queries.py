"""Reads of after-sales."""

from django.db.models import Prefetch, QuerySet

from orders.after_sales.errors import AfterSaleNotFound
from orders.after_sales.models import AfterSale, AfterSaleLine


def member_after_sales(
    *, member_id: int, status: str | None = None, order_number: str | None = None
) -> QuerySet[AfterSale]:
    """The member's after-sales with their lines and history, in four queries for any page of them."""
    rows = AfterSale.objects.filter(member_id=member_id)
    if status:
        rows = rows.filter(status=status)
    if order_number:
        rows = rows.filter(order__number=order_number)
    lines = AfterSaleLine.objects.select_related("order_line", "replacement_sku").order_by("order_line__position")
    return rows.select_related("order", "warehouse__region__parent__parent").prefetch_related(
        Prefetch("lines", lines), "events"
    )


def member_after_sale(*, member_id: int, number: str) -> AfterSale:
    """Raises AfterSaleNotFound; another member's does not exist."""
    row = member_after_sales(member_id=member_id).filter(number=number).first()
    if row is None:
        raise AfterSaleNotFound
    return row
