"""Teams from their opening to their end, through orders."""

from datetime import timedelta

import pytest

from members.identity.tests.factories import MemberFactory
from members.notifications.models import Notification
from orders.checkout.locks import lock_order
from orders.checkout.models import Order
from orders.checkout.services.cancellation import cancel_unpaid
from orders.checkout.tests.making import buyer, place, quote, stock
from orders.fulfilment.tests.test_parcels import deliver_facts, pay
from promotions.campaigns.models import CampaignStatus, EndReason, FirstPurchase
from promotions.campaigns.services.lifecycle import end_campaign, pause_campaign
from promotions.group_buy.errors import CompletionNotAllowed, TeamNotFound, TeamNotOpen
from promotions.group_buy.invariants import LAWS
from promotions.group_buy.models import GroupBuy, MemberTally, Seat, Team
from promotions.group_buy.results import result_of_group_buy
from promotions.group_buy.services.ending import complete_team, end_team, sweep_teams, warn_teams
from promotions.group_buy.services.seats import confirm_seat
from promotions.group_buy.tests.making import DAY, HOUR, ask, body, make_group_buy, seated, team_of
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.actors import Actor
from shop.core.models import OutboxEntry
from shop.core.transactions import unit_of_work

pytestmark = pytest.mark.django_db(transaction=True)
MANAGER = Actor.staff("manager")


@pytest.fixture
def tea():
    return SkuFactory(price_fen=10_000, stock=20)


@pytest.fixture
def group(tea):
    """Three together: ¥70 a tin, ¥60 for who opens a team."""
    return make_group_buy((tea, 7000, 6000), budget_fen=100_000)


def cancel(order):
    with unit_of_work():
        cancel_unpaid(order=lock_order(number=order.number), actor=Actor.member(order.member_id), now=clock.now())


def laws():
    return [sentence for law in LAWS for sentence in law()]


def told(order):
    return list(Notification.objects.filter(member=order.member_id).order_by("pk").values_list("event", flat=True))


def facts(name):
    rows = OutboxEntry.objects.filter(fact=name).order_by("pk")
    return [row.payload["order_number"] for row in rows]


def seats(team):
    return list(team.seats.order_by("pk").values_list("status", flat=True))


def state(team):
    team.refresh_from_db()
    return team.status, team.seats_paid, team.seats_taken


def test_a_team_is_opened_by_an_order_and_succeeds_when_its_last_seat_is_paid(group, tea):
    first = seated(group, tea)
    team = team_of(first)
    assert (first.payable_fen, state(team)) == (6000, ("open", 0, 1))
    assert team.due_at - team.opened_at == DAY
    assert first.expires_at - first.placed_at == timedelta(minutes=10)
    pay(first)
    second = seated(group, tea, team=team)
    assert second.payable_fen == 7000
    pay(second)
    third = pay(seated(group, tea, team=team))
    assert state(team) == ("succeeded", 3, 3)
    assert (team.ending, facts("SeatSucceeded")) == ("full", [first.number, second.number, third.number])
    assert [seat.leads for seat in team.seats.all()] == [True, False, False]
    group.refresh_from_db()
    assert group.spent_fen == 4000 + 3000 + 3000
    found = result_of_group_buy(group.pk)
    assert (found.participants, found.orders, found.revenue_fen, found.cost_fen) == (3, 3, 20_000, 10_000)
    assert laws() == []


def test_members_are_told_at_each_turn(group, tea):
    first = pay(seated(group, tea))
    team = team_of(first)
    second = pay(seated(group, tea, team=team))
    third = pay(seated(group, tea, team=team))
    assert told(first) == ["team_opened", "team_joined", "team_missing", "team_succeeded"]
    assert told(second) == ["team_missing", "team_succeeded"]
    assert told(third) == ["team_succeeded"]
    with unit_of_work():
        confirm_seat(order_number=third.number, paid_fen=7000, now=clock.now())
    assert (told(third), len(facts("SeatSucceeded"))) == (["team_succeeded"], 3)


