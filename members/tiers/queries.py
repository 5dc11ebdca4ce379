"""Reads of tiers: what a member enjoys, where the member stands, and what is missing for more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import BigIntegerField, QuerySet, Subquery
from django.db.models.functions import Coalesce

from members.identity.models import Member
from members.tiers.engine import Growth, Question, Rules, Standing, Step, Window, newcomer
from members.tiers.ledger import growth_of
from members.tiers.models import MemberTier, Tier, TierChange, TierRequirement
from members.tiers.rules import rules_in_force
from members.tiers.standings import read_standings
from shop.core.clock import business_day, day_bounds
from shop.core.kept import Kept
from shop.core.prepared import Prepared, columns

HISTORY_SHOWN = 20
# The last change up to the instant says it, or else where the first one after it came from, or else no change ever did.
_HELD_AT = Prepared(
    "tiers_held_at",
    f"""
SELECT {columns(Tier, "held")}
FROM unnest(%s::bigint[], %s::timestamptz[]) WITH ORDINALITY AS asked(member_id, at, place)
JOIN tiers_tier held ON held.id = coalesce(
        (SELECT to_tier_id FROM tiers_tierchange
         WHERE member_id = asked.member_id AND changed_at <= asked.at ORDER BY id DESC LIMIT 1),
        (SELECT from_tier_id FROM tiers_tierchange WHERE member_id = asked.member_id ORDER BY id LIMIT 1),
        (SELECT tier_id FROM tiers_membertier WHERE member_id = asked.member_id),
        (SELECT tier_id FROM tiers_tierrequirement WHERE threshold = 0 ORDER BY policy_id DESC LIMIT 1))
ORDER BY asked.place
""",
)


@dataclass(frozen=True)
class Benefits:
    """What a tier gives: shares in basis points, points as numbers, a higher priority first."""

    tier_code: str
    points_multiplier_bp: int
    discount_bp: int
    free_shipping: bool
    priority: int
    exclusive_service: bool
    birthday_points: int
    exclusive_zone: bool


def benefits_of(*, member_id: int) -> Benefits:
    """What pricing, points and logistics owe the member now, in one query."""
    row = _tier_of(member_id).values_list(
        "code",
        "points_multiplier_bp",
        "discount_bp",
        "free_shipping",
        "priority",
        "exclusive_service",
        "birthday_points",
        "exclusive_zone",
    )[0]
    return Benefits(*row)


def tier_of(tier_id: int | None) -> Tier | None:
    """The tier with what it gives, out of what is kept of all tiers."""
    if tier_id is not None and tier_id not in TIERS.value():
        TIERS.forget()
    return TIERS.value().get(tier_id or 0)


def tiers_at(asked: Sequence[tuple[int, datetime]]) -> list[Tier]:
    """The tiers that these members held at these instants, in their order; one query for any number."""
    return _HELD_AT.all(Tier, [list(column) for column in zip(*asked, strict=True)]) if asked else []


def profile_of(member_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """`tier` and `growth` of the members' profiles, in one query; see `MEMBER_PROFILE_PROVIDERS`."""
    rows = Member.objects.filter(pk__in=member_ids).values_list("pk", "tier_standing__growth", held_tier_id())
    found = list(rows)
    tiers = Tier.objects.in_bulk({tier_id for _, _, tier_id in found})
    return {pk: {"tier": present(tiers[tier_id]), "growth": growth or 0} for pk, growth, tier_id in found}


def present(tier: Tier) -> dict[str, str]:
    """Code and name, in the reader's language."""
    return {"code": tier.code, "name": name_of(tier)}


def name_of(tier: Tier) -> str:
    return str(tier)


def present_benefits(tier: Tier) -> dict[str, Any]:
    return {
        "points_multiplier_bp": tier.points_multiplier_bp,
        "discount_bp": tier.discount_bp,
        "free_shipping": tier.free_shipping,
        "priority_shipping": tier.priority > 0,
        "exclusive_service": tier.exclusive_service,
        "birthday_points": tier.birthday_points,
        "exclusive_zone": tier.exclusive_zone,
    }


def ladder() -> list[dict[str, Any]]:
    """All tiers in use from below, what each asks for and gives; two queries."""
    rules = rules_in_force().rules
    tiers = _tiers(rules)
    return [
        {
            **present(tiers[step.tier_id]),
            "threshold": step.threshold,
            "retention": step.retention,
            "benefits": present_benefits(tiers[step.tier_id]),
        }
        for step in rules.ladder
    ]


