"""Rules, events and earners for tests."""

from datetime import UTC, datetime, timedelta

from points.rules.engine import LiveRule, RuleSet, by_priority, evaluate
from points.rules.events import Earner, EarningEvent, EarningLine
from points.rules.screening import Calendar
from points.rules.spec import Multiplier, PerAmount, RuleSpec

TEA, GREEN_TEA, CUPS = "0001", "00010001", "0002"
TEA_ID, GREEN_ID, CUPS_ID = 1, 2, 3
PATHS = {TEA_ID: TEA, GREEN_ID: GREEN_TEA, CUPS_ID: CUPS}


def at(year, month, day, hour=12, minute=0, second=0):
    """An instant by the clocks of Shanghai."""
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC) - timedelta(hours=8)


# A Saturday.
SATURDAY = at(2026, 3, 28)


def line(net_fen, path=TEA, *, product_id=1, brand_id=None):
    return EarningLine(product_id, product_id, path, 1, net_fen, brand_id)


def bought(*lines, when=SATURDAY, member_id=7, reference="order:1", **fields):
    return EarningEvent("order", reference, member_id, when, lines=tuple(lines), **fields)


def somebody(tier="normal", bp=10_000, segments=()):
    return Earner(7, tier, bp, frozenset(segments))


def spec(effect=None, **fields):
    return RuleSpec(event=fields.pop("event", "order"), effect=effect or PerAmount(), **fields)


def rule_set(*specs, calendar=None):
    """Rules 1, 2, 3, …, each in its version 10, 20, 30, …, named after their numbers."""
    rules = [LiveRule(n, n * 10, f"rule {n}", each) for n, each in enumerate(specs, 1)]
    return RuleSet(99, by_priority(rules), calendar or Calendar(), PATHS)


def told(event, earner, rules, counters=None):
    """Points in all, and (rule, code, points) of each step."""
    found = evaluate(event, earner, rules, counters or {})
    return found.points, [(step.rule_id, str(step.code), step.points) for step in found.steps]


def double(**fields):
    return spec(Multiplier(20_000), **fields)