def test_a_seat_is_held_before_it_is_paid_and_freed_when_the_order_is_given_up(group, tea):
    team = team_of(pay(seated(group, tea)))
    waiting = [seated(group, tea, team=team) for _ in range(2)]
    refused = ask(group, tea, team=team)
    assert (refused.status_code, refused.json()["code"]) == (409, "team_full")
    assert (state(team), Order.objects.count(), stock(tea)) == (("open", 1, 3), 3, (17, 3))
    cancel(waiting[0])
    assert (state(team), seats(team)) == (("open", 1, 2), ["paid", "released", "held"])
    cancel(Order.objects.get(pk=waiting[1].pk))
    late = seated(group, tea, team=team)
    assert state(team) == ("open", 1, 2)
    group.refresh_from_db()
    assert (group.spent_fen, late.payable_fen) == (4000 + 3000, 7000)
    assert laws() == []


def test_who_pays_before_the_leader_has_leads(group, tea):
    first = seated(group, tea)
    team = team_of(first)
    second = pay(seated(group, tea, team=team))
    assert (team.seats.get(leads=True).order_number, told(second)) == (second.number, ["team_opened"])
    pay(first)
    pay(seated(group, tea, team=team))
    assert (team.seats.get(leads=True).order_number, state(team)) == (second.number, ("succeeded", 3, 3))
    assert laws() == []


def test_when_the_leader_leaves_the_next_paid_member_leads(group, tea):
    first = seated(group, tea)
    team = team_of(first)
    unpaid = seated(group, tea, team=team)
    paid = pay(seated(group, tea, team=team))
    cancel(first)
    assert team.seats.get(leads=True).order_number == paid.number
    assert (state(team), laws()) == (("open", 1, 2), [])
    pay(unpaid)
    pay(seated(group, tea, team=team))
    assert state(team) == ("succeeded", 3, 3)


def test_a_team_that_nobody_has_paid_for_is_given_up_with_its_last_order(group, tea):
    first = seated(group, tea)
    team = team_of(first)
    second = seated(group, tea, team=team)
    cancel(first)
    assert (state(team)[0], team.seats.get(leads=True).order_number) == ("open", second.number)
    cancel(second)
    assert (state(team), team.ending) == (("given_up", 0, 0), "empty")
    assert (facts("SeatFailed"), laws()) == ([], [])
    group.refresh_from_db()
    assert (group.spent_fen, MemberTally.objects.filter(orders__gt=0).count()) == (0, 0)


def test_a_team_whose_time_is_over_fails_once_and_frees_its_unpaid_seats(group, tea):
    paid = pay(seated(group, tea))
    team = team_of(paid)
    unpaid = seated(group, tea, team=team)
    assert sweep_teams(now=team.due_at - timedelta(seconds=1)) == {"succeeded": 0, "failed": 0}
    assert sweep_teams(now=team.due_at) == {"succeeded": 0, "failed": 1}
    assert sweep_teams(now=team.due_at) == {"succeeded": 0, "failed": 0}
    assert (state(team), team.ending, seats(team)) == (("failed", 1, 1), "time", ["paid", "released"])
    assert (facts("SeatFailed"), facts("SeatReleased")) == ([paid.number], [unpaid.number])
    assert told(paid)[-1] == "team_failed"
    group.refresh_from_db()
    assert (group.spent_fen, laws()) == (0, [])
    assert result_of_group_buy(group.pk).orders == 0


def test_who_pays_after_the_team_has_failed_is_paid_back_and_told(group, tea):
    paid = pay(seated(group, tea))
    team = team_of(paid)
    late = seated(group, tea, team=team)
    sweep_teams(now=team.due_at)
    pay(late)
    assert (state(team), seats(team)) == (("failed", 1, 1), ["paid", "refused"])
    assert (facts("SeatFailed"), told(late)) == ([paid.number, late.number], ["team_closed", "team_missed"])
    assert laws() == []


def test_a_team_without_a_payment_is_given_up_when_its_time_is_over(group, tea):
    unpaid = seated(group, tea)
    team = team_of(unpaid)
    sweep_teams(now=team.due_at)
    assert (state(team), facts("SeatReleased"), told(unpaid)) == (("given_up", 0, 0), [unpaid.number], ["team_closed"])
    assert laws() == []


def test_no_team_outlives_its_campaign(tea):
    group = make_group_buy((tea, 7000), ends_at=clock.now() + HOUR)
    team = team_of(pay(seated(group, tea)))
    assert team.due_at == group.ends_at
    refused = ask(make_group_buy((tea, 7000), ends_at=clock.now() - HOUR), tea)
    assert (refused.status_code, refused.json()["code"]) == (404, "activity_not_found")


