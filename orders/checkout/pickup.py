"""Orders that the member fetches: the parcel goes to the store, in the member's name."""

from logistics.network.models import Store
from members.identity.models import Member
from members.identity.queries import RecipientSnapshot
from shop.regions.queries import region


def pickup_recipient(*, member_id: int, store_id: int) -> RecipientSnapshot | None:
    """Where a parcel for this member goes when they pick it up; None where there is no such open store."""
    store = Store.objects.filter(pk=store_id, is_active=True).first()
    where = region(store.region_id) if store else None
    if store is None or where is None:
        return None
    member = Member.objects.only("nickname", "phone").get(pk=member_id)
    return RecipientSnapshot(
        name=member.nickname or store.name,
        phone=member.phone or store.phone,
        region_code=where.code,
        region_path=where.path_name,
        province_code=where.province_code,
        detail=f"{store.detail} {store.name}"[:200],
        longitude=store.longitude,
        latitude=store.latitude,
    )
