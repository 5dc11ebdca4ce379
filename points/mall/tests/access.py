from members.identity.models import Member
from members.identity.tests.factories import client_for
from points.mall.models import Voucher
from points.mall.tests.making import bookable, give_points, live_reward, redeemed
from tests.access import Door, Thing, Who


def reward(owner: Member) -> Thing:
    row = live_reward(kind="service")
    return Thing({"reward_id": row.pk}, row)


def code(owner: Member) -> Thing:
    give_points(owner, 8000)
    redeemed(client_for(owner), live_reward(kind="code"))
    row = Voucher.objects.get(member=owner)
    return Thing({"voucher_id": row.pk}, row)


def service(owner: Member) -> Thing:
    made, _slot = bookable()
    give_points(owner, 8000)
    redeemed(client_for(owner), made)
    row = Voucher.objects.get(member=owner)
    return Thing({"voucher_id": row.pk}, row)


DOORS = (
    Door("GET", "points/rewards", Who.ANYBODY),
    Door("GET", "points/rewards/<int:reward_id>", Who.ANYBODY, thing=reward),
    Door("GET", "points/rewards/<int:reward_id>/slots", Who.ANYBODY, thing=reward),
    Door("GET", "points/reward-zones", Who.ANYBODY),
    Door("GET", "me/vouchers"),
    Door("GET", "me/vouchers/<int:voucher_id>", thing=service),
    Door("POST", "me/vouchers/<int:voucher_id>/reveal", thing=code, read_only=("code", "revealed_at", "status")),
    Door(
        "PUT",
        "me/vouchers/<int:voucher_id>/booking",
        thing=service,
        body=b'{"slot_id": 1}',
        read_only=("status", "member_id", "valid_until"),
    ),
    Door("DELETE", "me/vouchers/<int:voucher_id>/booking", thing=service),
)
