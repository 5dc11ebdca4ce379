"""What after-sales tell the rooms above, and their own subscribers."""

from datetime import datetime

import msgspec

from shop.core.events import Fact


class AfterSaleMoved(Fact):
    """It reached this status; members are told of most of them."""

    number: str
    status: str
    at: datetime


class LineGivenBack(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a line of the order, by its position, and what went back for them."""

    position: int
    sku_id: int
    units: int
    cash_fen: int
    points: int
    coupon_fen: int


class AfterSaleCompleted(Fact):
    """Money and points are back, or the replacement has arrived; an exchange gives nothing back.

    `goods_fen` is money for goods, less deductions; `refund_fen` that and the freight. `is_whole`: nothing that was
    bought is left of the order.
    """

    number: str
    order_number: str
    member_id: int
    kind: str
    refund_fen: int
    goods_fen: int
    freight_fen: int
    points: int
    at: datetime
    coupon_ids: tuple[int, ...] = ()
    lines: tuple[LineGivenBack, ...] = ()
    growth_back: bool = True
    commission_back: bool = True
    is_whole: bool = False
