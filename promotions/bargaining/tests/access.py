from members.identity.models import Member
from members.identity.tests.factories import MemberFactory
from promotions.bargaining.tests.making import make_live_bargain, start
from shop.core import clock
from tests.access import Door, Thing, Who


def bargain(owner: Member) -> Thing:
    row = make_live_bargain()
    return Thing({"bargain_id": row.pk}, row)


def attempt(owner: Member) -> Thing:
    row = start(make_live_bargain(), owner, now=clock.now())
    return Thing({"attempt_id": row.pk}, row)


def attempt_of_a_friend(owner: Member) -> Thing:
    row = start(make_live_bargain(), MemberFactory.create(), now=clock.now())
    return Thing({"attempt_id": row.pk}, row.member)


DOORS = (
    Door("GET", "bargains", Who.ANYBODY),
    Door(
        "POST",
        "bargains/<int:bargain_id>/attempts",
        thing=bargain,
        not_yours=False,
        read_only=("price_fen", "floor_price_fen", "plan", "member_id"),
    ),
    Door("GET", "bargain-attempts/<int:attempt_id>", thing=attempt, not_yours=False),
    Door(
        "POST",
        "bargain-attempts/<int:attempt_id>/cuts",
        thing=attempt_of_a_friend,
        not_yours=False,
        read_only=("fen", "cuts", "is_new", "helper_id"),
    ),
    Door("GET", "me/bargain-attempts"),
)
