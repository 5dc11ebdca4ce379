from datetime import date

import pytest
from django.db import transaction

from members.identity.facts import MemberRegistered
from members.identity.models import Member
from members.identity.tests.factories import MemberFactory
from members.invitations.facts import InvitationSettled
from members.notifications.models import Notification
from members.tiers.facts import TierChanged
from members.tiers.tests.making import tier
from promotions.coupons import subscribers
from promotions.coupons.models import ClaimTally, Coupon
from promotions.coupons.services import give_for_purchase
from promotions.coupons.services.automatic import give_birthdays
from promotions.coupons.tests.making import DAY, NOW, make_template

pytestmark = pytest.mark.django_db


def given():
    return list(Coupon.objects.order_by("pk").values_list("member_id", "way"))


def test_a_newcomer_gets_theirs_once_and_is_told(member):
    make_template(way="newcomer", name="新人券")
    make_template(way="newcomer", status="paused")
    fact = MemberRegistered(member_id=member.pk, inviter_id=None, at=NOW)
    subscribers.member_registered(fact)
    subscribers.member_registered(fact)
    assert given() == [(member.pk, "newcomer")]
    told = Notification.objects.get(event="coupon_given")
    assert (told.member_id, told.context["coupon"]) == (member.pk, "新人券")


def test_reaching_a_tier_gives_what_is_for_that_tier_once(member):
    make_template(way="tier", tier_ids=[tier("gold").pk], per_member_limit=None)
    up = {"member_id": member.pk, "from_tier": "normal", "reason": "upgrade", "at": NOW}
    subscribers.tier_changed(TierChanged(to_tier="silver", is_upgrade=True, **up))
    assert given() == []
    for upgrade in (True, True, False):
        subscribers.tier_changed(TierChanged(to_tier="gold", is_upgrade=upgrade, **up))
    assert given() == [(member.pk, "tier")]


def test_each_settled_invitation_gives_the_inviter_one(member):
    make_template(way="invitation", per_member_limit=2)
    for number in (1, 1, 2, 3):
        subscribers.invitation_settled(
            InvitationSettled(
                invitation_id=number, inviter_id=member.pk, invitee_id=MemberFactory().pk, order_number="D", at=NOW
            )
        )
    assert given() == [(member.pk, "invitation")] * 2


@pytest.mark.parametrize(
    ("paid_fen", "moment", "coupons"),
    [(9_999, "payment", 0), (10_000, "payment", 1), (10_000, "completion", 0)],
)
def test_a_purchase_gives_from_an_amount_on(member, paid_fen, moment, coupons):
    make_template(way="purchase", purchase_min_fen=10_000, purchase_moment="payment", per_member_limit=None)
    for _ in range(2):
        with transaction.atomic():
            give_for_purchase(member_id=member.pk, order_number="D1", paid_fen=paid_fen, moment=moment, now=NOW)
    assert len(given()) == coupons


@pytest.mark.parametrize(
    ("born", "late_by", "expected"),
    [
        (date(1990, 11, 22), 0, 1),
        (date(1990, 11, 22), 3, 1),
        (date(1990, 11, 22), 4, 0),
        (date(1990, 11, 23), 0, 0),
        (None, 0, 0),
    ],
)
def test_a_birthday_gives_once_a_year_late_rather_than_never(born, late_by, expected):
    member = MemberFactory(birthday=born, joined_at=NOW - 400 * DAY)
    make_template(way="birthday", ends_at=NOW + 400 * DAY)
    night = NOW + late_by * DAY
    assert give_birthdays(now=night) == expected
    assert give_birthdays(now=night) == 0
    assert given() == [(member.pk, "birthday")] * expected
    if expected:
        assert give_birthdays(now=NOW + 365 * DAY) == 1


def test_who_was_born_on_the_29th_of_february_has_a_birthday_every_year():
    MemberFactory(birthday=date(2000, 2, 29), joined_at=NOW - 400 * DAY)
    template = make_template(way="birthday", ends_at=None)
    assert give_birthdays(now=NOW.replace(year=2027, month=2, day=28)) == 1
    assert give_birthdays(now=NOW.replace(year=2028, month=2, day=28)) == 0
    assert give_birthdays(now=NOW.replace(year=2028, month=2, day=29)) == 1
    assert ClaimTally.objects.values_list("claimed", "most", "in_period", "most_in_period").get() == (2, None, 1, 1)
    template.refresh_from_db()
    assert template.claimed_count == 2


def test_a_birthday_at_the_end_of_the_year_is_counted_there_though_its_coupon_comes_in_the_next():
    MemberFactory(birthday=date(1990, 12, 31), joined_at=NOW - 400 * DAY)
    make_template(way="birthday", ends_at=None)
    assert give_birthdays(now=NOW.replace(year=2027, month=1, day=2)) == 1
    assert give_birthdays(now=NOW.replace(year=2027, month=12, day=31)) == 1
    assert give_birthdays(now=NOW.replace(year=2028, month=1, day=1)) == 0
    assert list(Coupon.objects.order_by("pk").values_list("claimed_at__year", flat=True)) == [2027, 2027]


def test_a_birthday_that_is_moved_gives_no_second_coupon_in_its_year():
    born = MemberFactory(birthday=date(1990, 11, 22), joined_at=NOW - 400 * DAY)
    make_template(way="birthday", ends_at=None)
    assert give_birthdays(now=NOW) == 1
    Member.objects.filter(pk=born.pk).update(birthday=date(1990, 12, 24))
    assert give_birthdays(now=NOW.replace(month=12, day=24)) == 0
    assert given() == [(born.pk, "birthday")]


def test_only_the_audience_has_a_birthday_gift():
    for _ in range(2):
        MemberFactory(birthday=date(1990, 11, 22), joined_at=NOW - DAY)
    make_template(way="birthday", tier_ids=[tier("gold").pk])
    assert give_birthdays(now=NOW) == 0
