"""Ways to become a distributor, and what staff decide."""

import pytest

from members.identity.tests.factories import MemberFactory
from promotions.distribution.errors import (
    AlreadyJoined,
    ApplicationNotOpen,
    JoiningClosed,
    SpendMore,
    StandingNotChanged,
)
from promotions.distribution.models import CommissionAccount, Distributor, DistributorGrade
from promotions.distribution.services import joining
from promotions.distribution.tests.making import NOW, STAFF, customer, distributor, grade, later, prefer, visit
from shop.core.transactions import unit_of_work

pytestmark = pytest.mark.django_db


def join(member, note="", now=NOW):
    return joining.join(member_id=member.pk, note=note, now=now)


def test_everybody_joins_at_once_where_the_shop_is_open(member):
    prefer(joining="open")
    made = join(member)
    assert (made.standing, made.joined_at, made.grade) == ("active", NOW, DistributorGrade.objects.first())
    assert CommissionAccount.objects.get().distributor_id == made.pk
    with pytest.raises(AlreadyJoined):
        join(member)
    assert Distributor.objects.count() == 1


def test_an_application_waits_for_the_staff(member):
    made = join(member, note="I know many people")
    assert (made.standing, made.joined_at) == ("applied", None)
    with pytest.raises(AlreadyJoined):
        join(member)
    approved = joining.approve(distributor_id=made.pk, actor=STAFF, now=later(days=1))
    assert (approved.standing, approved.joined_at, approved.decided_by) == (
        "active",
        later(days=1),
        "staff:operator",
    )
    with pytest.raises(ApplicationNotOpen):
        joining.refuse(distributor_id=made.pk, reason="no", actor=STAFF, now=NOW)
    assert Distributor.objects.get().standing == "active"


def test_who_was_refused_may_ask_again(member):
    made = join(member)
    joining.refuse(distributor_id=made.pk, reason="tell us more", actor=STAFF, now=NOW)
    assert Distributor.objects.get().reason == "tell us more"
    again = join(member, note="more")
    assert (again.pk, again.standing, again.reason) == (made.pk, "applied", "")


def test_nobody_joins_a_closed_shop_but_staff_may_appoint(member):
    prefer(joining="closed")
    with pytest.raises(JoiningClosed):
        join(member)
    assert not Distributor.objects.exists()
    best = grade(900)
    made = joining.appoint(member_id=member.pk, grade_id=best.pk, actor=STAFF, now=NOW)
    assert (made.standing, made.grade) == ("active", best)


def test_who_has_bought_enough_joins(member, settings):
    settings.MEMBER_SPENDING = "promotions.distribution.tests.test_joining.spent"
    prefer(joining="spend", spend_fen=30_001)
    with pytest.raises(SpendMore) as refused:
        join(member)
    assert refused.value.data == {"missing_fen": 1}
    with unit_of_work():
        assert joining.join_by_spending(member_id=member.pk, now=NOW) is None
    prefer(spend_fen=30_000)
    with unit_of_work():
        assert joining.join_by_spending(member_id=member.pk, now=NOW).standing == "active"
        assert joining.join_by_spending(member_id=member.pk, now=NOW) is None


def spent(*, member_id):
    return 30_000


def test_who_brought_a_newcomer_stands_above_them_and_nobody_above_themselves():
    top = distributor()
    below = distributor(customer(top), now=later(minutes=1))
    assert (top.recruiter, below.recruiter) == (None, top)
    # The first of them comes by the link of whom they brought: distributors are nobody's customers.
    assert visit(top.member, below) is False
    joining.pause(distributor_id=top.pk, reason="", actor=STAFF, now=NOW)
    alone = distributor(MemberFactory())
    assert alone.recruiter is None


def test_a_pause_and_its_end():
    made = distributor()
    joining.pause(distributor_id=made.pk, reason="spam", actor=STAFF, now=NOW)
    with pytest.raises(StandingNotChanged):
        joining.pause(distributor_id=made.pk, reason="spam", actor=STAFF, now=NOW)
    assert joining.resume(distributor_id=made.pk, reason="", actor=STAFF, now=NOW).standing == "active"
    best = grade(900)
    assert joining.change_grade(distributor_id=made.pk, grade_id=best.pk, actor=STAFF).grade == best


def test_who_was_refused_and_is_appointed_later_stands_below_whom_they_came_by():
    top = distributor()
    applied = join(customer(top), now=later(minutes=1))
    joining.refuse(distributor_id=applied.pk, reason="no", actor=STAFF, now=later(minutes=2))
    made = joining.appoint(member_id=applied.member_id, grade_id=grade().pk, actor=STAFF, now=later(minutes=3))
    assert (made.pk, made.recruiter) == (applied.pk, top)
