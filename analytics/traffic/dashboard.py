"""Visits on the home of whoever reads figures: yesterday, the last day that is counted whole."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from analytics.traffic.models import SessionDay
from shop.core import clock
from shop.core.clock import business_day
from shop.core.dashboard import Figure, FiguresPanel

COUNTED = ("sessions", "entries", "bounces", "views", "paid_orders")


def visits_panel(request: HttpRequest) -> FiguresPanel | None:
    """Yesterday beside the day before."""
    if not request.user.has_perm("traffic.view_sessionday"):
        return None
    yesterday = business_day(clock.now()) - timedelta(days=1)
    rows = SessionDay.objects.filter(day__range=(yesterday - timedelta(days=1), yesterday)).order_by().values("day")
    days = {row["day"]: row for row in rows.annotate(**{f"all_{name}": Sum(name) for name in COUNTED})}
    last, before = _figures(days.get(yesterday)), _figures(days.get(yesterday - timedelta(days=1)))
    link = reverse("admin:traffic_sessionday_changelist")
    labels = (_("Sessions"), _("Views per session"), _("Bounce rate"), _("Sessions that paid"))
    return FiguresPanel(
        title=_("Visits yesterday"),
        figures=[
            Figure(label, value, note=_("the day before {value}").format(value=earlier), link=link)
            for label, value, earlier in zip(labels, last, before, strict=True)
        ],
    )


def _figures(row: Mapping[str, Any] | None) -> tuple[str, str, str, str]:
    if row is None or not row["all_sessions"]:
        return "0", "–", "–", "–"
    sessions, entries = row["all_sessions"], row["all_entries"]
    return (
        f"{sessions:,}",
        f"{row['all_views'] / sessions:.1f}",
        f"{100 * row['all_bounces'] / entries:.1f}%" if entries else "–",
        f"{100 * row['all_paid_orders'] / sessions:.1f}%",
    )
