"""When goods would arrive if they were paid for now: asks the engines that will decide it later."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from logistics.allocation.engine import AllocationRequest, allocate
from logistics.allocation.policies import live_terms
from logistics.allocation.services import network_of
from logistics.carriers.engine import province_of
from logistics.carriers.queries import estimate_for
from logistics.network.queries import WarehouseState, warehouse_states
from logistics.shipments.handover import asked_of_carriers, delivered_at, ready_at
from shop.regions.queries import city_of


def promise(
    *,
    items: Mapping[int, int],
    weight_g: int,
    volume_cm3: int,
    value_fen: int,
    categories: frozenset[int],
    region_code: str,
    longitude: float,
    latitude: float,
    now: datetime,
) -> datetime | None:
    """When the last parcel of `items` (SKU id → units), goods of `categories`, would be delivered.

    None when no warehouse may and can send them or no carrier goes there. One query: an estimate, not a hold.
    """
    states = _may_serve(warehouse_states(sku_ids=items, estimate=True), region_code, categories)
    plan = allocate(AllocationRequest("", items, longitude, latitude), network_of(states))
    arrivals = []
    for sender in (state for state in states if state.warehouse_id in plan.parcels):
        # The whole weight for each parcel: the estimate of a split order errs to the careful side.
        ready = ready_at(pick_cut_off=sender.pick_cut_off, handling_hours=sender.handling_hours, now=now)
        parcel = asked_of_carriers(
            origin=sender.region_code,
            destination=city_of(region_code),
            weight_g=weight_g,
            volume_cm3=volume_cm3,
            value_fen=value_fen,
            ready=ready,
            now=now,
        )
        offers = estimate_for(parcel)
        if not offers or offers[0].rejected:
            return None
        best = offers[0]
        arrivals.append(delivered_at(ready, waits_minutes=best.waits_minutes, eta_hours=best.eta_hours))
    return max(arrivals, default=None)


def _may_serve(
    states: Sequence[WarehouseState], region_code: str, categories: frozenset[int]
) -> Sequence[WarehouseState]:
    """With those that the policy rules out closed."""
    terms = live_terms()
    if not terms.rules:
        return states
    province = province_of(region_code)
    closed = {
        state.warehouse_id
        for state in states
        if terms.ruled_out(province_code=province, categories=categories, warehouse_id=state.warehouse_id) is not None
    }
    return [replace(state, is_active=False) if state.warehouse_id in closed else state for state in states]
