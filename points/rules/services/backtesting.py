"""Backtests: asked for by staff, computed by a job in batches with visible progress."""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from points.ledger.queries import points_worth_fen
from points.rules.engine import LiveRule, RuleSet
from points.rules.errors import BacktestTooLong
from points.rules.history import past_orders
from points.rules.live import categories_named, live_rules
from points.rules.models import Backtest, EarningRule
from points.rules.simulation import Side, Simulation
from points.rules.spec import RuleSpec
from shop.core import clock
from shop.core.actors import Actor
from shop.core.clock import day_bounds
from shop.core.job_centre import CannotBeRetried, CannotBeStopped
from shop.core.transactions import use_case

MOST_DAYS = 366
SHOWN = 10
# Longer than a task may live: whoever was computing it is gone.
ABANDONED = timedelta(minutes=11)
Status = Backtest.Status


@use_case
def ask_for_backtest(
    *, rule: EarningRule, first_day: date, last_day: date, ignores_validity: bool, actor: Actor, now: datetime
) -> Backtest:
    """Have the rule's draft tried on the orders paid on these days. Raises BacktestTooLong."""
    if (last_day - first_day).days >= MOST_DAYS:
        raise BacktestTooLong(days=MOST_DAYS)
    return Backtest.objects.create(
        rule=rule,
        name=rule.name,
        definition=rule.draft,
        first_day=first_day,
        last_day=last_day,
        ignores_validity=ignores_validity,
        actor=str(actor)[:80],
        created_at=now,
    )


def run_backtests(*, now: datetime) -> int:
    """Compute what is waiting, one after the other; returns how many."""
    done = 0
    while (backtest := _claim(now)) is not None:
        try:
            _compute(backtest)
        except Exception:
            _mine(backtest).update(status=Status.FAILED, finished_at=clock.now())
            raise
        done += 1
    return done


@use_case
def stop_backtest(*, pk: int, actor: Actor, now: datetime) -> None:
    """Whoever computes it notices with the next batch. Raises CannotBeStopped."""
    going = Backtest.objects.filter(pk=pk, status__in=[Status.WAITING, Status.RUNNING])
    if not going.update(status=Status.STOPPED, finished_at=now):
        raise CannotBeStopped


@use_case
def retry_backtest(*, pk: int, actor: Actor, now: datetime) -> None:
    """Computed again from the start: what was found before takes no part in it. Raises CannotBeRetried."""
    over = Backtest.objects.filter(pk=pk, status__in=[Status.STOPPED, Status.FAILED])
    if not over.update(status=Status.WAITING, started_at=None, finished_at=None, done=0, findings={}):
        raise CannotBeRetried


def _mine(backtest: Backtest) -> QuerySet[Backtest]:
    """The row, as long as nobody has stopped it or taken it over."""
    return Backtest.objects.filter(pk=backtest.pk, status=Status.RUNNING, started_at=backtest.started_at)


@use_case
def _claim(now: datetime) -> Backtest | None:
    """The next one that nobody is computing, now claimed."""
    free = Backtest.objects.filter(status=Status.WAITING) | Backtest.objects.filter(
        status=Status.RUNNING, started_at__lt=now - ABANDONED
    )
    backtest = free.order_by("pk").select_for_update(skip_locked=True).first()
    if backtest is not None:
        backtest.status, backtest.started_at, backtest.done = Status.RUNNING, now, 0
        backtest.save(update_fields=["status", "started_at", "done"])
    return backtest


def _compute(backtest: Backtest) -> None:
    since, until = day_bounds(backtest.first_day)[0], day_bounds(backtest.last_day)[1]
    simulation = _prepared(backtest)
    orders, rows = past_orders(), _mine(backtest)
    rows.update(orders=orders.count(since=since, until=until))
    for batch in orders.events(since=since, until=until):
        simulation.add(batch)
        if not rows.update(done=simulation.orders):
            return
    rows.update(
        status=Status.DONE,
        orders=simulation.orders,
        findings=_findings(simulation),
        finished_at=clock.now(),
    )


def _prepared(backtest: Backtest) -> Simulation:
    draft = LiveRule(backtest.rule_id, 0, backtest.name, RuleSpec.of(backtest.definition))
    live = live_rules(category_ids=categories_named(draft))
    drafted = live.with_draft(draft)
    if backtest.ignores_validity:
        live, drafted = _always(live, draft.rule_id), _always(drafted, draft.rule_id)
    return Simulation(Side(live), Side(drafted))


def _always(rules: RuleSet, rule_id: int) -> RuleSet:
    chosen = next((rule for rule in rules.rules if rule.rule_id == rule_id), None)
    if chosen is None:
        return rules
    return rules.with_draft(LiveRule(chosen.rule_id, chosen.version_id, chosen.name, chosen.spec.always_valid()))


def _findings(simulation: Simulation) -> dict[str, Any]:
    live, draft = simulation.live, simulation.draft
    changed = Counter({pk: more for pk, more in simulation.by_member.items() if more})
    ranked = changed.most_common()
    return {
        "members": len(simulation.by_member),
        "changed_orders": simulation.changed_orders,
        "worth_fen": simulation.worth_fen,
        "live": {"points": live.points, "fen": points_worth_fen(live.points)},
        "draft": {"points": draft.points, "fen": points_worth_fen(draft.points)},
        "rules": [_about(rule, live, draft) for rule in draft.rules.rules],
        "winners": [each for each in ranked if each[1] > 0][:SHOWN],
        "losers": [each for each in reversed(ranked) if each[1] < 0][:SHOWN],
        "won": sum(1 for more in changed.values() if more > 0),
        "lost": sum(1 for more in changed.values() if more < 0),
    }


def _about(rule: LiveRule, live: Side, draft: Side) -> dict[str, Any]:
    pk = rule.rule_id
    return {
        "name": rule.name,
        "is_draft": rule.version_id == 0,
        "live": live.by_rule[pk],
        "draft": draft.by_rule[pk],
        "hits": draft.hits[pk],
        "withheld": draft.withheld[pk],
    }


def forget(*, before: datetime) -> int:
    """Delete what was asked for before; returns how many."""
    return Backtest.objects.filter(created_at__lt=before).delete()[0]
