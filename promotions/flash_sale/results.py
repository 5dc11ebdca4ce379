"""What came of a flash sale, counted from what paid orders took of it."""

from django.db.models import Count, Sum
from django.db.models.functions import TruncDate

from promotions.campaigns.models import FirstPurchase
from promotions.campaigns.results import Day, Result
from promotions.flash_sale.models import FlashSaleUse
from shop.core.clock import SHANGHAI


def result_of_sale(campaign_id: int) -> Result:
    """Who has ordered takes part; an order counts once it is paid."""
    standing = FlashSaleUse.objects.filter(item__session__sale=campaign_id, released_at=None)
    paid = standing.filter(confirmed_at__isnull=False)
    by_day = paid.annotate(day=TruncDate("confirmed_at", tzinfo=SHANGHAI)).order_by("day").values("day")
    days = [
        Day(row["day"], row["orders"], row["revenue"], row["cost"])
        for row in by_day.annotate(orders=Count("pk"), revenue=Sum("revenue_fen"), cost=Sum("cost_fen"))
    ]
    return Result(
        participants=standing.aggregate(n=Count("member", distinct=True))["n"],
        orders=sum(day.orders for day in days),
        revenue_fen=sum(day.revenue_fen for day in days),
        cost_fen=sum(day.cost_fen for day in days),
        new_members=FirstPurchase.objects.filter(order_number__in=paid.values("order_number")).count(),
        days=days,
    )