def my_tier(*, member_id: int, now: datetime) -> dict[str, Any]:
    """The member's tier with its benefits, growth, what is missing for the next tier and for keeping this one."""
    rules, today = rules_in_force().rules, business_day(now)
    tiers = _tiers(rules)
    standing = read_standings(MemberTier.objects.filter(pk=member_id)).get(member_id) or newcomer(rules)
    growth = _progress(rules, standing, member_id, today)
    held = tiers.get(standing.tier_id) or Tier.objects.get(pk=standing.tier_id)
    return {
        "tier": present(held),
        "benefits": present_benefits(held),
        "growth": growth.in_window,
        "window": _window(rules, today),
        "valid_until": _instant(standing.valid_until),
        "set_by_hand": _by_hand(standing),
        "next": _next(rules, tiers, standing, growth),
        "keep": _keep(rules, standing, growth),
        "history": _history(member_id),
    }


def _progress(rules: Rules, standing: Standing, member_id: int, today: date) -> Growth:
    """Growth in today's window, and growth so far towards keeping the earned tier."""
    ends = standing.valid_until
    kept_first = rules.kept_first(ends) if ends else None
    kept_after = rules.grace_end(ends) if ends else None
    window_first = rules.window_first(today)
    question = Question(window_first, kept_first, kept_after, window_first)
    return growth_of({member_id: question}, today=today).get(member_id, Growth())


def _window(rules: Rules, today: date) -> dict[str, Any]:
    first = rules.window_first(today)
    year_end = date(today.year + 1, 1, 1) if rules.window == Window.CALENDAR_YEAR else None
    return {"kind": rules.window, "from": _instant(first), "until": _instant(year_end)}


def _by_hand(standing: Standing) -> dict[str, Any] | None:
    """Only where the hand decides; a favour that growth has overtaken is not worth a word."""
    manual = standing.manual
    if manual is None or (manual.tier_id != standing.tier_id or standing.tier_id == standing.earned_tier_id):
        return None
    return {"until": _instant(manual.until)}


def _next(rules: Rules, tiers: Mapping[int, Tier], standing: Standing, growth: Growth) -> dict[str, Any] | None:
    above = rules.rank(standing.tier_id) + 1
    if above >= len(rules.ladder):
        return None
    step = rules.ladder[above]
    missing = max(step.threshold - growth.in_window, 0)
    return {**present(tiers[step.tier_id]), "threshold": step.threshold, "growth_needed": missing}


def _keep(rules: Rules, standing: Standing, growth: Growth) -> dict[str, Any] | None:
    """What the earned tier needs at its end; None where nothing ends."""
    ends = standing.valid_until
    rank = rules.rank(standing.earned_tier_id)
    if ends is None or rank < 0:
        return None
    step: Step = rules.ladder[rank]
    return {
        "retention": step.retention,
        "growth": growth.kept,
        "growth_needed": max(step.retention - growth.kept, 0),
        "counts_from": _instant(rules.kept_first(ends)),
        "until": _instant(ends),
        "grace_until": _instant(rules.grace_end(ends)),
    }


def _history(member_id: int) -> list[dict[str, Any]]:
    changes = TierChange.objects.filter(member_id=member_id).select_related("from_tier", "to_tier").order_by("-pk")
    return [
        {
            "from": present(change.from_tier),
            "to": present(change.to_tier),
            "reason": change.reason,
            "reason_label": change.get_reason_display(),
            "changed_at": change.changed_at,
        }
        for change in changes[:HISTORY_SHOWN]
    ]


def _all_tiers() -> Mapping[int, Tier]:
    return Tier.objects.in_bulk()


TIERS = Kept(_all_tiers)


def held_tier_id() -> Coalesce:
    """The tier that a `Member` row holds, as an expression for a query over members."""
    return Coalesce("tier_standing__tier_id", _lowest(), output_field=BigIntegerField())


def _tier_of(member_id: int) -> QuerySet[Tier]:
    own = MemberTier.objects.filter(pk=member_id).values("tier_id")
    return Tier.objects.filter(pk=Coalesce(Subquery(own), _lowest()))


def _lowest() -> Subquery:
    """Whoever has no row holds it; each version of the rules has one tier that asks for nothing."""
    return Subquery(TierRequirement.objects.filter(threshold=0).order_by("-policy_id").values("tier_id")[:1])


def _tiers(rules: Rules) -> dict[int, Tier]:
    return Tier.objects.in_bulk([step.tier_id for step in rules.ladder])


def _instant(day: date | None) -> datetime | None:
    """The beginning of a Shanghai day."""
    return day_bounds(day)[0] if day else None
