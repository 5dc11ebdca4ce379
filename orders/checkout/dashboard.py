"""Orders on the admin's home: today in figures, and the last thirty days as a chart."""

from datetime import date, timedelta

from django.db.models import Aggregate, Count, Q, Sum
from django.db.models.functions import TruncDate
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from orders.checkout.models import Order, OrderStatus
from shop.core import clock
from shop.core.clock import SHANGHAI, business_day, day_bounds
from shop.core.dashboard import ChartPanel, Figure, FiguresPanel
from shop.core.money import yuan

TO_SHIP = (OrderStatus.PAID, OrderStatus.ALLOCATED, OrderStatus.PARTLY_SHIPPED)
DAYS = 30


def today_panel(request: HttpRequest) -> FiguresPanel | None:
    """Orders placed and paid since midnight in Shanghai, and what waits now."""
    if not request.user.has_perm("checkout.view_order"):
        return None
    start, end = day_bounds(business_day(clock.now()))
    placed = Order.objects.filter(placed_at__gte=start, placed_at__lt=end).count()
    paid = Order.objects.filter(paid_at__gte=start, paid_at__lt=end).aggregate(
        orders=Count("pk"), fen=Sum("paid_fen", default=0)
    )
    waiting = Order.objects.filter(status__in=[*TO_SHIP, OrderStatus.PENDING_PAYMENT]).aggregate(
        to_ship=Count("pk", filter=Q(status__in=TO_SHIP)), unpaid=Count("pk", filter=~Q(status__in=TO_SHIP))
    )
    link = reverse("admin:checkout_order_changelist")
    return FiguresPanel(
        title=_("Orders today"),
        figures=[
            Figure(_("Orders"), str(placed), link=link),
            Figure(_("Revenue"), yuan(paid["fen"]), note=_("{count} paid").format(count=paid["orders"])),
            Figure(_("To ship"), str(waiting["to_ship"]), link=f"{link}?status=to_ship"),
            Figure(_("Unpaid"), str(waiting["unpaid"]), link=f"{link}?status=pending_payment"),
        ],
    )


def month_orders_panel(request: HttpRequest) -> ChartPanel | None:
    """Paid orders per Shanghai day, today last."""
    if not request.user.has_perm("checkout.view_order"):
        return None
    days = _days()
    counts = _by_day(days, Count("pk"))
    return ChartPanel(
        title=_("Paid orders in the last 30 days"),
        kind="bar",
        labels=[f"{day:%m-%d}" for day in days],
        series={_("Orders"): [counts.get(day, 0) for day in days]},
    )


def month_revenue_panel(request: HttpRequest) -> ChartPanel | None:
    """Yuan paid per Shanghai day, today last."""
    if not request.user.has_perm("checkout.view_order"):
        return None
    days = _days()
    fen = _by_day(days, Sum("paid_fen"))
    return ChartPanel(
        title=_("Revenue in the last 30 days"),
        kind="line",
        labels=[f"{day:%m-%d}" for day in days],
        series={_("Revenue (¥)"): [fen.get(day, 0) / 100 for day in days]},
    )


def _days() -> list[date]:
    today = business_day(clock.now())
    return [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]


def _by_day(days: list[date], figure: Aggregate) -> dict[date, int]:
    """One figure over the orders paid on each day; days without any are left out."""
    start, _end = day_bounds(days[0])
    paid = Order.objects.filter(paid_at__gte=start).order_by()
    return dict(paid.values_list(TruncDate("paid_at", tzinfo=SHANGHAI)).annotate(figure=figure))
