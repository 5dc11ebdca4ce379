"""Starting, helping, expiring; see `test_races` for what happens at once."""

import pytest

from members.identity.tests.factories import MemberFactory
from members.notifications.models import Notification
from promotions.bargaining.errors import (
    BargainAtFloor,
    BargainAttemptNotFound,
    BargainAttemptsUsed,
    BargainExpired,
    BargainHelpedAlready,
    BargainHelpsUsed,
    BargainHelpsUsedToday,
    BargainNotFound,
    BargainOwn,
    BargainPriceFallen,
    BargainSoldOut,
    BargainUnderWay,
)
from promotions.bargaining.invariants import LAWS
from promotions.bargaining.models import BargainAttempt, BargainTally, Cut
from promotions.bargaining.services.cutting import cut_price
from promotions.bargaining.services.expiring import expire_attempts, remind_members
from promotions.bargaining.tests.making import (
    DAY,
    HOUR,
    NOW,
    help_with,
    make_bargain,
    new_member,
    old_member,
    start,
    to_the_floor,
)
from promotions.campaigns.audience import NotForOldMembers
from promotions.campaigns.errors import BudgetSpent
from promotions.campaigns.models import CampaignStatus, FirstPurchase
from promotions.campaigns.services.switch import switch_promotions
from shop.catalog.models import Sku
from shop.catalog.tests.factories import SkuFactory
from shop.core.actors import Actor

pytestmark = pytest.mark.django_db


def laws():
    return [sentence for law in LAWS for sentence in law()]


def told(member):
    return list(Notification.objects.filter(member=member).order_by("pk").values_list("event", flat=True))


def test_an_attempt_begins_with_the_members_own_cut():
    attempt = start(make_bargain())
    [own] = attempt.cuts.all()
    assert (sum(attempt.plan), len(attempt.plan), attempt.position) == (4000, 5, 1)
    assert (own.helper_id, own.is_own, own.fen) == (attempt.member_id, True, attempt.plan[0])
    assert (attempt.price_fen, attempt.expires_at) == (10_000 - attempt.plan[0], NOW + DAY)
    assert laws() == []


def test_where_the_bargain_grants_no_own_cut_friends_make_the_first():
    attempt = start(make_bargain(owner_cuts_first=False))
    assert (attempt.position, attempt.price_fen, attempt.cuts.count()) == (0, 10_000, 0)
    assert help_with(attempt).fen == attempt.plan[0]


def test_friends_cut_to_the_floor_and_not_beyond():
    attempt = start(make_bargain())
    for position in range(1, 5):
        cut = help_with(attempt)
        assert (cut.position, cut.fen, cut.is_new) == (position, attempt.plan[position], False)
    attempt.refresh_from_db()
    assert (attempt.is_at_floor, attempt.price_fen) == (True, 6000)
    with pytest.raises(BargainAtFloor):
        help_with(attempt)
    attempt.refresh_from_db()
    assert (attempt.price_fen, attempt.cuts.count(), laws()) == (6000, 5, [])
    assert told(attempt.member) == ["bargain_helped"] * 3 + ["bargain_at_floor"]


def test_a_new_member_takes_several_steps_and_the_last_ones_are_what_is_left():
    attempt = start(make_bargain(new_helper_cuts=3))
    first, last = help_with(attempt, new_member()), help_with(attempt, new_member())
    assert (first.is_new, first.steps, first.fen) == (True, 3, sum(attempt.plan[1:4]))
    assert (last.position, last.steps, last.fen) == (4, 1, attempt.plan[4])
    attempt.refresh_from_db()
    assert (attempt.price_fen, laws()) == (6000, [])


@pytest.mark.parametrize(("joined", "is_new"), [(7 * DAY, False), (7 * DAY - HOUR, True)])
def test_who_registered_within_the_days_is_new(joined, is_new):
    helper = MemberFactory.create(joined_at=NOW - joined)
    assert help_with(start(make_bargain()), helper).is_new is is_new


def test_nobody_helps_themselves_nor_twice():
    attempt, friend = start(make_bargain()), old_member()
    with pytest.raises(BargainOwn):
        help_with(attempt, attempt.member)
    help_with(attempt, friend)
    with pytest.raises(BargainHelpedAlready):
        help_with(attempt, friend)
    attempt.refresh_from_db()
    assert (attempt.position, attempt.cuts.count(), laws()) == (2, 2, [])
    assert BargainTally.objects.get(member=friend).helps == 1


def test_helps_are_counted_by_the_day_of_shanghai_and_in_all():
    bargain, friend = make_bargain(helps_per_day=2, helps_in_all=3, attempt_hours=720), old_member()
    attempts = [start(bargain) for _ in range(5)]
    help_with(attempts[0], friend)
    help_with(attempts[1], friend)
    midnight = NOW.replace(hour=16)
    with pytest.raises(BargainHelpsUsedToday):
        help_with(attempts[2], friend, now=midnight - HOUR)
    # To have helped here is the nearer reason.
    with pytest.raises(BargainHelpedAlready):
        help_with(attempts[0], friend)
    help_with(attempts[2], friend, now=midnight)
    with pytest.raises(BargainHelpsUsed):
        help_with(attempts[3], friend, now=midnight + DAY)
    assert Cut.objects.filter(helper=friend).count() == 3
    assert BargainTally.objects.get(member=friend).helps == 3
    assert laws() == []


