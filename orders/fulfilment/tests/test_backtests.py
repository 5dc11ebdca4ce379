"""A draft on the orders of the past: cost, who is cut by a limit, who wins and loses, all worked out by hand."""

from datetime import date

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from members.identity.tests.factories import MemberFactory
from orders.checkout.models import Order
from orders.checkout.tests.making import buyer, ordered
from orders.fulfilment.tests.test_parcels import pay
from points.ledger.models import PointTransaction
from points.rules.errors import BacktestTooLong
from points.rules.models import Backtest, EarningRule, RuleCounter
from points.rules.services import publish_rule
from points.rules.services.backtesting import (
    ABANDONED,
    ask_for_backtest,
    forget,
    retry_backtest,
    run_backtests,
    stop_backtest,
)
from points.rules.simulation import Simulation
from points.rules.spec import Fixed, Limit, PerAmount, Period, Scope, Weekdays
from points.rules.tests.making import at, double, spec
from points.rules.tests.publishing import STAFF, drafted, first_rule, publish
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.job_centre import CannotBeStopped

pytestmark = pytest.mark.django_db(transaction=True)
NOW = at(2026, 4, 10)
A_DAY = Limit(Scope.MEMBER, Period.DAY, 500)


@pytest.fixture
def past():
    """(first, second): two members, who bought for ¥400 on Friday, twice on Saturday and once on Sunday."""
    first, second = MemberFactory(), MemberFactory()
    sku = SkuFactory(price_fen=40_000, stock=20)
    clients = {each.pk: buyer(each) for each in (first, second)}
    bought = [
        (first, at(2026, 3, 27)),
        (first, at(2026, 3, 28, 0)),
        (first, at(2026, 3, 28, 23, 59, 59)),
        (second, at(2026, 3, 29, 0)),
    ]
    for member, paid_at in bought:
        order = pay(ordered(clients[member.pk], (sku, 1)))
        Order.objects.filter(pk=order.pk).update(paid_at=paid_at)
    return first, second


def backtest(rule, first=date(2026, 3, 1), last=date(2026, 3, 31), *, ignores_validity=True):
    asked = ask_for_backtest(
        rule=rule, first_day=first, last_day=last, ignores_validity=ignores_validity, actor=STAFF, now=NOW
    )
    assert run_backtests(now=NOW) == 1
    asked.refresh_from_db()
    return asked


def test_cost_limits_and_winners_of_a_new_rule(past):
    rule = drafted(double(conditions=(Weekdays((6,)),), limits=(A_DAY,), first_day=date(2027, 1, 1)), name="周六")
    found = backtest(rule)
    assert (found.status, found.orders, found.done) == ("done", 4, 4)
    findings = found.findings
    # 400 for each order; on Saturday 400 more, and of the second 400 only 100 are left.
    assert findings["live"] == {"points": 1_600, "fen": 1_600}
    assert findings["draft"] == {"points": 2_100, "fen": 2_100}
    assert (findings["changed_orders"], findings["members"]) == (2, 2)
    by_name = {row["name"]: row for row in findings["rules"]}
    assert by_name["周六"] == {"name": "周六", "is_draft": True, "live": 0, "draft": 500, "hits": 1, "withheld": 300}
    assert (findings["winners"], findings["losers"]) == ([[past[0].pk, 500]], [])
    assert not RuleCounter.objects.exists()
    assert not PointTransaction.objects.exists()


def test_a_change_of_a_live_rule_is_set_against_what_it_says_now(past):
    rule = first_rule()
    EarningRule.objects.filter(pk=rule.pk).update(draft=spec(PerAmount(1, 200)).stored())
    rule.refresh_from_db()
    findings = backtest(rule, last=date(2026, 3, 28)).findings
    assert (findings["live"]["points"], findings["draft"]["points"]) == (1_200, 600)
    assert findings["losers"] == [[past[0].pk, -600]]


def test_validity_may_count(past):
    rule = drafted(spec(Fixed(10), first_day=date(2026, 3, 29)))
    assert backtest(rule, ignores_validity=False).findings["draft"]["points"] == 1_610
    assert backtest(rule).findings["draft"]["points"] == 1_640


