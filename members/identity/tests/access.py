from members.identity.models import Member
from members.identity.origin import Origin
from members.identity.services.sessions import open_session
from members.identity.tests.factories import AddressFactory
from shop.core import clock
from tests.access import Door, Thing, Who


def address(owner: Member) -> Thing:
    row = AddressFactory(member=owner)
    return Thing({"address_id": row.pk}, row)


def session(owner: Member) -> Thing:
    now = clock.now()
    open_session(member=owner, origin=Origin(), now=now)
    row = owner.sessions.latest("pk")
    return Thing({"session_id": row.pk}, row)


DOORS = (
    Door("POST", "auth/sms-codes", Who.ANYBODY, read_only=("code", "member_id")),
    Door("POST", "auth/sms-login", Who.ANYBODY, read_only=("is_new", "member")),
    Door("POST", "auth/wechat-login", Who.ANYBODY, read_only=("openid", "phone", "member")),
    Door("POST", "auth/refresh", Who.ANYBODY, read_only=("access", "member")),
    Door("POST", "auth/logout", read_only=("session_id", "member_id")),
    Door("GET", "me"),
    Door("POST", "me/ping", read_only=("pong",)),
    Door("PUT", "me", read_only=("id", "phone", "tier", "growth", "points", "invite_code", "inviter", "status")),
    Door("POST", "me/phone", read_only=("id", "member_id", "session_id", "openid", "actor", "reason")),
    Door("GET", "me/sessions"),
    Door("DELETE", "me/sessions/<int:session_id>", thing=session),
    Door("GET", "me/cancellation"),
    Door("POST", "me/cancellation", read_only=("due_at", "requested_at", "member_id", "erased_at")),
    Door("DELETE", "me/cancellation"),
    Door("GET", "me/export"),
    Door("GET", "me/addresses"),
    Door("POST", "me/addresses", read_only=("id", "member", "member_id", "region_path")),
    Door("GET", "me/addresses/<int:address_id>", thing=address),
    Door("PUT", "me/addresses/<int:address_id>", thing=address, read_only=("id", "member_id", "region_path")),
    Door("DELETE", "me/addresses/<int:address_id>", thing=address),
)
