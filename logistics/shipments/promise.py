"""When goods would arrive if they were paid for now: asks the engines that will decide it later."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from logistics.allocation.engine import AllocationRequest, allocate
from logistics.allocation.services import read_network
from logistics.carriers.engine import Parcel
from logistics.carriers.queries import offers_for
from logistics.network.models import Warehouse


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

    None when no warehouse can send them or no carrier goes there. Reads without locks: an estimate, not a hold.
    """
    plan = allocate(AllocationRequest("", items, longitude, latitude), read_network(sku_ids=items))
    warehouses = Warehouse.objects.filter(pk__in=plan.parcels).values_list("region_id", "handling_hours")
    hours = []
    for region_code, handling_hours in warehouses:
        # The whole weight for each parcel: the estimate of a split order errs to the careful side.
        offers = offers_for(Parcel(f"{region_code[:2]}0000", province_code, weight_g, volume_cm3))
        if not offers or offers[0].rejected:
            return None
        hours.append(handling_hours + offers[0].eta_hours)
    return now + timedelta(hours=max(hours)) if hours else None
