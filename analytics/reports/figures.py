"""What a period has come to, beside the period before: one answer for the overview, reports and the API.

Every figure is asked of the function that its own screen asks, so that they cannot differ. Content is plain data; a
figure that has no meaning under a filter is None: members have no front, and money no device.
"""

from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import Any

from django.db.models import Sum

from analytics.buyers.queries import best_products, points_flow
from analytics.funnel.queries import FunnelQuestion, funnel_of
from analytics.reports.periods import before
from analytics.traffic.presenting import overview, share_bp, traffic
from analytics.traffic.queries import Slice
from members.identity.models import Member
from orders.checkout.sales import sales_between, sales_by_day
from orders.payments.models import Refund, RefundStatus
from shop.core.clock import day_bounds

# A day by itself has no course; it is shown at the end of two weeks.
SHORTEST = timedelta(days=13)
PRODUCTS, PAGES = 10, 10
_TRAFFIC = ("visitors", "sessions", "views", "bounce_bp", "idle_bp", "cart_abandonment_bp")


def content_of(asked: Slice) -> dict[str, Any]:
    earlier = before(asked.first, asked.last)
    parts = traffic(asked)
    return {
        "first": f"{asked.first}",
        "last": f"{asked.last}",
        "before_first": f"{earlier[0]}",
        "before_last": f"{earlier[1]}",
        "figures": figures_of(asked),
        "before": figures_of(replace(asked, first=earlier[0], last=earlier[1])),
        "days": _days(asked),
        "products": [] if _is_narrow(asked) else _products(asked),
        "fronts": [_of_sessions(each, "channel") for each in parts["channels"]],
        "devices": [_of_sessions(each, "device") for each in parts["devices"]],
        "pages": [
            {name: page[name] for name in ("page", "views", "entries", "bounce_bp")} for page in parts["pages"][:PAGES]
        ],
        "activities": parts["campaigns"][:PAGES],
        "load_times": parts["load_times"],
    }


def figures_of(asked: Slice) -> dict[str, int | None]:
    whole = overview(asked)
    steps = funnel_of(FunnelQuestion(asked.first, asked.last, channel=asked.channel, device=asked.device))
    return {
        **_sales(asked),
        **{name: whole[name] for name in _TRAFFIC},
        **{f"funnel_{name}": count for name, count in steps._asdict().items()},
        "funnel_bp": share_bp(steps.paid, steps.exposed),
        **_points(asked),
    }


def _is_narrow(asked: Slice) -> bool:
    return bool(asked.channel or asked.device)


def _sales(asked: Slice) -> dict[str, int | None]:
    start, end = day_bounds(asked.first)[0], day_bounds(asked.last)[1]
    names = ("placed", "paid", "paid_fen", "buyers", "average_fen", "refunded_fen", "new_members")
    found: dict[str, int | None] = dict.fromkeys(names)
    if not asked.device:
        sold = sales_between(start, end, channel=asked.channel)
        found |= asdict(sold) | {"average_fen": sold.paid_fen // sold.paid if sold.paid else None}
    if not _is_narrow(asked):
        back = Refund.objects.filter(
            status=RefundStatus.SUCCEEDED, succeeded_at__gte=start, succeeded_at__lt=end
        ).aggregate(fen=Sum("amount_fen", default=0))
        joined = Member.objects.filter(joined_at__gte=start, joined_at__lt=end)
        found |= {"refunded_fen": back["fen"], "new_members": joined.count()}
    return found


def _points(asked: Slice) -> dict[str, int | None]:
    names = ("earned", "used", "expired")
    if _is_narrow(asked):
        return {f"points_{name}": None for name in names}
    flow = points_flow(first=asked.first, last=asked.last)
    return {f"points_{name}": getattr(flow, name) for name in names}


def _days(asked: Slice) -> list[dict[str, Any]]:
    """Every day, also those on which nothing happened."""
    first = min(asked.first, asked.last - SHORTEST)
    counted = {each["day"]: each for each in overview(replace(asked, first=first))["days"]}
    start, end = day_bounds(first)[0], day_bounds(asked.last)[1]
    sold = {} if asked.device else sales_by_day(start, end, channel=asked.channel)
    return [_day(first + timedelta(days=n), counted, sold) for n in range((asked.last - first).days + 1)]


def _day(day: date, counted: dict[date, dict[str, Any]], sold: dict[date, tuple[int, int]]) -> dict[str, Any]:
    told, (orders, fen) = counted.get(day, {}), sold.get(day, (0, 0))
    return {
        "day": f"{day}",
        "sessions": told.get("sessions", 0),
        "bounce_bp": told.get("bounce_bp"),
        "paid": orders,
        "paid_fen": fen,
    }


def _products(asked: Slice) -> list[dict[str, Any]]:
    best = best_products(first=asked.first, last=asked.last, most=PRODUCTS)
    return [{"name": rank.name, "units": rank.units, "net_fen": rank.value_fen} for rank in best]


def _of_sessions(each: dict[str, Any], part: str) -> dict[str, Any]:
    return {name: each[name] for name in (part, "sessions", "bounce_bp", "orders", "paid_orders")}
