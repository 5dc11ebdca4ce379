from members.identity.models import Member
from members.identity.tests.factories import MemberFactory
from points.transfers.tests.making import offered
from tests.access import Door, Thing


def received(owner: Member) -> Thing:
    row = offered(MemberFactory(), owner)
    return Thing({"transfer_id": row.pk}, row)


def given(owner: Member) -> Thing:
    row = offered(owner, MemberFactory())
    return Thing({"transfer_id": row.pk}, row)


DOORS = (
    Door("GET", "points/transfers"),
    Door("POST", "points/transfers", read_only=("status", "sender", "direction", "accept_before")),
    Door("POST", "points/transfers/<int:transfer_id>/accept", thing=received, read_only=("points", "status")),
    Door("POST", "points/transfers/<int:transfer_id>/decline", thing=received, read_only=("points", "status")),
    Door("POST", "points/transfers/<int:transfer_id>/withdraw", thing=given, read_only=("points", "status")),
)
