"""The points that an order would earn, for the quote to show."""

from datetime import datetime

from orders.checkout.models import Order
from orders.checkout.offers import Offer
from points.rules.events import EarningLine
from points.rules.queries import preview_earning


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
    return preview_earning(
        member_id=member_id,
        lines=lines,
        channel=offer.buyer.channel,
        now=now,
        is_first_order=not Order.objects.filter(member_id=member_id, paid_at__isnull=False).exists(),
    )
