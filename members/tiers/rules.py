"""The rules that hold, as the engine reads them, and the rates by which growth is earned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from members.tiers.engine import Downgrade, Rules, Step, Window
from members.tiers.models import TierPolicy, TierRequirement

DRAFT_VERSION = 0


@dataclass(frozen=True)
class Rates:
    """Growth per ¥100 spent, per 100 points earned, and by behaviour. Parts of one are not given."""

    per_100_yuan: int
    per_100_points: int
    behaviours: Mapping[str, int]

    def for_spend(self, fen: int) -> int:
        return max(fen, 0) * self.per_100_yuan // 10_000

    def for_points(self, points: int) -> int:
        return max(points, 0) * self.per_100_points // 100


@dataclass(frozen=True)
class RulesInForce:
    rules: Rules
    rates: Rates


def rules_in_force() -> RulesInForce:
    """The newest version, in one query."""
    policy, ladder = _load(TierPolicy.objects.order_by("-pk").values("pk")[:1])
    rates = Rates(policy.growth_per_100_yuan, policy.growth_per_100_points, policy.behaviours)
    return RulesInForce(rules_of(policy, ladder), rates)


def rules_of_version(version: int) -> Rules:
    return rules_of(*_load(version))


def rules_of(policy: TierPolicy, ladder: Sequence[Step]) -> Rules:
    """`policy` may be a draft that is not saved; `ladder` in any order."""
    return Rules(
        version=policy.pk or DRAFT_VERSION,
        window=Window(policy.window),
        months=policy.months,
        validity_months=policy.validity_months,
        grace_days=policy.grace_days,
        downgrade=Downgrade(policy.downgrade),
        refund_downgrades=policy.refund_downgrades,
        reassess=policy.reassess,
        ladder=tuple(sorted(ladder, key=lambda step: step.threshold)),
    )


def is_ladder(steps: Sequence[Step]) -> bool:
    """Whether tiers with these requirements can stand above each other: one at 0, all different, kept by no more."""
    thresholds = sorted(step.threshold for step in steps)
    return (
        bool(thresholds)
        and thresholds[0] == 0
        and len(set(thresholds)) == len(thresholds)
        and len({step.tier_id for step in steps}) == len(steps)
        and all(0 <= step.retention <= step.threshold for step in steps)
    )


def _load(version: Any) -> tuple[TierPolicy, list[Step]]:
    rows = list(TierRequirement.objects.filter(policy=version).select_related("policy"))
    return rows[0].policy, [Step(row.tier_id, row.threshold, row.retention) for row in rows]
