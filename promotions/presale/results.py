"""What came of a presale. An order counts once all of it is paid; deposits that the shop kept are finance's to read."""

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncDate

from promotions.campaigns.models import FirstPurchase
from promotions.campaigns.results import Day, Result
from promotions.presale.models import PresaleUse
from shop.core.clock import SHANGHAI

_PAID = Q(confirmed_at__isnull=False)


def result_of_presale(campaign_id: int) -> Result:
    standing = PresaleUse.objects.filter(item__presale=campaign_id, released_at=None).order_by()
    paid = standing.filter(_PAID)
    by_day = (
        paid.values(day=TruncDate("confirmed_at", tzinfo=SHANGHAI))
        .annotate(orders=Count("pk"), revenue=Sum("revenue_fen"), cost=Sum("discount_fen"))
        .order_by("day")
    )
    days = [Day(row["day"], row["orders"], row["revenue"], row["cost"]) for row in by_day]
    return Result(
        participants=standing.aggregate(n=Count("member", distinct=True))["n"],
        orders=sum(day.orders for day in days),
        revenue_fen=sum(day.revenue_fen for day in days),
        cost_fen=sum(day.cost_fen for day in days),
        new_members=FirstPurchase.objects.filter(order_number__in=paid.values("order_number")).count(),
        days=days,
    )
