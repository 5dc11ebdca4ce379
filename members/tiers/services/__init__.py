"""What other rooms and the edge call; each name lives in the module of its verb."""

from members.tiers.services.adjusting import adjust_growth
from members.tiers.services.earning import (
    earn_by_behaviour,
    earn_by_points,
    earn_by_spending,
    earn_growth,
    take_back_growth,
)
from members.tiers.services.evaluation import evaluate_members
from members.tiers.services.manual import end_manual_tier, set_manual_tier
from members.tiers.services.rules import change_rules

__all__ = [
    "adjust_growth",
    "change_rules",
    "earn_by_behaviour",
    "earn_by_points",
    "earn_by_spending",
    "earn_growth",
    "end_manual_tier",
    "evaluate_members",
    "set_manual_tier",
    "take_back_growth",
]
