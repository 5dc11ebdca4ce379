from members.identity.models import Member
from orders.verification.tests.making import in_store
from tests.access import Door, Thing, Who

CLERKS, MANAGERS = ("owner", "operator", "service", "store"), ("owner", "operator")


def pickup(owner: Member) -> Thing:
    row = in_store(owner)
    return Thing({"number": row.order.number}, row)


def no_verification(owner: Member) -> Thing:
    return Thing({"verification_id": 4242}, owner)


DOORS = (
    Door("GET", "verifications", Who.STAFF, roles=CLERKS),
    Door("POST", "verifications", Who.STAFF, roles=CLERKS),
    Door("POST", "verifications/preview", Who.STAFF, roles=CLERKS),
    Door(
        "POST",
        "verifications/<int:verification_id>/undo",
        Who.STAFF,
        thing=no_verification,
        body=b'{"reason": "wrong"}',
        roles=MANAGERS,
    ),
    Door("GET", "staff/stores", Who.STAFF, roles=CLERKS),
    Door("POST", "orders/<number:number>/pickup-code", thing=pickup, read_only=("code", "code_version", "fetch_by")),
)
