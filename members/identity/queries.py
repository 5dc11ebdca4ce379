"""Reads of members and their addresses."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from members.identity.errors import MemberBlocked, SessionEnded
from members.identity.models import Address, Cancellation, Member, MemberSession
from shop.core.errors import NotFound, NotSignedIn
from shop.regions.queries import region

GONE = (Member.Status.MERGED, Member.Status.CLOSED)


@dataclass(frozen=True)
class RecipientSnapshot:
    """Whom and where a parcel goes to, copied into an order. The phone is E.164, degrees for the coordinates."""

    name: str
    phone: str
    region_code: str
    region_path: str
    province_code: str
    detail: str
    longitude: float
    latitude: float


def active_member(*, member_id: int) -> Member:
    """The member, who may act now. Raises MemberBlocked, or NotSignedIn when there is none any more."""
    member = Member.objects.filter(pk=member_id).first()
    if member is None or member.status in GONE:
        raise NotSignedIn
    if member.status != Member.Status.ACTIVE:
        raise MemberBlocked
    return member


def check_session(*, session_id: int, member_id: int) -> None:
    """The session goes on and its member may act, in one query. Raises SessionEnded or MemberBlocked."""
    session = (
        MemberSession.objects.filter(pk=session_id, member_id=member_id)
        .values_list("revoked_at", "member__status")
        .first()
    )
    if session is not None and session[1] != Member.Status.ACTIVE:
        raise MemberBlocked
    if session is None or session[0] is not None:
        raise SessionEnded


def open_sessions(*, member_id: int, now: datetime) -> QuerySet[MemberSession]:
    """Where the member is signed in now."""
    return MemberSession.objects.filter(member_id=member_id, revoked_at=None, expires_at__gt=now)


def open_cancellations() -> QuerySet[Cancellation]:
    """Of all members, neither withdrawn nor carried out."""
    return Cancellation.objects.filter(withdrawn_at=None, erased_at=None)


def open_cancellation(*, member_id: int) -> Cancellation:
    """Raises NotFound when the member has not asked to be erased."""
    found = open_cancellations().filter(member_id=member_id).first()
    if found is None:
        raise NotFound
    return found


def address_snapshot(*, member_id: int, address_id: int | None) -> RecipientSnapshot | None:
    """The member's address, the default one when `address_id` is None; None where there is no such. One query."""
    chosen = Address.objects.filter(member_id=member_id)
    chosen = chosen.filter(is_default=True) if address_id is None else chosen.filter(pk=address_id)
    row = chosen.values("name", "phone", "region_id", "detail").first()
    where = region(row["region_id"]) if row else None
    if row is None or where is None:
        return None
    return RecipientSnapshot(
        name=row["name"],
        phone=row["phone"],
        region_code=where.code,
        region_path=where.path_name,
        province_code=where.province_code,
        detail=row["detail"],
        longitude=where.longitude,
        latitude=where.latitude,
    )


def address_of(*, member_id: int, address_id: int) -> Address:
    """Raises NotFound, for another member's address too."""
    address = Address.objects.filter(member_id=member_id, pk=address_id).first()
    if address is None:
        raise NotFound
    return address
