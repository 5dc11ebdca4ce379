from datetime import timedelta

import pytest
from django.db import transaction

from members.identity.tests.factories import MemberFactory
from members.invitations.facts import InvitationRegistered
from points.tasks.facts import CheckedIn
from promotions.lottery.errors import LotteryEnded
from promotions.lottery.invariants import LAWS
from promotions.lottery.models import ChanceEntry
from promotions.lottery.results import result_of_lottery
from promotions.lottery.services import gift_chances, give_chances, take_back_chances
from promotions.lottery.subscribers import chances_for_check_in, chances_for_invitation
from promotions.lottery.tests.making import CLERK, DAY, NOW, chances_of, draw_once, give, make_lottery, sure
from shop.core.clock import business_day

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def member():
    return MemberFactory.create()


def laws():
    return [sentence for law in LAWS for sentence in law()]


def told(function, *args, **kwargs):
    with transaction.atomic():
        return function(*args, **kwargs)


def for_order(member, paid_fen, *, number="D1", moment="completion", now=NOW):
    return told(
        give_chances,
        source="order",
        member_id=member.pk,
        reference=f"order:{number}",
        paid_fen=paid_fen,
        moment=moment,
        now=now,
    )


def test_a_check_in_and_a_friend_who_registered_give_what_each_lottery_says_once(member):
    one = make_lottery(*sure(), check_in_chances=1, invitation_chances=3)
    other = make_lottery(*sure(), check_in_chances=2)
    checked_in = CheckedIn(member_id=member.pk, day=business_day(NOW), streak=1, points=5, at=NOW)
    friend = InvitationRegistered(invitation_id=7, inviter_id=member.pk, invitee_id=99, at=NOW)
    for _ in range(2):
        told(chances_for_check_in, checked_in)
        told(chances_for_invitation, friend)
    assert (chances_of(one, member), chances_of(other, member)) == (4, 2)
    assert (ChanceEntry.objects.count(), laws()) == (3, [])
    # A friend is one member that the lottery has brought, however many chances that is worth.
    assert [result_of_lottery(each.pk).new_members for each in (one, other)] == [1, 0]


def test_an_order_gives_at_its_moment_from_so_much_on(member):
    after = make_lottery(*sure(), order_chances=2, order_least_fen=10_000)
    at_once = make_lottery(*sure(), order_chances=1, order_moment="payment")
    assert for_order(member, 9_999, number="D1") == 0
    assert for_order(member, 10_000, number="D2") == 1
    assert for_order(member, 10_000, number="D2") == 0
    assert for_order(member, 50, number="D2", moment="payment") == 1
    assert for_order(member, 0, number="D3", moment="payment") == 0
    assert (chances_of(after, member), chances_of(at_once, member), laws()) == (2, 1, [])


@pytest.mark.parametrize(
    "fields", [{"starts_at": NOW + DAY}, {"takes_chances": False, "points_per_draw": 5}, {"new_members_only": True}]
)
def test_lotteries_that_are_not_open_to_a_member_give_nothing(fields):
    old = MemberFactory.create()
    old.first_purchase = None
    lottery = make_lottery(*sure(), order_chances=2, **fields)
    if "new_members_only" in fields:
        from_model = old._meta.get_field("first_purchase").related_model
        from_model.objects.create(member=old, order_number="D0", placed_at=NOW)
    assert for_order(old, 10_000) == 0
    assert (chances_of(lottery, old), ChanceEntry.objects.count()) == (0, 0)


def test_a_refund_takes_back_what_is_not_used_once_and_only_where_too_little_is_still_paid(member):
    dear = make_lottery(*sure(), order_chances=3, order_least_fen=10_000)
    cheap = make_lottery(*sure(), order_chances=3)
    for_order(member, 12_000)
    assert told(take_back_chances, reference="order:D1", paid_fen=10_000, now=NOW) == 0
    assert told(take_back_chances, reference="order:D1", paid_fen=9_999, now=NOW) == 3
    assert (chances_of(dear, member), chances_of(cheap, member)) == (0, 3)
    for _ in range(2):
        told(take_back_chances, reference="order:D1", paid_fen=0, now=NOW)
    assert (chances_of(cheap, member), ChanceEntry.objects.count(), laws()) == (0, 4, [])


def test_chances_that_were_used_are_gone_and_nobody_owes_any(member):
    lottery = make_lottery(*sure(), order_chances=2)
    for_order(member, 100)
    made = draw_once(lottery, member)
    assert told(take_back_chances, reference="order:D1", now=NOW) == 1
    draw_free = make_lottery(*sure(), order_chances=1)
    for_order(member, 100, number="D2")
    draw_once(draw_free, member)
    draw_once(lottery, member)
    before = chances_of(lottery, member)
    assert told(take_back_chances, reference="order:D2", now=NOW) == before
    give(lottery, member, 5)
    assert told(take_back_chances, reference="order:D2", now=NOW) == 0
    made.refresh_from_db()
    assert (made.prize.name, chances_of(lottery, member), laws()) == ("50 积分", 5, [])


def test_the_staff_gives_chances_with_a_reason_until_it_is_over(member):
    lottery = make_lottery(*sure(), ends_at=NOW + timedelta(hours=1))
    asked = {
        "lottery_id": lottery.pk,
        "member_id": member.pk,
        "amount": 5,
        "reference": "r1",
        "note": "sorry",
        "actor": CLERK,
    }
    assert gift_chances(**asked, now=NOW)
    assert not gift_chances(**asked, now=NOW)
    entry = ChanceEntry.objects.get()
    assert (entry.actor, entry.note, chances_of(lottery, member)) == ("staff:clerk", "sorry", 5)
    with pytest.raises(LotteryEnded):
        gift_chances(**{**asked, "reference": "r2"}, now=NOW + DAY)
    assert (chances_of(lottery, member), laws()) == (5, [])
