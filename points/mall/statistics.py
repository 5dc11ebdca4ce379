"""What members did with the points mall, counted."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import TruncDate

from points.mall.models import Redemption, RedemptionStatus, Reward, Voucher, VoucherStatus
from shop.core.clock import SHANGHAI, business_day, day_bounds

DAYS = 30
_STANDS = Q(status__in=[RedemptionStatus.PAID, RedemptionStatus.GIVEN])
_DONE = (VoucherStatus.USED, VoucherStatus.REVEALED)


@dataclass(frozen=True)
class RewardFigures:
    """Of the orders placed in the time: units ordered, and of those the paid ones that stand, with what they cost.

    `used` are vouchers that were verified or seen; None where there are none.
    """

    reward_id: int
    name: str
    ordered: int
    paid: int
    used: int | None
    points: int
    price_fen: int


def figures_of(*, since: datetime, until: datetime) -> list[RewardFigures]:
    """Two queries; what is wanted most comes first."""
    within = Redemption.objects.filter(redeemed_at__gte=since, redeemed_at__lt=until)
    kept = F("units") - F("units_back")
    rows = within.values("reward_id", "reward__name", "reward__kind").annotate(
        ordered=Sum("units"),
        paid=Sum(kept, filter=_STANDS, default=0),
        # What stands of an order has its share of what that cost.
        points_paid=Sum(F("points") * kept / F("units"), filter=_STANDS, default=0),
        fen_paid=Sum(F("price_fen") * kept / F("units"), filter=_STANDS, default=0),
    )
    vouchers = Voucher.objects.filter(redemption__in=within, status__in=_DONE).values_list("reward_id")
    used = dict(vouchers.annotate(n=Count("pk")).order_by())
    has_vouchers = (Reward.Kind.SERVICE, Reward.Kind.CODE)
    return [
        RewardFigures(
            row["reward_id"],
            row["reward__name"],
            row["ordered"],
            row["paid"],
            used.get(row["reward_id"], 0) if row["reward__kind"] in has_vouchers else None,
            row["points_paid"],
            row["fen_paid"],
        )
        for row in rows.order_by("-paid", "-ordered", "reward_id")
    ]


def units_by_day(*, now: datetime) -> list[tuple[date, int]]:
    """Units ordered on each of the last days that are paid and stand, days without any among them."""
    today = business_day(now)
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    paid = Redemption.objects.filter(_STANDS, redeemed_at__gte=day_bounds(days[0])[0])
    counted = paid.annotate(day=TruncDate("redeemed_at", tzinfo=SHANGHAI)).values_list("day")
    units = dict(counted.annotate(n=Sum(F("units") - F("units_back"))).order_by())
    return [(day, units.get(day, 0)) for day in days]
