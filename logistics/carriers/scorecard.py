"""How carriers keep their promises and what they cost, side by side."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Avg, Count
from django.utils.translation import gettext as _

from logistics.carriers.engine import lane_rates
from logistics.carriers.models import Carrier, CarrierChoice, LaneTally, QualityDay
from logistics.carriers.quality import Tally, wilson
from logistics.carriers.queries import every_rate
from shop.core import clock
from shop.core.dashboard import ChartPanel, ListPanel
from shop.core.money import yuan
from shop.regions.queries import region

DAYS = 30
LANES = 40


@dataclass(frozen=True)
class Score:
    """The last days of one carrier: parcels due and in time, between what the true rate lies, and what it was paid."""

    carrier: Carrier
    due: int
    on_time: int
    low: float
    high: float
    chosen: int
    mean_fen: int


def scores(*, today: date) -> list[Score]:
    """All carriers, three queries."""
    since = today - timedelta(days=DAYS)
    seen: dict[int | None, Tally] = defaultdict(Tally)
    days = QualityDay.objects.filter(day__gte=since, carrier__isnull=False)
    for carrier_id, on_time, due in days.values_list("carrier_id", "on_time", "due"):
        seen[carrier_id] = seen[carrier_id].plus(Tally(on_time, due))
    start, _end = clock.day_bounds(since)
    paid = {
        row["carrier_id"]: (row["parcels"], row["fen"])
        for row in CarrierChoice.objects.filter(created_at__gte=start)
        .values("carrier_id")
        .annotate(parcels=Count("pk"), fen=Avg("cost_fen"))
    }
    found = []
    for carrier in Carrier.objects.order_by("code"):
        tally, (chosen, fen) = seen[carrier.pk], paid.get(carrier.pk, (0, 0))
        found.append(Score(carrier, int(tally.due), int(tally.on_time), *wilson(tally), chosen, round(fen)))
    return found


def panels(*, today: date) -> list[Any]:
    """A table of the scores, and each day's share in time as lines."""
    rows = [
        [
            score.carrier.name,
            f"{score.chosen:,}",
            yuan(score.mean_fen) if score.chosen else "–",
            f"{score.due:,}",
            f"{score.on_time / score.due * 100:.1f}" if score.due else "–",
            f"{score.low * 100:.1f} – {score.high * 100:.1f}" if score.due else "–",
        ]
        for score in scores(today=today)
    ]
    headers = [
        _("carrier"),
        _("parcels chosen"),
        _("cost a parcel"),
        _("parcels due"),
        _("on time, per cent"),
        _("with 95 per cent certainty"),
    ]
    return [ListPanel(_("The last 30 days"), headers, rows), _by_day(today), _by_lane()]


def _by_day(today: date) -> ChartPanel:
    days = [today - timedelta(days=DAYS - number) for number in range(DAYS)]
    shares: dict[str, dict[date, float]] = defaultdict(dict)
    kept = QualityDay.objects.filter(day__gte=days[0], carrier__isnull=False, due__gt=0)
    rows = kept.order_by("carrier__code", "day").values_list("carrier__name", "day", "on_time", "due")
    for name, day, on_time, due in rows:
        shares[name][day] = round(on_time / due * 100, 1)
    series = {name: [by_day.get(day) for day in days] for name, by_day in shares.items()}
    return ChartPanel(_("On time by day, per cent"), "line", [f"{day:%m-%d}" for day in days], series)


def _by_lane() -> ListPanel:
    """The lanes with most parcels: what was promised and how long it took."""
    rates = every_rate()
    rows = []
    for lane in LaneTally.objects.select_related("carrier").filter(due__gt=0).order_by("-due", "pk")[:LANES]:
        places = lane.origin_province, lane.destination_province
        promised = [rate.eta_hours for rate in lane_rates(*places, rates) if rate.carrier_id == lane.carrier_id]
        rows.append(
            [
                lane.carrier.name,
                " → ".join(_name(place) for place in places),
                f"{lane.due:,.0f}",
                f"{lane.on_time / lane.due * 100:.1f}",
                *(_hours(each) for each in (promised[0] if promised else None, lane.p50_hours, lane.p90_hours)),
            ]
        )
    headers = [
        _("carrier"),
        _("lane"),
        _("parcels, faded"),
        _("on time, per cent"),
        _("promised"),
        _("half arrive within"),
        _("nine of ten within"),
    ]
    return ListPanel(_("Lanes with most parcels"), headers, rows)


def _name(code: str) -> str:
    place = region(code)
    return place.name if place else code


def _hours(hours: int | None) -> str:
    return "–" if hours is None else _("{hours} h").format(hours=hours)
