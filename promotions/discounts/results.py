"""What came of a timed discount or a spend offer, counted from what paid orders took of it."""

from django.db.models import Count

from promotions.campaigns.models import FirstPurchase
from promotions.campaigns.results import Result, days_of
from promotions.discounts.models import DiscountUse, SpendOffer, TimedDiscount

_PAID = """
SELECT min(confirmed_at), max(revenue_fen), sum(cost_fen) FROM discounts_discountuse
WHERE kind = %(kind)s AND campaign_id = %(campaign)s AND released_at IS NULL AND confirmed_at IS NOT NULL
GROUP BY order_number
"""


def result_of_discount(campaign_id: int) -> Result:
    return _result(TimedDiscount.KIND, campaign_id)


def result_of_offer(campaign_id: int) -> Result:
    return _result(SpendOffer.KIND, campaign_id)


def _result(kind: str, campaign_id: int) -> Result:
    """Who has ordered takes part; an order counts once it is paid, once, however many of its lines took part."""
    standing = DiscountUse.objects.filter(kind=kind, campaign_id=campaign_id, released_at=None)
    paid = standing.filter(confirmed_at__isnull=False)
    days = days_of(_PAID, {"kind": kind, "campaign": campaign_id})
    return Result(
        participants=standing.aggregate(n=Count("member", distinct=True))["n"],
        orders=sum(day.orders for day in days),
        revenue_fen=sum(day.revenue_fen for day in days),
        cost_fen=sum(day.cost_fen for day in days),
        new_members=FirstPurchase.objects.filter(order_number__in=paid.values("order_number")).count(),
        days=days,
    )
