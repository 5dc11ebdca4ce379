"""The points that an order would earn, for the quote to show."""

from datetime import datetime

from orders.checkout.offers import Offer
from points.rules.earners import earner_holding
from points.rules.events import EarningLine
from points.rules.queries import preview_earning
from shop.core.prepared import Prepared

_PAID_BEFORE = Prepared(
    "checkout_paid_before",
    "SELECT 1 FROM checkout_order WHERE member_id = %s AND paid_at IS NOT NULL LIMIT 1",
)


def points_to_earn(*, offer: Offer, member_id: int, now: datetime) -> int:
    """By the rules of now, for what the goods cost after everything that is applied."""
    lines = [
        EarningLine(
            sku_id=wanted.sku.sku_id,
            product_id=wanted.sku.product_id,
            category_path=wanted.sku.category_path,
            quantity=wanted.quantity,
            net_fen=priced.payable_fen,
            brand_id=wanted.sku.brand_id,
        )
        for wanted, priced in zip(offer.lines, offer.quote.lines, strict=True)
    ]
    buyer = offer.buyer
    return preview_earning(
        earner=earner_holding(member_id=member_id, tier_id=buyer.tier_id, segment_ids=buyer.segment_ids),
        lines=lines,
        channel=buyer.channel,
        now=now,
        is_first_order=lambda: not _has_paid(member_id),
    )


def _has_paid(member_id: int) -> bool:
    return _PAID_BEFORE.row([member_id]) is not None
