"""What came of a bargain: who started, and what paid orders took of it."""

from django.db.models import Count, Sum
from django.db.models.functions import TruncDate

from promotions.bargaining.models import AttemptStatus, BargainAttempt
from promotions.campaigns.models import FirstPurchase
from promotions.campaigns.results import Day, Result
from shop.core.clock import SHANGHAI


def result_of_bargain(campaign_id: int) -> Result:
    attempts = BargainAttempt.objects.filter(bargain=campaign_id)
    bought = attempts.filter(status=AttemptStatus.BOUGHT)
    by_day = (
        bought.order_by()
        .values(day=TruncDate("bought_at", tzinfo=SHANGHAI))
        .annotate(orders=Count("pk"), revenue=Sum("revenue_fen"), cost=Sum("discount_fen"))
        .order_by("day")
    )
    days = [Day(each["day"], each["orders"], each["revenue"], each["cost"]) for each in by_day]
    return Result(
        participants=attempts.aggregate(n=Count("member", distinct=True))["n"],
        orders=sum(day.orders for day in days),
        revenue_fen=sum(day.revenue_fen for day in days),
        cost_fen=sum(day.cost_fen for day in days),
        new_members=FirstPurchase.objects.filter(order_number__in=bought.values("order_number")).count(),
        days=days,
    )
