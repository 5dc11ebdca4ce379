"""What came of a timed discount or a spend offer, counted from what paid orders took of it."""

from django.db.models import Count, Max, Min, Sum
from django.db.models.functions import TruncDate

from promotions.campaigns.models import FirstPurchase
from promotions.campaigns.results import Day, Result
from promotions.discounts.models import DiscountUse, SpendOffer, TimedDiscount
from shop.core.clock import SHANGHAI


def result_of_discount(campaign_id: int) -> Result:
    return _result(TimedDiscount.KIND, campaign_id)


def result_of_offer(campaign_id: int) -> Result:
    return _result(SpendOffer.KIND, campaign_id)


def _result(kind: str, campaign_id: int) -> Result:
    """Who has ordered takes part; an order counts once it is paid, once, however many of its lines took part."""
    standing = DiscountUse.objects.filter(kind=kind, campaign_id=campaign_id, released_at=None)
    paid = standing.filter(confirmed_at__isnull=False)
    orders = (
        paid.order_by()
        .values("order_number")
        .annotate(day=TruncDate(Min("confirmed_at"), tzinfo=SHANGHAI), revenue=Max("revenue_fen"), cost=Sum("cost_fen"))
    )
    days: dict[object, Day] = {}
    for order in orders.iterator():
        day = days.get(order["day"], Day(order["day"], 0, 0, 0))
        days[order["day"]] = Day(
            day.day, day.orders + 1, day.revenue_fen + order["revenue"], day.cost_fen + order["cost"]
        )
    found = [days[day] for day in sorted(days, key=str)]
    return Result(
        participants=standing.aggregate(n=Count("member", distinct=True))["n"],
        orders=sum(day.orders for day in found),
        revenue_fen=sum(day.revenue_fen for day in found),
        cost_fen=sum(day.cost_fen for day in found),
        new_members=FirstPurchase.objects.filter(order_number__in=paid.values("order_number")).count(),
        days=found,
    )
