"""New rules: a new version each time; looked at before it is saved."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from members.tiers.engine import Step
from members.tiers.errors import RulesInvalid
from members.tiers.models import MemberTier, TierPolicy, TierRequirement
from members.tiers.rules import is_ladder, rules_of
from members.tiers.standings import Move, evaluate_all, read_standings
from shop.core.actors import Actor
from shop.core.clock import business_day
from shop.core.transactions import use_case

BATCH = 5_000
SAMPLE = 20


@dataclass(frozen=True)
class Preview:
    """Who would move under a draft, before it is saved: members by (from, to) tier id, and some of them."""

    members: int
    moves: Mapping[tuple[int, int], int]
    sample: Sequence[Move]


@use_case
def change_rules(*, policy: TierPolicy, ladder: Sequence[Step], actor: Actor, now: datetime) -> TierPolicy:
    """Save a new version of the rules; members go over to it in the next run of the job. Raises RulesInvalid."""
    _check(ladder)
    policy.pk, policy.actor, policy.created_at = None, str(actor)[:80], now
    policy.save(force_insert=True)
    TierRequirement.objects.bulk_create(
        TierRequirement(policy=policy, tier_id=step.tier_id, threshold=step.threshold, retention=step.retention)
        for step in ladder
    )
    return policy


def preview_rules(*, policy: TierPolicy, ladder: Sequence[Step], now: datetime) -> Preview:
    """What `change_rules` would do to the members of today; changes nothing, in bounded memory. Raises RulesInvalid."""
    _check(ladder)
    rules, today = rules_of(policy, ladder), business_day(now)
    members, after = 0, 0
    counts: Counter[tuple[int, int]] = Counter()
    sample: list[Move] = []
    while standings := read_standings(MemberTier.objects.filter(pk__gt=after).order_by("pk")[:BATCH]):
        members, after = members + len(standings), max(standings)
        moves = evaluate_all(rules, standings, today=today)[1]
        counts.update((move.from_tier_id, move.to_tier_id) for move in moves)
        sample += moves[: SAMPLE - len(sample)]
    return Preview(members, counts, sample)


def _check(ladder: Sequence[Step]) -> None:
    if not is_ladder(ladder):
        raise RulesInvalid
