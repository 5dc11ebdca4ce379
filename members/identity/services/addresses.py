"""Where members have parcels sent.

Always: at most one address of a member is the default, which a unique index holds; the first one is. The member's row
is locked first, so that neither the default nor the number of addresses can be raced.
"""

from typing import Any

from members.identity.errors import TooManyAddresses
from members.identity.locks import lock_active_member
from members.identity.models import Address
from members.identity.preferences import ADDRESSES_PER_MEMBER
from members.identity.queries import address_of
from shop.core.transactions import use_case


@use_case
def add_address(
    *, member_id: int, name: str, phone: str, region_code: str, detail: str, is_default: bool = False
) -> Address:
    """`phone` is E.164, `region_code` a leaf of the regions. Raises TooManyAddresses."""
    lock_active_member(member_id=member_id)
    others, limit = Address.objects.filter(member_id=member_id).count(), ADDRESSES_PER_MEMBER.value()
    if others >= limit:
        raise TooManyAddresses(limit=limit)
    if is_default:
        _clear_default(member_id)
    return Address.objects.create(
        member_id=member_id,
        name=name,
        phone=phone,
        region_id=region_code,
        detail=detail,
        is_default=is_default or not others,
    )


@use_case
def change_address(*, member_id: int, address_id: int, **changes: Any) -> Address:
    """Change any of the fields of `add_address`; the others stay. Raises NotFound, for another member's address too."""
    lock_active_member(member_id=member_id)
    address = address_of(member_id=member_id, address_id=address_id)
    if changes.get("is_default") and not address.is_default:
        _clear_default(member_id)
    if "region_code" in changes:
        changes["region_id"] = changes.pop("region_code")
    for name, value in changes.items():
        setattr(address, name, value)
    address.save(update_fields=list(changes))
    return address


@use_case
def remove_address(*, member_id: int, address_id: int) -> None:
    """Raises NotFound. When the default goes, the newest of the others takes its place."""
    lock_active_member(member_id=member_id)
    address = address_of(member_id=member_id, address_id=address_id)
    address.delete()
    if address.is_default:
        newest = Address.objects.filter(member_id=member_id).order_by("-pk").values("pk")[:1]
        Address.objects.filter(pk__in=newest).update(is_default=True)


def _clear_default(member_id: int) -> None:
    Address.objects.filter(member_id=member_id, is_default=True).update(is_default=False)
