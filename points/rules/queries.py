"""Reads of earning rules: what something would earn, and the guide for members."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from members.tiers.queries import ladder
from points.ledger.preferences import POINTS_PER_YUAN
from points.rules.counters import read_counters
from points.rules.counting import CounterKey, Used
from points.rules.earners import earner_at
from points.rules.engine import Evaluation, LiveRule, RuleSet, bounded, counter_keys, evaluate, worth
from points.rules.events import ORDER, Earner, EarningEvent, EarningLine, kind_of
from points.rules.live import SEEN, live_rules
from points.rules.models import shown_name
from points.rules.naming import Names, names_for
from points.rules.sentences import sentence
from points.rules.spec import FirstOrder
from shop.core.clock import business_day

QUOTE = "quote"


def preview_earning(
    *,
    earner: Earner,
    lines: Sequence[EarningLine],
    channel: str,
    now: datetime,
    is_first_order: Callable[[], bool] = lambda: False,
) -> int:
    """The points that an order of these lines would earn for this member if it were paid now.

    By the rules of a few seconds ago: what is earned is decided when it is paid. One query at most, for limits where
    rules have them; whether it is the first order is asked only where a rule wants to know.
    """
    assert earner.member_id is not None
    rules = SEEN.value()
    wanted = any(isinstance(each, FirstOrder) for rule in rules.rules for each in rule.spec.conditions)
    event = EarningEvent(
        ORDER.code,
        QUOTE,
        earner.member_id,
        now,
        lines=tuple(lines),
        channel=channel,
        is_first_order=wanted and is_first_order(),
    )
    return worth(event, earner, rules, _counters(event, earner, rules))


def try_event(event: EarningEvent, rules: RuleSet) -> Evaluation:
    """What the event would earn by these rules, with their limits as they are used up now; nothing is written."""
    earner = earner_at(member_id=event.member_id, at=event.at, rules=rules)
    return evaluate(event, earner, rules, _counters(event, earner, rules))


def _counters(event: EarningEvent, earner: Earner, rules: RuleSet) -> dict[CounterKey, Used]:
    return read_counters(counter_keys(event, bounded(event, earner, rules)))


def guide(*, now: datetime) -> dict[str, Any]:
    """How points are earned, rule by rule in the reader's language, without the rules that are over."""
    today, rules = business_day(now), live_rules()
    shown = [rule for rule in rules.rules if rule.spec.last_day is None or rule.spec.last_day >= today]
    names = names_for([rule.spec for rule in shown], today=today)
    return {
        "version": rules.version,
        "points_per_yuan": POINTS_PER_YUAN.value(),
        "rules": [_in_guide(rule, names) for rule in shown],
        "tiers": [{**tier, **tier["benefits"]} for tier in ladder()],
    }


def _in_guide(rule: LiveRule, names: Names) -> dict[str, Any]:
    spec = rule.spec
    return {
        "id": rule.rule_id,
        "name": shown_name(rule.name),
        "event": spec.event,
        "event_label": str(kind_of(spec.event).label),
        "sentence": sentence(spec, names, for_staff=False),
        "is_open": spec.is_valid_on(names.today),
        "first_day": spec.first_day,
        "last_day": spec.last_day,
    }