def test_a_seat_is_held_no_longer_than_the_team_lives(group, tea):
    team = team_of(pay(seated(group, tea)))
    Team.objects.filter(pk=team.pk).update(due_at=clock.now() + timedelta(minutes=3))
    order = seated(group, tea, team=team)
    assert order.expires_at <= Team.objects.get(pk=team.pk).due_at


def test_teams_of_a_campaign_that_is_stopped_fail_and_of_one_that_is_paused_wait(group, tea):
    team = team_of(pay(seated(group, tea)))
    pause_campaign(kind=GroupBuy.KIND, pk=group.pk, actor=MANAGER, now=clock.now())
    assert sweep_teams(now=clock.now()) == {"succeeded": 0, "failed": 0}
    assert ask(group, tea, team=team).json()["code"] == "activity_not_found"
    end_campaign(kind=GroupBuy.KIND, pk=group.pk, reason=EndReason.STOPPED, actor=MANAGER, now=clock.now())
    assert sweep_teams(now=clock.now()) == {"succeeded": 0, "failed": 1}
    assert (state(team)[0], team.ending) == ("failed", "stopped")


def test_staff_complete_a_team_where_the_campaign_lets_them(tea):
    group = make_group_buy((tea, 7000), completion="by_hand")
    paid = pay(seated(group, tea))
    team = team_of(paid)
    held = seated(group, tea, team=team)
    for _ in range(2):
        complete_team(team_id=team.pk, actor=MANAGER, now=clock.now())
    assert (state(team), team.ending, team.ended_by) == (("succeeded", 1, 2), "by_hand", str(MANAGER))
    assert facts("SeatSucceeded") == [paid.number]
    assert ask(group, tea, team=team).json()["code"] == "team_over"
    # Who held a seat then may still pay, and belongs to it.
    pay(held)
    assert (state(team), facts("SeatSucceeded")) == (("succeeded", 2, 2), [paid.number, held.number])
    with pytest.raises(TeamNotOpen):
        end_team(team_id=team.pk, actor=MANAGER, now=clock.now())
    assert laws() == []


def test_staff_complete_no_team_otherwise_and_end_any(group, tea):
    team = team_of(pay(seated(group, tea)))
    with pytest.raises(CompletionNotAllowed):
        complete_team(team_id=team.pk, actor=MANAGER, now=clock.now())
    assert state(team) == ("open", 1, 1)
    for _ in range(2):
        end_team(team_id=team.pk, actor=MANAGER, now=clock.now())
    assert (state(team), team.ending, len(facts("SeatFailed"))) == (("failed", 1, 1), "by_hand", 1)
    with pytest.raises(TeamNotOpen):
        complete_team(team_id=team.pk, actor=MANAGER, now=clock.now())
    with pytest.raises(TeamNotFound):
        end_team(team_id=team.pk + 1, actor=MANAGER, now=clock.now())


def test_nobody_having_paid_there_is_no_team_to_complete(tea):
    group = make_group_buy((tea, 7000), completion="by_hand")
    team = team_of(seated(group, tea))
    with pytest.raises(CompletionNotAllowed):
        complete_team(team_id=team.pk, actor=MANAGER, now=clock.now())


@pytest.mark.parametrize(("paid", "status"), [(1, "failed"), (2, "succeeded")])
def test_with_so_many_paid_seats_a_team_succeeds_when_its_time_is_over(tea, paid, status):
    group = make_group_buy((tea, 7000), completion="in_time", completes_from=2)
    team = team_of(pay(seated(group, tea)))
    for _ in range(paid - 1):
        pay(seated(group, tea, team=team))
    sweep_teams(now=team.due_at)
    assert (state(team)[0], team.ending, laws()) == (status, "time", [])


def test_members_of_a_team_that_will_soon_be_over_are_told_once(group, tea):
    paid = pay(seated(group, tea))
    team = team_of(paid)
    seated(group, tea, team=team)
    assert warn_teams(now=team.due_at - timedelta(minutes=121)) == 0
    assert warn_teams(now=team.due_at - timedelta(minutes=119)) == 1
    assert warn_teams(now=team.due_at - timedelta(minutes=1)) == 0
    assert told(paid) == ["team_opened", "team_missing"]


