"""Where the merchant wants it so, silence is taken for a good review: marked as such, and counted nowhere."""

from datetime import datetime, timedelta

from django.db.models import F, QuerySet

from orders.checkout.locks import lock_unlocked_order
from orders.checkout.models import Order, OrderLine, OrderStatus
from orders.checkout.preferences import REVIEW_DAYS
from orders.checkout.reviewing import mark_reviewed
from orders.reviews.models import Review, ReviewEvent, Status
from orders.reviews.preferences import DEFAULT_AFTER_DAYS
from orders.reviews.services.showing import write_down
from shop.catalog.services.ratings import FIVE_STARS, reviews_changed
from shop.core.actors import Actor
from shop.core.failures import Failures
from shop.core.transactions import use_case

SILENCE = Actor.system("reviews.default_reviews")
# Who turns it on does not review the shop's whole past.
REACHES_BACK = timedelta(days=60)


def write_default_reviews(*, now: datetime, limit: int = 500) -> int:
    """Review the lines of orders that were completed long enough ago, an order at a time; returns how many lines.

    An order that fails holds up no other: what failed is raised together when all have had their turn.
    """
    days = DEFAULT_AFTER_DAYS.value()
    if not days:
        return 0
    until = now - timedelta(days=max(days, REVIEW_DAYS.value()))
    silent = _silent_lines().filter(
        order__status=OrderStatus.COMPLETED,
        order__completed_at__lte=until,
        order__completed_at__gt=until - REACHES_BACK,
    )
    numbers = silent.order_by("order__completed_at").values_list("order__number", flat=True)[:limit]
    given, failures = 0, Failures("Orders that were not reviewed")
    for number in dict.fromkeys(numbers):
        with failures.of(number):
            given += _review_silence(number=number, now=now)
    failures.raise_them()
    return given


@use_case
def _review_silence(*, number: str, now: datetime) -> int:
    order = lock_unlocked_order(number=number)
    if order is None or order.status != OrderStatus.COMPLETED:
        return 0
    lines = list(_silent_lines().filter(order=order))
    for line in lines:
        _take_for_good(order, line, now)
    return len(lines)


def _silent_lines() -> QuerySet[OrderLine]:
    """Of which nothing was ever said: who was rejected has not been silent."""
    return OrderLine.objects.filter(review=None, is_gift=False, units_returned__lt=F("quantity"))


def _take_for_good(order: Order, line: OrderLine, now: datetime) -> None:
    review = Review.objects.create(
        line=line,
        product_id=line.product_id,
        member_id=order.member_id,
        rating=FIVE_STARS,
        is_anonymous=True,
        is_default=True,
        status=Status.APPROVED,
        written_at=now,
        decided_at=now,
        decided_by=str(SILENCE),
    )
    mark_reviewed(line_id=line.pk, now=now)
    write_down(review, ReviewEvent.What.WRITTEN, actor=SILENCE, now=now)
    reviews_changed(product_id=line.product_id)
