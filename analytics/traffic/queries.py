"""Traffic of a period, from what was counted. Figures of sessions and views add up over days, channels and devices;
visitors are counted for the very period."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Max, Model, QuerySet, Sum

from analytics.events.answers import kept_answer
from analytics.events.dirty import TRAFFIC
from analytics.traffic.definitions import LOAD_STEPS
from analytics.traffic.models import CampaignDay, HeatHour, LoadDay, PageDay, SessionDay, SessionFact


@dataclass(frozen=True)
class Slice:
    """Days, both included, and what they are narrowed to; empty is everything."""

    first: date
    last: date
    channel: str = ""
    device: str = ""

    def of(self, model: type[Model]) -> QuerySet[Any]:
        wanted = {name: value for name, value in (("channel", self.channel), ("device", self.device)) if value}
        return model._default_manager.filter(day__range=(self.first, self.last), **wanted)


@dataclass(frozen=True)
class Sessions:
    """`entries` are sessions with a page view, of which `bounces` and `idle` are shares."""

    sessions: int = 0
    entries: int = 0
    bounces: int = 0
    idle: int = 0
    views: int = 0
    dwell_ms: int = 0
    carts: int = 0
    orders: int = 0
    paid_orders: int = 0


@dataclass(frozen=True)
class Page:
    page: str
    views: int
    entries: int
    bounces: int
    idle: int
    exits: int
    timed_views: int
    dwell_ms: int
    loaded_views: int
    load_ms: int


@dataclass(frozen=True)
class LoadStep:
    """Sessions whose first page took from `least` to less than `most` ms; both None where nobody knows."""

    least: int | None
    most: int | None
    entries: int
    bounces: int


@dataclass(frozen=True)
class CampaignTraffic:
    campaign: str
    exposures: int
    clicks: int
    entries: int
    bounces: int


_SESSIONS = tuple(Sessions.__dataclass_fields__)
_PAGE = tuple(Page.__dataclass_fields__)[1:]
_CAMPAIGN = tuple(CampaignTraffic.__dataclass_fields__)[1:]


def sessions_of(asked: Slice) -> Sessions:
    return Sessions(**{name: each or 0 for name, each in asked.of(SessionDay).aggregate(**_sums(_SESSIONS)).items()})


def sessions_by(asked: Slice, field: str) -> list[tuple[Any, Sessions]]:
    """By `day`, `channel` or `device`, in their order."""
    rows = asked.of(SessionDay).values(field).annotate(**_sums(_SESSIONS)).order_by(field)
    return [(row.pop(field), Sessions(**row)) for row in rows]


def visitors_of(asked: Slice) -> int:
    """Each once, however often they came."""

    def work_out() -> int:
        return int(asked.of(SessionFact).aggregate(found=Count("visitor_id", distinct=True))["found"])

    return kept_answer(kind=TRAFFIC, question="visitors", asked=asdict(asked), work_out=work_out)


def pages_of(asked: Slice, *, limit: int = 50) -> list[Page]:
    """The most viewed first."""
    rows = asked.of(PageDay).values("page").annotate(**_sums(_PAGE)).order_by("-views", "page")
    return [Page(**row) for row in rows[:limit]]


def load_steps_of(asked: Slice) -> list[LoadStep]:
    """All steps, the fastest first, the unknown last."""
    rows = asked.of(LoadDay).values("step").annotate(**_sums(("entries", "bounces")))
    found = {row["step"]: (row["entries"], row["bounces"]) for row in rows}
    edges = (0, *LOAD_STEPS, None)
    known = [LoadStep(edges[n] or 0, edges[n + 1], *found.get(n, (0, 0))) for n in range(len(edges) - 1)]
    return [*known, LoadStep(None, None, *found.get(-1, (0, 0)))]


def campaigns_of(asked: Slice, *, campaign: str = "", limit: int = 50) -> list[CampaignTraffic]:
    """The most seen first."""
    rows = asked.of(CampaignDay).filter(**({"campaign": campaign} if campaign else {}))
    counted = rows.values("campaign").annotate(**_sums(_CAMPAIGN)).order_by("-exposures", "campaign")
    return [CampaignTraffic(**row) for row in counted[:limit]]


def exposure_of_campaign(*, kind: str, pk: int) -> int | None:
    """How often it was shown, in all that was ever counted: fronts call it `<kind>-<id>`. None when none has told."""
    found: int | None = CampaignDay.objects.filter(campaign=f"{kind}-{pk}").aggregate(found=Sum("exposures"))["found"]
    return found


def heat_of(*, first: date, last: date, name: str, limit: int = 20) -> list[tuple[int, Sequence[int]]]:
    """Products with what was done with them in each of the 24 hours, the hottest first."""
    rows = HeatHour.objects.filter(name=name, day__range=(first, last))
    hot = rows.values("product_id").annotate(total=Sum("events")).order_by("-total", "product_id")[:limit]
    hours: dict[int, list[int]] = {row["product_id"]: [0] * 24 for row in hot}
    for row in rows.filter(product_id__in=hours).values("product_id", "hour").annotate(total=Sum("events")):
        hours[row["product_id"]][row["hour"]] = row["total"]
    return list(hours.items())


def latest_day() -> date | None:
    """The last day of which something was counted."""
    found: date | None = SessionDay.objects.aggregate(found=Max("day"))["found"]
    return found


def _sums(names: Sequence[str]) -> dict[str, Any]:
    return {name: Sum(name) for name in names}
