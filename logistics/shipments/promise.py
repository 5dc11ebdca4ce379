"""When goods would arrive if they were paid for now: asks the engines that will decide it later."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from logistics.allocation.engine import AllocationRequest, allocate
from logistics.allocation.policies import live_terms
from logistics.allocation.services import network_of
from logistics.carriers.engine import Parcel
from logistics.carriers.queries import estimate_for
from logistics.network.queries import warehouse_states


def promise(
    *,
    items: Mapping[int, int],
    weight_g: int,
    volume_cm3: int,
    province_code: str,
    longitude: float,
    latitude: float,
    now: datetime,
) -> datetime | None:
    """When the last parcel of `items` (SKU id → units) would be delivered.

    None when no warehouse can send them or no carrier goes there. One query: an estimate, not a hold.
    """
    states = warehouse_states(sku_ids=items, estimate=True)
    plan = allocate(AllocationRequest("", items, longitude, latitude), network_of(states))
    hours = []
    for sender in (state for state in states if state.warehouse_id in plan.parcels):
        # The whole weight for each parcel: the estimate of a split order errs to the careful side.
        parcel = Parcel(f"{sender.region_code[:2]}0000", province_code, weight_g, volume_cm3)
        offers = estimate_for(replace(parcel, promise_worth_fen=live_terms().promise_worth_fen))
        if not offers or offers[0].rejected:
            return None
        hours.append(sender.handling_hours + offers[0].eta_hours)
    return now + timedelta(hours=max(hours)) if hours else None
