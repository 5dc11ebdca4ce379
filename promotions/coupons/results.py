"""What came of a coupon template, counted from its coupons."""

from django.db.models import Count

from promotions.campaigns.models import FirstPurchase
from promotions.campaigns.results import Result, days_of
from promotions.coupons.models import Coupon
from promotions.coupons.models.coupons import CouponStatus

# What came back whole counts no more.
_USED = """
SELECT max(used_at), max(revenue_fen), sum(cost_fen) FROM coupons_coupon
WHERE template_id = %(template)s AND status = 'used' AND order_number <> '' AND (cost_fen <> 0 OR revenue_fen <> 0)
GROUP BY order_number
UNION ALL
SELECT used_at, revenue_fen, cost_fen FROM coupons_coupon
WHERE template_id = %(template)s AND status = 'used' AND store_code <> '' AND (cost_fen <> 0 OR revenue_fen <> 0)
"""


def result_of_coupons(template_id: int) -> Result:
    """Whoever was given one takes part; an order, or a bill in a store, counts once, however many coupons it used."""
    coupons = Coupon.objects.filter(template=template_id).order_by()
    used = coupons.filter(status=CouponStatus.USED).exclude(cost_fen=0, revenue_fen=0)
    days = days_of(_USED, {"template": template_id})
    return Result(
        participants=coupons.aggregate(n=Count("member", distinct=True))["n"],
        orders=sum(day.orders for day in days),
        revenue_fen=sum(day.revenue_fen for day in days),
        cost_fen=sum(day.cost_fen for day in days),
        new_members=FirstPurchase.objects.filter(
            order_number__in=used.exclude(order_number="").values("order_number")
        ).count(),
        days=days,
    )