def test_attempts_are_made_one_at_a_time_and_so_many_in_all():
    bargain, member = make_bargain(attempts_per_member=2), old_member()
    first = start(bargain, member)
    with pytest.raises(BargainUnderWay) as refusal:
        start(bargain, member)
    assert refusal.value.data == {"attempt_id": first.pk}
    second = start(bargain, member, now=NOW + DAY)
    with pytest.raises(BargainAttemptsUsed):
        start(bargain, member, now=NOW + 2 * DAY)
    assert list(BargainAttempt.objects.order_by("pk")) == [first, second]
    assert (BargainTally.objects.get().attempts, laws()) == (2, [])


def test_an_attempt_ends_with_its_time_whatever_the_sweep_has_told():
    attempt = start(make_bargain())
    help_with(attempt, now=NOW + DAY - HOUR)
    with pytest.raises(BargainExpired):
        help_with(attempt, now=NOW + DAY)
    assert expire_attempts(now=NOW + DAY - HOUR) == 0
    assert [expire_attempts(now=NOW + DAY) for _ in range(2)] == [1, 0]
    attempt.refresh_from_db()
    assert (attempt.status, attempt.cuts.count()) == ("expired", 2)
    assert told(attempt.member)[-1] == "bargain_expired"
    with pytest.raises(BargainExpired):
        help_with(attempt, now=NOW + DAY)


def test_an_attempt_ends_with_the_bargain():
    bargain = make_bargain(attempt_hours=720, ends_at=NOW + 2 * HOUR)
    attempt = start(bargain)
    assert attempt.expires_at == NOW + 2 * HOUR
    bargain.status, bargain.end_reason, bargain.ended_at = CampaignStatus.ENDED, "stopped", NOW
    bargain.save()
    with pytest.raises(BargainNotFound):
        help_with(attempt)
    assert expire_attempts(now=NOW + HOUR) == 1


def test_members_are_reminded_once_before_it_is_over():
    bargain = make_bargain(attempts_per_member=3)
    attempt = start(bargain)
    short = start(make_bargain(attempt_hours=3))
    assert remind_members(now=NOW + DAY - 3 * HOUR) == 0
    assert [remind_members(now=NOW + DAY - HOUR) for _ in range(2)] == [1, 0]
    assert told(attempt.member) == ["bargain_ending"]
    assert told(short.member) == []


def test_the_plan_keeps_the_price_of_its_start():
    bargain = make_bargain()
    attempt = start(bargain)
    Sku.objects.filter(pk=bargain.sku_id).update(price_fen=50_000)
    to_the_floor(attempt)
    assert (attempt.list_fen, attempt.price_fen, laws()) == (10_000, 6000, [])


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"status": "paused"}, BargainNotFound),
        ({"starts_at": NOW + DAY}, BargainNotFound),
        ({"ends_at": NOW, "starts_at": NOW - DAY}, BargainNotFound),
        ({"quota": 0}, BargainSoldOut),
        ({"budget_fen": 3999}, BudgetSpent),
        ({"floor_fen": 10_000}, BargainPriceFallen),
    ],
)
def test_what_cannot_be_sold_cannot_be_started(fields, refusal):
    bargain = make_bargain(**fields)
    with pytest.raises(refusal):
        start(bargain)
    assert not BargainTally.objects.exists()
    assert not BargainAttempt.objects.exists()


def test_goods_that_are_off_the_shelf_cannot_be_bargained_for():
    bargain = make_bargain()
    Sku.objects.filter(pk=bargain.sku_id).update(is_active=False)
    with pytest.raises(BargainNotFound):
        start(bargain)


def test_only_its_audience_starts_and_everybody_helps():
    bargain, member = make_bargain(new_members_only=True), old_member()
    attempt = start(bargain)
    FirstPurchase.objects.create(member=member, order_number="D1", placed_at=NOW)
    with pytest.raises(NotForOldMembers):
        start(bargain, member)
    assert help_with(attempt, member).fen == attempt.plan[1]


def test_with_all_promotions_off_nothing_is_started_or_helped():
    bargain = make_bargain()
    attempt = start(bargain)
    switch_promotions(on=False, actor=Actor.staff("boss"), now=NOW)
    for refused in (lambda: start(bargain), lambda: help_with(attempt)):
        with pytest.raises(BargainNotFound):
            refused()
    assert Cut.objects.count() == 1


def test_an_unknown_attempt_is_not_there():
    with pytest.raises(BargainAttemptNotFound):
        cut_price(attempt_id=1, helper_id=old_member().pk, now=NOW)


@pytest.mark.parametrize("available", [0, 1])
def test_what_the_shop_has_not_is_not_bargained_for(available):
    bargain = make_bargain(SkuFactory(price_fen=10_000, stock=available), quota=5)
    if available:
        assert start(bargain).pk
        return
    with pytest.raises(BargainSoldOut):
        start(bargain)
    assert (BargainAttempt.objects.count(), BargainTally.objects.count()) == (0, 0)
