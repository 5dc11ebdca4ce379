"""From what a form holds to a rule and back, so that nobody types a rule as data."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from points.rules.spec import (
    WHOLE_BP,
    ByStreak,
    ByTier,
    Channels,
    Combine,
    Condition,
    Days,
    Effect,
    FirstOrder,
    Fixed,
    Goods,
    Holidays,
    Limit,
    MemberDay,
    MinimumSpend,
    Multiplier,
    PerAmount,
    Period,
    RuleSpec,
    Scope,
    Segments,
    Tiers,
    Unit,
    Weekdays,
)

STREAK_ROWS = 5
LIMIT_ROWS = 3
PER_AMOUNT, MULTIPLIER, FIXED, BY_TIER, BY_STREAK = "per_amount", "multiplier", "fixed", "by_tier", "by_streak"
NO_HOLIDAYS, ANY_HOLIDAY, THESE_HOLIDAYS = "", "any", "these"


def spec_from(values: Mapping[str, Any], tiers: Mapping[int, str]) -> RuleSpec | None:
    """The rule that the cleaned values make; None while they do not say what it gives. `tiers` are codes by id."""
    effect = _effect(values, tiers)
    if effect is None or not values.get("event"):
        return None
    return RuleSpec(
        event=values["event"],
        effect=effect,
        conditions=tuple(_conditions(values)),
        limits=tuple(_limits(values)),
        priority=values.get("priority") or 0,
        group=values.get("group") or "",
        combine=Combine(values.get("combine") or Combine.STACK),
        first_day=values.get("first_day"),
        last_day=values.get("last_day"),
        tier_multiplier=bool(values.get("tier_multiplier")) and not isinstance(effect, Multiplier),
        expiry_policy_id=getattr(values.get("expiry_policy"), "pk", None),
    )


def values_of(spec: RuleSpec, tiers: Mapping[int, str]) -> dict[str, Any]:
    """What a form is filled with, for the rule to come back the same."""
    values: dict[str, Any] = {
        "event": spec.event,
        "priority": spec.priority,
        "group": spec.group,
        "combine": spec.combine.value,
        "first_day": spec.first_day,
        "last_day": spec.last_day,
        "tier_multiplier": spec.tier_multiplier,
        "expiry_policy": spec.expiry_policy_id,
    }
    values |= _effect_values(spec.effect, tiers)
    for condition in spec.conditions:
        values |= _condition_values(condition)
    for row, limit in enumerate(spec.limits, 1):
        values |= {
            f"limit_{row}_amount": limit.amount,
            f"limit_{row}_unit": limit.unit.value,
            f"limit_{row}_scope": limit.scope.value,
            f"limit_{row}_period": limit.period.value,
        }
    return values


def _effect(values: Mapping[str, Any], tiers: Mapping[int, str]) -> Effect | None:
    kind = values.get("effect")
    if kind == PER_AMOUNT and values.get("rate_points") and values.get("rate_fen"):
        return PerAmount(values["rate_points"], values["rate_fen"])
    if kind == MULTIPLIER and values.get("times"):
        return Multiplier(int(values["times"] * WHOLE_BP))
    if kind == FIXED and values.get("points"):
        return Fixed(values["points"])
    if kind == BY_TIER:
        table = tuple((code, some) for pk, code in tiers.items() if (some := values.get(f"tier_{pk}_points")))
        return ByTier(table) if table else None
    if kind == BY_STREAK:
        rows = ((values.get(f"streak_{n}_day"), values.get(f"streak_{n}_points")) for n in range(1, STREAK_ROWS + 1))
        steps = tuple(sorted((day, some) for day, some in rows if day and some))
        return ByStreak(steps, repeats=bool(values.get("streak_repeats"))) if steps else None
    return None


def _effect_values(effect: Effect, tiers: Mapping[int, str]) -> dict[str, Any]:
    match effect:
        case PerAmount(points=points, per_fen=per_fen):
            return {"effect": PER_AMOUNT, "rate_points": points, "rate_fen": per_fen}
        case Multiplier(bp=bp):
            return {"effect": MULTIPLIER, "times": Decimal(bp) / WHOLE_BP}
        case Fixed(points=points):
            return {"effect": FIXED, "points": points}
        case ByTier(points=table):
            ids = {code: pk for pk, code in tiers.items()}
            known = {f"tier_{ids[code]}_points": some for code, some in table if code in ids}
            return {"effect": BY_TIER, **known}
        case ByStreak(steps=steps, repeats=repeats):
            rows = {f"streak_{n}_day": day for n, (day, _) in enumerate(steps, 1)}
            rows |= {f"streak_{n}_points": some for n, (_, some) in enumerate(steps, 1)}
            return {"effect": BY_STREAK, "streak_repeats": repeats, **rows}


def _conditions(values: Mapping[str, Any]) -> Iterator[Condition]:
    if values.get("tiers"):
        yield Tiers(tuple(tier.code for tier in values["tiers"]))
    if values.get("segments"):
        yield Segments(_ids(values["segments"]))
    if values.get("first_order"):
        yield FirstOrder()
    if values.get("channels"):
        yield Channels(tuple(values["channels"]))
    if values.get("days_first") or values.get("days_last"):
        yield Days(values.get("days_first"), values.get("days_last"))
    if values.get("weekdays"):
        yield Weekdays(tuple(sorted(int(day) for day in values["weekdays"])))
    if values.get("member_day"):
        yield MemberDay()
    if values.get("on_holidays") == ANY_HOLIDAY:
        yield Holidays()
    elif values.get("on_holidays") == THESE_HOLIDAYS and values.get("holidays"):
        yield Holidays(_ids(values["holidays"]))
    for prefix, excluded in (("", False), ("not_", True)):
        kinds = ("categories", "products", "brands")
        categories, products, brands = (_ids(values.get(f"{prefix}{kind}") or ()) for kind in kinds)
        if categories or products or brands:
            yield Goods(categories, products, brands, excluded)
    if values.get("minimum_fen"):
        yield MinimumSpend(values["minimum_fen"])


def _condition_values(condition: Condition) -> dict[str, Any]:
    match condition:
        case Tiers(codes=codes):
            return {"tiers": list(codes)}
        case Segments(ids=ids):
            return {"segments": list(ids)}
        case FirstOrder():
            return {"first_order": True}
        case Channels(names=names):
            return {"channels": list(names)}
        case Days(first=first, last=last):
            return {"days_first": first, "days_last": last}
        case Weekdays(days=days):
            return {"weekdays": [str(day) for day in days]}
        case MemberDay():
            return {"member_day": True}
        case Holidays(ids=ids):
            return {"on_holidays": THESE_HOLIDAYS if ids else ANY_HOLIDAY, "holidays": list(ids)}
        case MinimumSpend(fen=fen):
            return {"minimum_fen": fen}
        case Goods() as goods:
            prefix = "not_" if goods.excluded else ""
            return {
                f"{prefix}categories": list(goods.category_ids),
                f"{prefix}products": list(goods.product_ids),
                f"{prefix}brands": list(goods.brand_ids),
            }


def _limits(values: Mapping[str, Any]) -> Iterator[Limit]:
    for row in range(1, LIMIT_ROWS + 1):
        amount = values.get(f"limit_{row}_amount")
        if amount:
            yield Limit(
                Scope(values.get(f"limit_{row}_scope") or Scope.MEMBER),
                Period(values.get(f"limit_{row}_period") or Period.DAY),
                amount,
                Unit(values.get(f"limit_{row}_unit") or Unit.POINTS),
            )


def _ids(rows: Any) -> tuple[int, ...]:
    return tuple(sorted(row.pk for row in rows))


def is_backwards(first: date | None, last: date | None) -> bool:
    return first is not None and last is not None and last < first