def test_what_a_dead_worker_left_is_taken_up_again(past):
    rule = drafted(spec(Fixed(10)))
    asked = ask_for_backtest(
        rule=rule, first_day=date(2026, 3, 1), last_day=date(2026, 3, 31), ignores_validity=True, actor=STAFF, now=NOW
    )
    Backtest.objects.filter(pk=asked.pk).update(status="running", started_at=NOW, done=2)
    assert run_backtests(now=NOW) == 0
    assert run_backtests(now=NOW + ABANDONED * 2) == 1
    asked.refresh_from_db()
    assert (asked.status, asked.findings["draft"]["points"]) == ("done", 1_640)


def test_a_backtest_that_fails_says_so_and_the_next_one_runs(past, settings):
    rule = drafted(spec(Fixed(10)))
    asked = ask_for_backtest(
        rule=rule, first_day=date(2026, 3, 1), last_day=date(2026, 3, 2), ignores_validity=True, actor=STAFF, now=NOW
    )
    settings.EARNING_HISTORY = "orders.fulfilment.past_orders.nobody"
    with pytest.raises(ImportError):
        run_backtests(now=NOW)
    asked.refresh_from_db()
    assert asked.status == "failed"
    settings.EARNING_HISTORY = "orders.fulfilment.past_orders.PAST_ORDERS"
    assert backtest(rule).status == "done"


def test_a_span_has_its_bounds_and_old_ones_are_forgotten():
    rule = drafted(spec(Fixed(10)))
    with pytest.raises(BacktestTooLong):
        backtest(rule, date(2025, 1, 1), date(2026, 1, 2))
    assert not Backtest.objects.exists()
    assert backtest(rule, date(2025, 1, 1), date(2026, 1, 1)).findings["rules"] != []
    assert forget(before=NOW) == 0
    assert forget(before=at(2026, 7, 10)) == 1


def test_the_page_asks_and_shows(past, client, django_user_model):
    rule = drafted(double(limits=(A_DAY,)), name="天天双倍")
    publish_rule(rule_id=rule.pk, actor=STAFF, now=NOW)
    publish(spec(Fixed(3)), name="见面礼", now=NOW)
    merchant = django_user_model.objects.create_user("merchant", password="x", is_staff=True)
    merchant.user_permissions.set(Permission.objects.filter(content_type__app_label__in=["rules", "identity"]))
    client.force_login(merchant)
    with clock.fixed(NOW):
        url = reverse("admin:rules_earningrule_backtest", args=[rule.pk])
        backwards = client.post(url, {"first_day": "2026-03-31", "last_day": "2026-03-01"})
        assert "last_day" in backwards.context["form"].errors
        page = client.post(url, {"first_day": "2026-03-01", "last_day": "2026-03-31", "ignores_validity": "on"}).url
        assert "data-running" in client.get(page).content.decode()
        run_backtests(now=NOW)
        shown = client.get(page).content.decode()
    assert "天天双倍" in shown
    assert "data-running" not in shown
    assert "¥0.00" in shown


def test_a_backtest_stopped_while_it_is_computed_keeps_nothing_and_can_be_begun_again(past, monkeypatch):
    asked = ask_for_backtest(
        rule=drafted(spec(Fixed(10))),
        first_day=date(2026, 3, 1),
        last_day=date(2026, 3, 31),
        ignores_validity=True,
        actor=STAFF,
        now=NOW,
    )
    add = Simulation.add

    def stopped_meanwhile(simulation, batch):
        add(simulation, batch)
        stop_backtest(pk=asked.pk, actor=STAFF, now=NOW)

    with monkeypatch.context() as while_computed:
        while_computed.setattr(Simulation, "add", stopped_meanwhile)
        run_backtests(now=NOW)
    asked.refresh_from_db()
    assert (asked.status, asked.findings) == ("stopped", {})
    assert run_backtests(now=NOW) == 0
    retry_backtest(pk=asked.pk, actor=STAFF, now=NOW)
    assert run_backtests(now=NOW) == 1
    asked.refresh_from_db()
    assert (asked.status, asked.done, asked.findings["draft"]["points"]) == ("done", 4, 1_640)
    with pytest.raises(CannotBeStopped):
        stop_backtest(pk=asked.pk, actor=STAFF, now=NOW)
