"""How orders are fulfilled: what they cost, how many are split or held, how many arrive in time, how long it takes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count
from django.utils.translation import gettext as _

from logistics.allocation.models import Intervention, Reason
from shop.core import clock
from shop.core.dashboard import ChartPanel, Figure, FiguresPanel, ListPanel, Panel
from shop.core.money import yuan

DAYS = 30
# Orders of these days with their parcels, by day or altogether. One is held when it was due for an hour and had no
# warehouse: what is not to go yet, as in a presale, or gathers to be planned with others, waits for nothing. A promise
# counts when it is due; the clock of processing runs from when the goods were asked for until the first parcel left.
_ORDERS = """
WITH placed AS (
    SELECT request.id, (request.created_at AT TIME ZONE 'Asia/Shanghai')::date AS day, request.created_at,
        coalesce(request.not_before, request.created_at) AS since,
        min(allocation.created_at) AS allocated_at, min(shipment.shipped_at) AS shipped_at,
        count(shipment.id) AS parcels, coalesce(sum(shipment.cost_fen), 0) AS fen,
        count(shipment.id) FILTER (WHERE promised_at < %(now)s) AS due,
        count(shipment.id) FILTER (WHERE promised_at < %(now)s AND delivered_at <= promised_at) AS kept
    FROM allocation_fulfilmentrequest request
    LEFT JOIN allocation_allocation allocation ON allocation.request_id = request.id
    LEFT JOIN shipments_shipment shipment
        ON shipment.allocation_id = allocation.id AND shipment.status <> 'cancelled'
    WHERE request.created_at >= %(start)s AND request.status IN ('waiting', 'allocated')
    GROUP BY request.id
)
SELECT day, count(*), count(*) FILTER (WHERE parcels > 0), sum(fen), count(*) FILTER (WHERE parcels > 1),
    count(*) FILTER (WHERE since <= %(now)s),
    count(*) FILTER (WHERE coalesce(allocated_at, %(now)s) - since > interval '1 hour'), sum(due), sum(kept),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM shipped_at - created_at) / 3600)
FROM placed GROUP BY GROUPING SETS ((day), ()) ORDER BY day
"""
_WAREHOUSES = """
SELECT warehouse.name, count(*), sum(shipment.cost_fen),
    count(*) FILTER (WHERE shipment.promised_at < %(now)s),
    count(*) FILTER (WHERE shipment.promised_at < %(now)s AND shipment.delivered_at <= shipment.promised_at),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM shipment.shipped_at - shipment.created_at) / 3600)
FROM shipments_shipment shipment JOIN network_warehouse warehouse ON warehouse.id = shipment.warehouse_id
WHERE shipment.created_at >= %(start)s AND shipment.status <> 'cancelled'
GROUP BY warehouse.id ORDER BY warehouse.priority, warehouse.id
"""


@dataclass(frozen=True)
class Fulfilled:
    """Orders of a while: how many, how many have parcels, what those cost, how many came in several, were to be planned
    by now, were held; parcels whose promise was due and kept; the median of hours until the first left."""

    orders: int = 0
    sent: int = 0
    fen: int = 0
    split: int = 0
    ripe: int = 0
    held: int = 0
    due: int = 0
    kept: int = 0
    hours: float | None = None


def fulfilled(*, today: date, now: datetime) -> tuple[Fulfilled, dict[date, Fulfilled]]:
    """The last days as one, and each of them that had orders; one query."""
    found = {row[0]: _fulfilled(row[1:]) for row in _rows(_ORDERS, today, now)}
    return found.pop(None, Fulfilled()), found


def panels(*, today: date, now: datetime) -> list[Panel]:
    total, days = fulfilled(today=today, now=now)
    return [_figures(total), *_charts(days, today), _warehouses(today, now), _rejections(today)]


def _figures(total: Fulfilled) -> FiguresPanel:
    return FiguresPanel(
        _("The last 30 days"),
        [
            Figure(_("freight per order"), yuan(round(total.fen / total.sent)) if total.sent else "–"),
            Figure(_("orders in several parcels"), _share(total.split, total.sent)),
            Figure(_("orders held for more than an hour"), _share(total.held, total.ripe)),
            Figure(_("promises kept"), _share(total.kept, total.due), note=f"{total.kept:,} / {total.due:,}"),
            Figure(_("until the first parcel leaves"), _hours(total.hours), note=_("half of the orders take longer")),
            Figure(_("orders"), f"{total.orders:,}"),
        ],
    )


def _charts(found: Mapping[date, Fulfilled], today: date) -> list[ChartPanel]:
    days = [today - timedelta(days=DAYS - 1 - number) for number in range(DAYS)]
    labels = [f"{day:%m-%d}" for day in days]
    each = [found.get(day, Fulfilled()) for day in days]
    shares = {
        _("promises kept"): [_percent(day.kept, day.due) for day in each],
        _("in several parcels"): [_percent(day.split, day.sent) for day in each],
        _("held"): [_percent(day.held, day.ripe) for day in each],
    }
    freight = {_("freight"): [round(day.fen / day.sent / 100, 2) if day.sent else 0 for day in each]}
    hours = {_("hours"): [round(day.hours or 0, 1) for day in each]}
    return [
        ChartPanel(_("Freight per order, yuan"), "bar", labels, freight),
        ChartPanel(_("Shares by day of order, per cent"), "line", labels, shares),
        ChartPanel(_("Hours until the first parcel leaves"), "bar", labels, hours),
    ]


def _warehouses(today: date, now: datetime) -> ListPanel:
    rows = [
        [name, f"{parcels:,}", yuan(round(fen / parcels)), _share(kept, due), _hours(hours)]
        for name, parcels, fen, due, kept, hours in _rows(_WAREHOUSES, today, now)
    ]
    headers = [_("warehouse"), _("parcels"), _("freight per parcel"), _("promises kept"), _("until it leaves")]
    return ListPanel(_("By warehouse"), headers, rows)


def _rejections(today: date) -> ListPanel:
    start, _end = clock.day_bounds(today - timedelta(days=DAYS - 1))
    made = Intervention.objects.filter(kind=Intervention.Kind.REJECT, made_at__gte=start)
    counted = made.values_list("allocation__warehouse__name", "reason").annotate(orders=Count("pk"))
    rows = [[name, str(Reason(reason).label), orders] for name, reason, orders in counted.order_by("-orders")]
    return ListPanel(_("Turned down by warehouses"), [_("warehouse"), _("reason"), _("orders")], rows)


def _rows(statement: str, today: date, now: datetime) -> list[tuple[Any, ...]]:
    start, _end = clock.day_bounds(today - timedelta(days=DAYS - 1))
    with connection.cursor() as cursor:
        cursor.execute(statement, {"start": start, "now": now})
        return cursor.fetchall()


def _fulfilled(row: tuple[Any, ...]) -> Fulfilled:
    *counts, hours = row
    orders, sent, fen, split, ripe, held, due, kept = (int(each or 0) for each in counts)
    return Fulfilled(orders, sent, fen, split, ripe, held, due, kept, None if hours is None else float(hours))


def _percent(part: int, whole: int) -> float | None:
    return round(part / whole * 100, 1) if whole else None


def _share(part: int, whole: int) -> str:
    return f"{part / whole * 100:.1f}%" if whole else "–"


def _hours(hours: float | None) -> str:
    return "–" if hours is None else _("{hours} h").format(hours=f"{hours:.1f}")
