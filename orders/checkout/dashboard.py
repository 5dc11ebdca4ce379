"""Orders on the admin's home: today in figures, and the last thirty days as a chart."""

from datetime import date, timedelta

from django.db.models import Count, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from orders.checkout.models import Order, OrderStatus
from orders.checkout.sales import sales_between, sales_by_day
from shop.core import clock
from shop.core.clock import business_day, day_bounds
from shop.core.dashboard import ChartPanel, Figure, FiguresPanel
from shop.core.money import yuan

# Who hears what the shop turns over.
TURNOVER = ("checkout.view_order", "reports.view_report")
TO_SHIP = (OrderStatus.PAID, OrderStatus.ALLOCATED, OrderStatus.PARTLY_SHIPPED)
DAYS = 30


def today_panel(request: HttpRequest) -> FiguresPanel | None:
    """Orders placed and paid since midnight in Shanghai, and what waits now."""
    if not request.user.has_perm("checkout.view_order"):
        return None
    start, end = day_bounds(business_day(clock.now()))
    sold = sales_between(start, end)
    waiting = Order.objects.filter(status__in=[*TO_SHIP, OrderStatus.PENDING_PAYMENT]).aggregate(
        to_ship=Count("pk", filter=Q(status__in=TO_SHIP)), unpaid=Count("pk", filter=~Q(status__in=TO_SHIP))
    )
    link = reverse("admin:checkout_order_changelist")
    revenue = Figure(_("Revenue"), yuan(sold.paid_fen), note=_("{count} paid").format(count=sold.paid))
    return FiguresPanel(
        title=_("Orders today"),
        figures=[
            Figure(_("Orders"), str(sold.placed), link=link),
            *([revenue] if request.user.has_perms(TURNOVER) else []),
            Figure(_("To ship"), str(waiting["to_ship"]), link=f"{link}?status=to_ship"),
            Figure(_("Unpaid"), str(waiting["unpaid"]), link=f"{link}?status=pending_payment"),
        ],
    )


def month_orders_panel(request: HttpRequest) -> ChartPanel | None:
    """Paid orders per Shanghai day, today last."""
    if not request.user.has_perms(TURNOVER):
        return None
    days = _days()
    sold = _by_day(days)
    return ChartPanel(
        title=_("Paid orders in the last 30 days"),
        kind="bar",
        labels=[f"{day:%m-%d}" for day in days],
        series={_("Orders"): [sold.get(day, (0, 0))[0] for day in days]},
    )


def month_revenue_panel(request: HttpRequest) -> ChartPanel | None:
    """Yuan paid per Shanghai day, today last."""
    if not request.user.has_perms(TURNOVER):
        return None
    days = _days()
    sold = _by_day(days)
    return ChartPanel(
        title=_("Revenue in the last 30 days"),
        kind="line",
        labels=[f"{day:%m-%d}" for day in days],
        series={_("Revenue (¥)"): [sold.get(day, (0, 0))[1] / 100 for day in days]},
    )


def _days() -> list[date]:
    today = business_day(clock.now())
    return [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]


def _by_day(days: list[date]) -> dict[date, tuple[int, int]]:
    return sales_by_day(day_bounds(days[0])[0], day_bounds(days[-1])[1])
