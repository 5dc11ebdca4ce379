"""Laws of coupons for points on live data."""

from collections import Counter

from points.mall.models import Redemption, RedemptionStatus, Reward
from promotions.coupons.models import Coupon
from promotions.redemption.services import GIVEN_FOR

SHOWN = 20


def every_unit_that_was_given_has_its_coupon() -> list[str]:
    references = Coupon.objects.filter(reference__startswith=GIVEN_FOR).values_list("reference", flat=True)
    coupons = Counter(reference.split(":")[1] for reference in references.iterator())
    given = Redemption.objects.filter(status=RedemptionStatus.GIVEN, reward__kind=Reward.Kind.COUPON).order_by("pk")
    return [
        f"redemption {pk}: {units} units, {coupons[number]} coupons"
        for pk, number, units in given.values_list("pk", "order_number", "units").iterator()
        if coupons[number] != units
    ][:SHOWN]


LAWS = (every_unit_that_was_given_has_its_coupon,)
