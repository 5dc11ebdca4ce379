"""In which stores somebody of the staff verifies."""

from typing import Any

from django.db.models import QuerySet

from logistics.network.models import Store
from orders.verification.errors import NoStore, OtherStore, StoreNotYours, StoreRequired
from shop.core.models import StaffUser

VERIFY, EVERYWHERE = "verification.verify_verification", "verification.everywhere_verification"


def stores_of(staff: StaffUser) -> QuerySet[Store]:
    """The open stores where they work; all of them for managers."""
    stores = Store.objects.filter(is_active=True).order_by("pk")
    return stores if staff.has_perm(EVERYWHERE) else stores.filter(assignments__staff=staff)


def place_of_work(*, staff: StaffUser, store_id: int | None) -> Store | None:
    """The store that was chosen, or the only one there is; None when a manager or somebody with several chose none.

    Raises NoStore, StoreNotYours.
    """
    stores = list(stores_of(staff))
    if not stores:
        raise NoStore
    if store_id is None:
        return stores[0] if len(stores) == 1 else None
    chosen = next((store for store in stores if store.pk == store_id), None)
    if chosen is None:
        raise StoreNotYours
    return chosen


def store_for(*, staff: StaffUser, chosen: Store | None, belongs_to: Store | None) -> Store:
    """Where something is verified, of which some belong to one store. Raises OtherStore, StoreRequired."""
    if belongs_to is None:
        if chosen is None:
            raise StoreRequired
        return chosen
    if chosen is None and stores_of(staff).filter(pk=belongs_to.pk).exists():
        return belongs_to
    if chosen is None or chosen.pk != belongs_to.pk:
        raise OtherStore(store=belongs_to.name)
    return chosen


def stores_seen_by(staff: Any) -> QuerySet[Store] | None:
    """Whose verifications somebody may look at in the admin; None for all, as analysts and managers may."""
    may = staff.has_perm
    return None if may(EVERYWHERE) or not may(VERIFY) else Store.objects.filter(assignments__staff=staff)
