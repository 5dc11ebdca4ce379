"""What the points mall keeps about a member: moved, erased, exported."""

from datetime import timedelta

import pytest

from members.identity.tests.factories import MemberFactory, client_for
from points.mall import member_data
from points.mall.errors import RewardLimitReached
from points.mall.models import CodeReveal, Redemption, RewardTally, Voucher
from points.mall.queries import offered_reward
from points.mall.tests.making import assert_lawful, give_points, live_reward, redeemed
from points.mall.viewers import viewer_of
from shop.core import clock
from tests.access import API

pytestmark = pytest.mark.django_db


@pytest.fixture
def other():
    return MemberFactory()


def test_two_accounts_become_one_with_one_limit(member, other):
    reward = live_reward(kind="code", limit_per_member=2, limit_per_period=2)
    for each in (member, other):
        give_points(each, 8000)
        redeemed(client_for(each), reward)
    RewardTally.objects.filter(member=other).update(period_start="2001-01-01")
    moved = member_data.move(source_id=other.pk, target_id=member.pk, now=clock.now())
    assert moved == {"redemptions": 1, "vouchers": 1}
    tally = RewardTally.objects.get()
    assert (tally.member_id, tally.units, tally.in_period) == (member.pk, 2, 1)
    assert {each.member_id for each in (*Redemption.objects.all(), *Voucher.objects.all())} == {member.pk}
    now = clock.now()
    viewer = viewer_of(member_id=member.pk, now=now)
    refusal = offered_reward(reward_id=reward.pk, viewer=viewer, now=now).refusal(viewer, now=now)
    assert isinstance(refusal, RewardLimitReached)
    assert member_data.move(source_id=other.pk, target_id=member.pk, now=now) == {"redemptions": 0, "vouchers": 0}
    assert_lawful()


def test_what_was_seen_stays_but_not_from_where(member):
    give_points(member, 8000)
    client = client_for(member)
    redeemed(client, live_reward(kind="code"))
    voucher = Voucher.objects.get()
    client.post(f"{API}me/vouchers/{voucher.pk}/reveal", headers={"X-Forwarded-For": "203.0.113.9"})
    CodeReveal.objects.update(address="203.0.113.9")
    exported = member_data.export(member_id=member.pk)
    assert (exported["vouchers"][0]["number"], exported["redemptions"][0]["points"]) == (voucher.number, 8000)
    assert exported["looks_at_codes"][0]["address"] == "203.0.113.9"
    assert member_data.erase(member_id=member.pk, now=clock.now() + timedelta(days=1)) == {"looks_at_codes": 1}
    assert CodeReveal.objects.get().address is None
    assert member_data.export(member_id=MemberFactory().pk) == {
        "redemptions": [],
        "vouchers": [],
        "looks_at_codes": [],
    }
