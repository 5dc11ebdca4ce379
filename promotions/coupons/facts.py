"""What this room tells the rooms above, and itself for later."""

from datetime import datetime

from shop.core.events import Fact


class CouponsGiven(Fact):
    """Coupons of one template to some members, each one; `way` is one of `CouponTemplate.Way`."""

    template_id: int
    way: str
    member_ids: list[int]
    at: datetime


class CouponUsed(Fact):
    """For a paid order, or in a store; the other is empty."""

    coupon_id: int
    template_id: int
    member_id: int
    order_number: str
    store_code: str
    cost_fen: int
    at: datetime


class HandOutStarted(Fact):
    hand_out_id: int
    at: datetime


class CouponsHalted(Fact):
    """`kind` is one of `models.halts.HaltKind`."""

    halt_id: int
    template_id: int
    kind: str
    at: datetime
