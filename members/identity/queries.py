"""Reads of members and their addresses."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from members.identity.errors import MemberBlocked, SessionEnded
from members.identity.models import Address, Cancellation, Member, MemberSession, PhoneChange
from shop.core.errors import NotFound, NotSignedIn
from shop.core.prepared import Prepared, Question, columns
from shop.regions.queries import region

GONE = (Member.Status.MERGED, Member.Status.CLOSED)
# Written out, because every request that changes something asks the first and every quote one of the others.
_SESSION = Prepared(
    "identity_session",
    """
SELECT session.revoked_at IS NULL, member.status
FROM identity_membersession session JOIN identity_member member ON member.id = session.member_id
WHERE session.id = %s AND session.member_id = %s
""",
)
_MEMBER = Prepared("identity_member", f"SELECT {columns(Member)} FROM identity_member WHERE id = %s")
_COLUMNS = "SELECT name, phone, detail, region_id FROM identity_address"
_ADDRESS = Prepared("identity_address", f"{_COLUMNS} WHERE member_id = %s AND id = %s")
_DEFAULT_ADDRESS = Prepared("identity_default_address", f"{_COLUMNS} WHERE member_id = %s AND is_default")
_NO_ADDRESS = ("", "", "", None)


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
    member = _MEMBER.first(Member, [member_id])
    if member is None or member.status in GONE:
        raise NotSignedIn
    if member.status != Member.Status.ACTIVE:
        raise MemberBlocked
    return member


def check_session(*, session_id: int, member_id: int) -> None:
    """The session goes on and its member may act, in one query. Raises SessionEnded or MemberBlocked."""
    is_open, status = _SESSION.row([session_id, member_id]) or (False, Member.Status.ACTIVE)
    if status == Member.Status.BLOCKED:
        raise MemberBlocked
    if not is_open or status in GONE:
        raise SessionEnded


def former_phones(*, member_id: int) -> list[tuple[str, datetime]]:
    """The numbers that the member has had, each with when it ceased to be theirs; it may be somebody else's since."""
    changes = PhoneChange.objects.filter(member_id=member_id).exclude(old_phone="")
    return list(changes.order_by("pk").values_list("old_phone", "changed_at"))


def open_sessions(*, member_id: int, now: datetime) -> QuerySet[MemberSession]:
    """Where the member is signed in now."""
    return MemberSession.objects.filter(member_id=member_id, revoked_at=None, expires_at__gt=now)


def shared_origins(first_id: int, second_id: int) -> set[str]:
    """`device` and `network`, where both members have signed in from the same one; two queries."""
    own = list(MemberSession.objects.filter(member_id=first_id).values_list("device", "address").distinct())
    devices, addresses = {device for device, _ in own if device}, {address for _, address in own if address}
    theirs = MemberSession.objects.filter(member_id=second_id).values_list("device", "address")
    met = theirs.filter(Q(device__in=devices) | Q(address__in=addresses)).distinct()
    shared = {"device": any(device in devices for device, _ in met), "network": any(at in addresses for _, at in met)}
    return {name for name, is_shared in shared.items() if is_shared}


def open_cancellations() -> QuerySet[Cancellation]:
    """Of all members, neither withdrawn nor carried out."""
    return Cancellation.objects.filter(withdrawn_at=None, erased_at=None)


def open_cancellation(*, member_id: int) -> Cancellation:
    """Raises NotFound when the member has not asked to be erased."""
    found = open_cancellations().filter(member_id=member_id).first()
    if found is None:
        raise NotFound
    return found


def ask_address(*, member_id: int, address_id: int | None) -> Question:
    """What `address_snapshot` reads."""
    if address_id is None:
        return Question(_DEFAULT_ADDRESS, [member_id])
    return Question(_ADDRESS, [member_id, address_id])


def address_snapshot(*, member_id: int, address_id: int | None) -> RecipientSnapshot | None:
    """The member's address, the default one when `address_id` is None; None where there is no such. One query."""
    name, phone, detail, region_code = ask_address(member_id=member_id, address_id=address_id).row() or _NO_ADDRESS
    where = region(region_code) if region_code else None
    if where is None:
        return None
    return RecipientSnapshot(
        name=name,
        phone=phone,
        region_code=where.code,
        region_path=where.path_name,
        province_code=where.province_code,
        detail=detail,
        longitude=where.longitude,
        latitude=where.latitude,
    )


def address_of(*, member_id: int, address_id: int) -> Address:
    """Raises NotFound, for another member's address too."""
    address = Address.objects.filter(member_id=member_id, pk=address_id).first()
    if address is None:
        raise NotFound
    return address
