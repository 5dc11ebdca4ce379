"""What came of a group buy, counted from the seats of teams that succeeded."""

from django.db.models import Count, Sum
from django.db.models.functions import TruncDate

from promotions.campaigns.models import FirstPurchase
from promotions.campaigns.results import Day, Result
from promotions.group_buy.models import COUNTED, Seat, SeatStatus, TeamStatus
from shop.core.clock import SHANGHAI


def result_of_group_buy(campaign_id: int) -> Result:
    """Who holds a seat takes part; an order counts once its team has succeeded, on the day when it was paid."""
    seats = Seat.objects.filter(team__group_buy=campaign_id).order_by()
    paid = seats.filter(COUNTED, status=SeatStatus.PAID, team__status=TeamStatus.SUCCEEDED)
    by_day = paid.annotate(day=TruncDate("paid_at", tzinfo=SHANGHAI)).order_by("day").values("day")
    days = [
        Day(row["day"], row["orders"], row["revenue"], row["cost"])
        for row in by_day.annotate(orders=Count("pk"), revenue=Sum("paid_fen"), cost=Sum("discount_fen"))
    ]
    return Result(
        participants=seats.filter(COUNTED).aggregate(n=Count("member", distinct=True))["n"],
        orders=sum(day.orders for day in days),
        revenue_fen=sum(day.revenue_fen for day in days),
        cost_fen=sum(day.cost_fen for day in days),
        new_members=FirstPurchase.objects.filter(order_number__in=paid.values("order_number")).count(),
        days=days,
    )