def test_only_new_members_join_where_the_campaign_says_so(tea):
    group, old = make_group_buy((tea, 7000), new_joiners_only=True), MemberFactory.create()
    FirstPurchase.objects.create(member=old, order_number="D1", is_paid=True, placed_at=clock.now())
    opened = pay(seated(group, tea, member=old))
    team = team_of(opened)
    other = MemberFactory.create()
    FirstPurchase.objects.create(member=other, order_number="D2", is_paid=True, placed_at=clock.now())
    refused = ask(group, tea, team=team, member=other)
    assert (refused.status_code, refused.json()["code"]) == (409, "team_for_new_members")
    assert seated(group, tea, team=team).payable_fen == 7000


def test_a_member_has_one_seat_in_a_team(group, tea):
    member = MemberFactory.create()
    client = buyer(member)
    assert place(client, body(group, tea)).status_code == 201
    team = Team.objects.get()
    again = place(client, body(group, tea, team=team))
    assert (again.status_code, again.json()["code"]) == (409, "team_joined_already")
    assert (state(team), Order.objects.count()) == (("open", 0, 1), 1)


def test_orders_of_a_member_are_limited_and_given_up_ones_do_not_count(tea):
    group, client = make_group_buy((tea, 7000), limit_per_member=1), buyer(MemberFactory.create())
    first = place(client, body(group, tea)).json()
    assert place(client, body(group, tea)).json()["code"] == "group_buy_limit_reached"
    assert Team.objects.count() == 1
    cancel(Order.objects.get(number=first["number"]))
    assert place(client, body(group, tea)).status_code == 201
    assert (MemberTally.objects.get().orders, laws()) == (1, [])


def test_the_budget_holds_and_a_seat_that_is_given_up_returns_its_share(tea):
    group = make_group_buy((tea, 7000), budget_fen=5999)
    first = seated(group, tea)
    refused = ask(group, tea)
    assert (refused.status_code, refused.json()["code"]) == (409, "campaign_budget_spent")
    assert (Team.objects.count(), Seat.objects.count()) == (1, 1)
    cancel(first)
    assert seated(group, tea).payable_fen == 7000
    group.refresh_from_db()
    assert group.spent_fen == 3000


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"status": CampaignStatus.PAUSED}, 404, "activity_not_found"),
        ({"status": CampaignStatus.DRAFT}, 404, "activity_not_found"),
        ({"new_members_only": True}, 409, "campaign_for_new_members"),
        ({"units_per_order": 1}, 409, "group_buy_units"),
    ],
)
def test_a_quote_says_why_not(tea, fields, status, code):
    group, member = make_group_buy((tea, 7000), **fields), MemberFactory.create()
    FirstPurchase.objects.create(member=member, order_number="D1", is_paid=True, placed_at=clock.now())
    client = buyer(member)
    for send in (quote, place):
        answer = send(client, body(group, tea, units=2))
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Team.objects.exists()


def test_other_goods_and_teams_are_none_of_the_campaigns(group, tea):
    client, other = buyer(MemberFactory.create()), SkuFactory(price_fen=500, stock=5)
    assert quote(client, body(group, other)).json()["code"] == "group_buy_other_goods"
    more = body(group, tea)
    more["items"].append({"sku_id": other.pk, "quantity": 1})
    assert quote(client, more).json()["code"] == "activity_goods"
    foreign = team_of(seated(make_group_buy((tea, 5000)), tea))
    assert quote(client, body(group, tea, team=foreign)).json()["code"] == "team_not_found"


def test_goods_wait_for_the_team(group, tea):
    orders = [pay(seated(group, tea))]
    team = team_of(orders[0])
    deliver_facts()
    assert not OutboxEntry.objects.exclude(status="done").exists()
    orders += [pay(seated(group, tea, team=team)) for _ in range(2)]
    deliver_facts()
    assert {row.status for row in OutboxEntry.objects.all()} == {"done"}


def test_who_leads_next_is_told_and_so_is_whose_unpaid_seat_is_closed(tea):
    group = make_group_buy((tea, 8000))
    first = seated(group, tea)
    team = team_of(first)
    second, third = seated(group, tea, team=team), seated(group, tea, team=team)
    cancel(first)
    assert (told(second), told(third)) == (["team_leads"], [])
    pay(second)
    for _ in range(2):
        sweep_teams(now=clock.now() + 2 * DAY)
    deliver_facts()
    third.refresh_from_db()
    assert (third.status, told(third).count("team_closed"), told(second).count("team_closed")) == ("cancelled", 1, 0)
