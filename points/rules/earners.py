"""Who earns: the tier and the segments of members at the moment of their events."""

from collections.abc import Sequence
from datetime import datetime

from members.segments.queries import segments_at
from members.tiers.queries import tier_of, tiers_at
from points.rules.engine import RuleSet
from points.rules.events import Earner
from points.rules.spec import WHOLE_BP, Segments


def earner_at(*, member_id: int, at: datetime, rules: RuleSet) -> Earner:
    return earners_at([(member_id, at)], rules=rules)[0]


def earner_holding(*, member_id: int, tier_id: int | None, segment_ids: frozenset[int]) -> Earner:
    """A member of whom tier and segments are known; no query."""
    tier = tier_of(tier_id)
    if tier is None:
        return Earner(member_id, "", WHOLE_BP, segment_ids)
    return Earner(member_id, tier.code, tier.points_multiplier_bp, segment_ids)


def earners_at(asked: Sequence[tuple[int, datetime]], *, rules: RuleSet) -> list[Earner]:
    """In the order asked: the tier of that instant, with what it gives today. Two queries, one more for segments.

    Segments are looked up only where a rule asks for them.
    """
    if not asked:
        return []
    wants_segments = any(isinstance(each, Segments) for rule in rules.rules for each in rule.spec.conditions)
    segments = segments_at(asked) if wants_segments else [frozenset[int]()] * len(asked)
    return [
        Earner(member_id, tier.code, tier.points_multiplier_bp, held)
        for (member_id, _), tier, held in zip(asked, tiers_at(asked), segments, strict=True)
    ]
