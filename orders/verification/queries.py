"""Reads of what was verified."""

from datetime import date

from django.db.models import QuerySet

from logistics.network.models import Store
from orders.verification.models import Verification
from orders.verification.stores import stores_of
from shop.core.clock import day_bounds
from shop.core.models import StaffUser


def verifications_of(*, staff: StaffUser, day: date, store_id: int | None = None) -> QuerySet[Verification]:
    """What was verified on a Shanghai day in the stores of somebody of the staff, undone ones too."""
    start, end = day_bounds(day)
    stores: QuerySet[Store] = stores_of(staff)
    if store_id is not None:
        stores = stores.filter(pk=store_id)
    done = Verification.objects.filter(store__in=stores, verified_at__gte=start, verified_at__lt=end)
    return done.select_related("store")
