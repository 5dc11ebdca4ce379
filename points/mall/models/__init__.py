"""The points mall: what is to be had for points, and what members had of it.

Always: `taken` of a reward and of a zone is the sum of what stands of its redemptions, within the quota and the pool; a
member's tally is the sum of the member's; a slot has as many places taken as vouchers and unpaid redemptions name it; a
reward of codes has a quota of as many codes as it was given, each of which belongs to one redemption at most.
"""

from points.mall.models.redemptions import (
    STANDING,
    CodeReveal,
    Redemption,
    RedemptionStatus,
    RewardCode,
    RewardTally,
    Voucher,
    VoucherStatus,
)
from points.mall.models.rewards import Period, Reward, RewardPrice, Zone
from points.mall.models.slots import Resource, Slot

__all__ = [
    "STANDING",
    "CodeReveal",
    "Period",
    "Redemption",
    "RedemptionStatus",
    "Resource",
    "Reward",
    "RewardCode",
    "RewardPrice",
    "RewardTally",
    "Slot",
    "Voucher",
    "VoucherStatus",
    "Zone",
]
