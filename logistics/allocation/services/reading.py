"""What a decision depends on, as it is now."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil

from django.db.models import Count, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from logistics.allocation.inputs import Inputs, LaneRates, Line, SiteState, Wanted
from logistics.allocation.models import Allocation, AllocationLine, FulfilmentLine, FulfilmentRequest
from logistics.allocation.terms import Terms
from logistics.carriers.engine import minute_of_day, province_of
from logistics.carriers.queries import destination_of, known_rates
from logistics.network.picking import picking_begins
from logistics.network.queries import WarehouseState, warehouse_states
from shop.catalog.models import Sku
from shop.core import clock
from shop.regions.queries import region

# Of a degree, some ten kilometres: enough to choose among warehouses, too little to find anybody. What decisions
# depended on is kept for long, also when a member has left.
COORDINATE_DIGITS = 1
Asked = Sequence[tuple[FulfilmentRequest, Sequence[FulfilmentLine]]]


def read_inputs(*, asked: Asked, terms: Terms, now: datetime) -> Inputs:
    """Two queries for any number of requests; one more where rules name categories, or a warehouse has a limit."""
    sku_ids = sorted({line.sku_id for _request, lines in asked for line in lines})
    categories = _categories(sku_ids) if any(rule.categories for rule in terms.rules) else {}
    wanted = tuple(_wanted(request, lines, categories) for request, lines in sorted(asked, key=lambda each: each[0].pk))
    sites = _sites(warehouse_states(sku_ids=sku_ids), now)
    return Inputs(wanted, sites, terms, _lanes(wanted, sites))


def lines_of(requests: Iterable[FulfilmentRequest]) -> dict[int, list[FulfilmentLine]]:
    """What these requests still want, by request: not what has a warehouse already. Not to be saved."""
    found: dict[int, list[FulfilmentLine]] = {request.pk: [] for request in requests}
    given = AllocationLine.objects.filter(allocation__request=OuterRef("request"), sku=OuterRef("sku")).exclude(
        allocation__status=Allocation.Status.RELEASED
    )
    units = given.order_by().values("sku").annotate(units=Sum("quantity")).values("units")
    lines = FulfilmentLine.objects.filter(request__in=list(found), quantity__gt=0)
    for line in lines.annotate(given=Coalesce(Subquery(units), 0)).order_by("pk"):
        line.quantity -= line.given
        if line.quantity > 0:
            found[line.request_id].append(line)
    return found


def _categories(sku_ids: Sequence[int]) -> dict[int, int]:
    return dict(Sku.objects.filter(pk__in=sku_ids).values_list("pk", "product__category_id"))


def _wanted(request: FulfilmentRequest, lines: Sequence[FulfilmentLine], categories: Mapping[int, int]) -> Wanted:
    recipient = request.recipient
    longitude, latitude = recipient.get("longitude"), recipient.get("latitude")
    if longitude is None or latitude is None:
        place = region(recipient.get("region_code", ""))
        longitude, latitude = (place.longitude, place.latitude) if place else (None, None)
    return Wanted(
        request.pk,
        destination_of(recipient.get("region_code", "")) or recipient.get("province_code", ""),
        _coarse(longitude),
        _coarse(latitude),
        tuple(
            Line(
                line.sku_id,
                line.quantity,
                line.quantity * line.weight_g,
                line.quantity * line.volume_cm3,
                categories.get(line.sku_id),
                line.quantity * line.value_fen,
            )
            for line in lines
        ),
        tuple(request.avoid or ()),
        request.priority,
    )


def _coarse(degrees: float | None) -> float | None:
    return None if degrees is None else round(degrees, COORDINATE_DIGITS)


def _sites(states: Sequence[WarehouseState], now: datetime) -> tuple[SiteState, ...]:
    limits = {state.warehouse_id: state.daily_parcels for state in states if state.daily_parcels is not None}
    sent = _sent_today(list(limits), now) if limits else {}
    rooms = {warehouse_id: max(limit - sent.get(warehouse_id, 0), 0) for warehouse_id, limit in limits.items()}
    return tuple(
        SiteState(
            warehouse_id=state.warehouse_id,
            code=state.code,
            name=state.name,
            province_code=province_of(state.region_code),
            longitude=state.longitude,
            latitude=state.latitude,
            handling_hours=state.handling_hours + _waits(state, now),
            is_active=state.is_active,
            free=dict(sorted(state.free.items())),
            room=rooms.get(state.warehouse_id),
            ready_minute=minute_of_day(picking_begins(state.pick_cut_off, now) + timedelta(hours=state.handling_hours)),
        )
        for state in sorted(states, key=lambda each: (each.priority, each.warehouse_id))
    )


def _waits(state: WarehouseState, now: datetime) -> int:
    """Hours until it picks what it is given now, begun ones whole."""
    return ceil((picking_begins(state.pick_cut_off, now) - now) / timedelta(hours=1))


def _sent_today(warehouse_ids: Sequence[int], now: datetime) -> dict[int, int]:
    """Parcels promised since midnight."""
    midnight, _tomorrow = clock.day_bounds(clock.business_day(now))
    today = Allocation.objects.filter(warehouse__in=warehouse_ids, created_at__gte=midnight)
    counted = today.exclude(status=Allocation.Status.RELEASED).values("warehouse_id").annotate(parcels=Count("pk"))
    return {row["warehouse_id"]: row["parcels"] for row in counted}


def _lanes(wanted: Sequence[Wanted], sites: Sequence[SiteState]) -> tuple[LaneRates, ...]:
    origins = sorted({site.province_code for site in sites})
    destinations = sorted({each.destination for each in wanted})
    return tuple(
        LaneRates(origin, destination, tuple(known_rates(origin, destination)))
        for origin in origins
        for destination in destinations
    )
