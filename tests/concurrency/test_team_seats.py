"""R2 for teams: the last seat, a member's seats and the end of a team, when everybody comes at once.

Each guard has a control: the same race without it.
"""

from threading import Event

import pytest
from django.db import transaction

from members.identity.models import Member
from members.identity.tests.factories import MemberFactory
from promotions.group_buy.errors import AlreadyInTeam, GroupBuyLimitReached, TeamFull, TeamOver
from promotions.group_buy.invariants import LAWS
from promotions.group_buy.models import Seat, Team
from promotions.group_buy.services import seats
from promotions.group_buy.services.ending import sweep_teams
from promotions.group_buy.services.seats import Wanted, confirm_seat, take_seat
from promotions.group_buy.tests.making import make_group_buy
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.models import OutboxEntry
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)
CROWD = 64


@pytest.fixture
def tea():
    return SkuFactory(price_fen=10_000)


def crowd(count):
    rows = [
        Member(phone=f"+86139{n:08d}", invite_code=f"C{n:09d}", joined_at=clock.now(), nickname=f"n{n}")
        for n in range(count)
    ]
    return [member.pk for member in Member.objects.bulk_create(rows)]


def take(group, tea, number, member_id, team=None):
    with transaction.atomic():
        return take_seat(
            order_number=number,
            member_id=member_id,
            group_buy_id=group.pk,
            team_id=team.pk if team else None,
            wanted=Wanted(tea.pk, 1, 3000),
            now=clock.now(),
        )


def pay(number, now=None):
    with transaction.atomic():
        confirm_seat(order_number=number, paid_fen=7000, now=now or clock.now())


def opened(group, tea):
    """A team whose leader has paid."""
    team = take(group, tea, "D-leader", MemberFactory.create().pk).team
    pay("D-leader")
    return team


def laws():
    return [sentence for law in LAWS for sentence in law()]


def facts(name):
    return sorted(row.payload["order_number"] for row in OutboxEntry.objects.filter(fact=name))


@pytest.mark.parametrize("guarded", [True, False])
def test_sixty_four_come_for_the_last_seat_and_one_can_pay_for_it(tea, guarded, monkeypatch):
    group = make_group_buy((tea, 7000), size=2)
    team = opened(group, tea)
    if not guarded:
        monkeypatch.setattr(seats, "_take_place", lambda team_id, now: 1)

    def buy(number, member_id):
        seat = take(group, tea, number, member_id, team)
        if guarded:
            pay(number)
        return seat

    members = crowd(CROWD)
    answers = run_together(*[lambda n=n, pk=pk: buy(f"D{n}", pk) for n, pk in enumerate(members)])
    held = [each for each in answers if isinstance(each, Seat)]
    if not guarded:
        assert (len(held), Seat.objects.count(), laws() == []) == (CROWD, CROWD + 1, False)
        return
    # Who comes once the last seat is paid finds the team complete.
    assert (len(held), {type(each) for each in answers} - {Seat, TeamFull, TeamOver}) == (1, set())
    team.refresh_from_db()
    assert (team.status, team.seats_paid, team.seats_taken, Seat.objects.count()) == ("succeeded", 2, 2, 2)
    assert facts("SeatSucceeded") == sorted(["D-leader", held[0].order_number])
    assert laws() == []


@pytest.mark.parametrize(("guarded", "taken"), [(True, 2), (False, 16)])
def test_a_members_limit_holds_against_their_own_devices(tea, guarded, taken, monkeypatch):
    group, member = make_group_buy((tea, 7000), limit_per_member=2), MemberFactory.create()
    if not guarded:
        monkeypatch.setattr(seats, "_count_member", lambda group_buy, member_id: 1)
    answers = run_together(*[lambda n=n: take(group, tea, f"D{n}", member.pk) for n in range(16)])
    assert (Seat.objects.count(), Team.objects.count()) == (taken, taken)
    if guarded:
        assert [type(each) for each in answers].count(GroupBuyLimitReached) == 14
        assert laws() == []


@pytest.mark.parametrize(("guarded", "taken"), [(True, 1), (False, 9)])
def test_a_member_has_one_seat_in_a_team_from_however_many_devices(tea, guarded, taken, monkeypatch):
    group, member = make_group_buy((tea, 7000), size=10), MemberFactory.create()
    team = opened(group, tea)
    if not guarded:
        monkeypatch.setattr(seats, "is_in", lambda team, member_id: False)
    answers = run_together(*[lambda n=n: take(group, tea, f"D{n}", member.pk, team) for n in range(16)])
    assert Seat.objects.filter(member=member).count() == taken
    if guarded:
        assert [type(each) for each in answers].count(AlreadyInTeam) == 15
        team.refresh_from_db()
        assert (team.seats_taken, laws()) == (2, [])


def look_only(ended):
    """A lock that is none: what was seen is over by the time that it is acted upon."""

    def look(order_number):
        seat = Seat.objects.select_related("team__group_buy").get(order_number=order_number)
        has_looked.set()
        assert ended.wait(60)
        return seat, seat.team

    has_looked = Event()
    return look, has_looked


@pytest.mark.parametrize("guarded", [True, False])
def test_the_last_payment_and_the_end_of_the_time_leave_every_order_sent_or_paid_back(tea, guarded, monkeypatch):
    group = make_group_buy((tea, 7000), size=2)
    team, ended = opened(group, tea), Event()
    take(group, tea, "D1", MemberFactory.create().pk, team)
    if not guarded:
        look, has_looked = look_only(ended)
        monkeypatch.setattr(seats, "_locked", look)

    def end():
        assert guarded or has_looked.wait(60)
        for _ in range(3):
            sweep_teams(now=team.due_at)
        ended.set()

    answers = run_together(lambda: pay("D1", team.due_at), end)
    sent, back = facts("SeatSucceeded"), facts("SeatFailed")
    is_one_or_the_other = sorted([*sent, *back]) == ["D-leader", "D1"] and (not sent or not back)
    assert is_one_or_the_other is guarded
    if guarded:
        assert not [each for each in answers if isinstance(each, Exception)]
        assert laws() == []
