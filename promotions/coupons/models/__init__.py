"""Coupon templates, the coupons that members hold, the codes that can be redeemed, and hand-outs by the staff.

Always: `claimed_count` of a template is the number of its coupons and never above its total; a member's tally is the
number of their coupons of a template and never above the limits that it was last counted under; what a held coupon is
worth does not change; a coupon is used once, and not while its template is halted; what was made void stays void; of
codes only keyed hashes are kept.
"""

from promotions.coupons.models.codes import Code, CodeBatch, CodeTry
from promotions.coupons.models.coupons import ClaimTally, Coupon, StorePass
from promotions.coupons.models.halts import Halt
from promotions.coupons.models.hand_outs import HandOut, HandOutMember
from promotions.coupons.models.templates import CouponTemplate

__all__ = [
    "ClaimTally",
    "Code",
    "CodeBatch",
    "CodeTry",
    "Coupon",
    "CouponTemplate",
    "Halt",
    "HandOut",
    "HandOutMember",
    "StorePass",
]
