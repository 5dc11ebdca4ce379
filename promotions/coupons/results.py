"""What came of a coupon template, counted from its coupons."""

from django.db.models import Count, Max, Sum
from django.db.models.functions import TruncDate

from promotions.campaigns.models import FirstPurchase
from promotions.campaigns.results import Day, Result
from promotions.coupons.models import Coupon
from promotions.coupons.models.coupons import CouponStatus
from shop.core.clock import SHANGHAI


def result_of_coupons(template_id: int) -> Result:
    """Whoever was given one takes part; an order, or a bill in a store, counts once, however many coupons it used."""
    coupons = Coupon.objects.filter(template=template_id)
    # What came back whole counts no more.
    used = coupons.filter(status=CouponStatus.USED).exclude(cost_fen=0, revenue_fen=0)
    online = used.exclude(order_number="").order_by()
    rows = online.values("order_number").annotate(
        day=TruncDate(Max("used_at"), tzinfo=SHANGHAI), revenue=Max("revenue_fen"), cost=Sum("cost_fen")
    )
    found = [(row["day"], row["revenue"], row["cost"]) for row in rows.iterator()]
    in_stores = used.exclude(store_code="").annotate(day=TruncDate("used_at", tzinfo=SHANGHAI))
    found += list(in_stores.values_list("day", "revenue_fen", "cost_fen"))
    days: dict[object, Day] = {}
    for day, revenue_fen, cost_fen in found:
        known = days.get(day, Day(day, 0, 0, 0))
        days[day] = Day(day, known.orders + 1, known.revenue_fen + revenue_fen, known.cost_fen + cost_fen)
    return Result(
        participants=coupons.order_by().aggregate(n=Count("member", distinct=True))["n"],
        orders=len(found),
        revenue_fen=sum(revenue_fen for _day, revenue_fen, _cost in found),
        cost_fen=sum(cost_fen for _day, _revenue, cost_fen in found),
        new_members=FirstPurchase.objects.filter(order_number__in=online.values("order_number")).count(),
        days=[days[day] for day in sorted(days, key=str)],
    )
