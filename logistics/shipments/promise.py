"""When goods would arrive if they were paid for now: asks the engines that will decide it later."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from logistics.allocation.engine import AllocationRequest, allocate
from logistics.allocation.policies import live_terms
from logistics.allocation.services import network_of
from logistics.carriers.engine import Parcel, province_of
from logistics.carriers.queries import estimate_for
from logistics.network.picking import picking_begins
from logistics.network.queries import warehouse_states
from shop.regions.queries import city_of


def promise(
    *,
    items: Mapping[int, int],
    weight_g: int,
    volume_cm3: int,
    value_fen: int,
    region_code: str,
    longitude: float,
    latitude: float,
    now: datetime,
) -> datetime | None:
    """When the last parcel of `items` (SKU id → units) would be delivered.

    None when no warehouse can send them or no carrier goes there. One query: an estimate, not a hold.
    """
    states = warehouse_states(sku_ids=items, estimate=True)
    plan = allocate(AllocationRequest("", items, longitude, latitude), network_of(states))
    arrivals = []
    for sender in (state for state in states if state.warehouse_id in plan.parcels):
        # The whole weight for each parcel: the estimate of a split order errs to the careful side.
        parcel = Parcel(
            province_of(sender.region_code),
            city_of(region_code),
            weight_g,
            volume_cm3,
            promise_worth_fen=live_terms().promise_worth_fen,
            value_fen=value_fen,
        )
        offers = estimate_for(parcel)
        if not offers or offers[0].rejected:
            return None
        begins = picking_begins(sender.pick_cut_off, now)
        arrivals.append(begins + timedelta(hours=sender.handling_hours + offers[0].eta_hours))
    return max(arrivals, default=None)
