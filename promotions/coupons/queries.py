"""Reads of coupons: what can be claimed, what a member holds, what a coupon is worth to pricing."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Count,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from promotions.campaigns.audience import Buyer
from promotions.campaigns.queries import live_at, open_to
from promotions.coupons.errors import (
    CouponLimitReached,
    CouponPeriodLimitReached,
    CouponsGone,
)
from promotions.coupons.models import ClaimTally, CodeBatch, Coupon, CouponTemplate
from promotions.coupons.models.codes import BatchStatus
from promotions.coupons.models.coupons import CouponStatus
from promotions.coupons.models.templates import Halted
from promotions.coupons.validity import window_after_claim
from shop.catalog.models import Category, Product
from shop.core.api.pagination import slice_page
from shop.core.clock import business_day
from shop.core.errors import DomainError

Way = CouponTemplate.Way
# So many at most are shown to pricing; see `terms.ask_coupons` for which.
MOST_USABLE = 200


def window_for(template: CouponTemplate, *, claimed_at: datetime) -> tuple[datetime, datetime]:
    """The half-open window of a coupon that is claimed now."""
    if template.validity == CouponTemplate.Validity.DATES:
        assert template.valid_from is not None
        assert template.valid_until is not None
        return template.valid_from, template.valid_until
    return window_after_claim(claimed_at=claimed_at, days=template.valid_days or 0, delay_days=template.delay_days)


@dataclass(frozen=True)
class Offered:
    """A template that can be claimed, and why the member cannot; `mine` is how many of it the member was given."""

    template: CouponTemplate
    mine: int
    refusal: DomainError | None


def offered_page(
    *, buyer: Buyer, now: datetime, cursor: str | None = None, limit: int, product_id: int | None = None
) -> tuple[list[Offered], str | None]:
    """What there is to be claimed by such a buyer, the newest first; two queries, one for nobody in particular, and two
    more where only one product counts.
    """
    found = claimable(now=now).filter(open_to(buyer))
    if product_id is not None:
        found = found.filter(_covering(product_id))
    templates, following = slice_page(found, ordering=["-id"], cursor=cursor, limit=limit)
    tallies: dict[int, ClaimTally] = {}
    if buyer.member_id is not None and templates:
        own = ClaimTally.objects.filter(member_id=buyer.member_id, template__in=[each.pk for each in templates])
        tallies = {tally.template_id: tally for tally in own}
    return [_offered(each, tallies.get(each.pk), now) for each in templates], following


def claimable(*, now: datetime) -> QuerySet[CouponTemplate]:
    """Given out at the moment, and not over before they are claimed."""
    live = CouponTemplate.objects.filter(live_at(now), way=Way.CLAIM, halted=Halted.NO)
    return live.exclude(validity=CouponTemplate.Validity.DATES, valid_until__lte=now)


def _covering(product_id: int) -> Q:
    """The condition that a template is good for some SKU of the product; `Scope.covers` in SQL."""
    product = Product.objects.filter(pk=product_id).values_list("category__path", ArrayAgg("skus")).first()
    if product is None:
        return Q(pk__in=[])
    path, sku_ids = product
    lineage = [path[:end] for end in range(Category.steplen, len(path) + 1, Category.steplen)]
    categories = list(Category.objects.filter(path__in=lineage).values_list("pk", flat=True))
    named = (
        Q(category_ids=[], product_ids=[], sku_ids=[])
        | Q(category_ids__overlap=categories)
        | Q(product_ids__contains=[product_id])
        | Q(sku_ids__overlap=sku_ids)
    )
    excluded = (
        Q(excluded_category_ids__overlap=categories)
        | Q(excluded_product_ids__contains=[product_id])
        | Q(excluded_sku_ids__contains=sku_ids)
    )
    goods = ~Q(kind=CouponTemplate.Kind.EXCHANGE) & named & ~excluded
    return goods | Q(kind=CouponTemplate.Kind.EXCHANGE, exchange_sku__in=sku_ids)


def _offered(template: CouponTemplate, tally: ClaimTally | None, now: datetime) -> Offered:
    return Offered(template, tally.claimed if tally else 0, _why_not(template, tally, now))


def _why_not(template: CouponTemplate, tally: ClaimTally | None, now: datetime) -> DomainError | None:
    if tally is not None:
        limits = template.member_limits(on=business_day(now))
        if limits.most is not None and tally.claimed >= limits.most:
            return CouponLimitReached()
        in_period = tally.in_period if tally.period_start == limits.period_start else 0
        if limits.most_in_period is not None and in_period >= limits.most_in_period:
            return CouponPeriodLimitReached()
    return CouponsGone() if template.left == 0 else None


def promised_by_codes(template_id: int, *, now: datetime) -> int:
    """How many codes of the template are about, or will be, that somebody may yet redeem."""
    batches = CodeBatch.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), template=template_id)
    open_codes = Sum(F("quantity") - F("redeemed_count"), default=0)
    return int(batches.exclude(status=BatchStatus.VOID).aggregate(n=open_codes)["n"])


def status_at(now: datetime) -> Case:
    """A coupon's status as the clock and its template have it; the sweep, and the batches of a halt, follow later."""
    return Case(
        When(Q(status=CouponStatus.UNUSED, template__halted=Halted.VOID), then=Value(CouponStatus.VOID)),
        When(Q(status=CouponStatus.UNUSED, valid_until__lte=now), then=Value(CouponStatus.EXPIRED)),
        default=F("status"),
        output_field=CharField(),
    )


def status_label(coupon: Coupon) -> str:
    """For people; as the clock has it where the row came with `status_now`."""
    label = str(CouponStatus(getattr(coupon, "status_now", coupon.status)).label)
    return f"{label} · {Halted.SUSPENDED.label}" if is_suspended(coupon) else label


def is_suspended(coupon: Coupon) -> bool:
    """Whether it could be used, were it not for the staff; the coupon comes with its template."""
    status = getattr(coupon, "status_now", coupon.status)
    return status == CouponStatus.UNUSED and coupon.template.halted == Halted.SUSPENDED


def mine(*, member_id: int, status: str | None, now: datetime) -> QuerySet[Coupon]:
    """The member's coupons with `status_now`, those of one status if asked for."""
    held = Coupon.objects.filter(member_id=member_id).select_related("template").annotate(status_now=status_at(now))
    return held.filter(status_now=status) if status else held


def usable(*, member_id: int, now: datetime) -> QuerySet[Coupon]:
    """Unused and not over, those whose time has yet to come among them."""
    return Coupon.objects.filter(
        member_id=member_id, status=CouponStatus.UNUSED, valid_until__gt=now, template__halted=Halted.NO
    )


def with_statistics(templates: QuerySet[CouponTemplate]) -> QuerySet[CouponTemplate]:
    """With `used`, `cost_fen` and `revenue_fen` of their used coupons, in the same query."""
    used = Coupon.objects.filter(template=OuterRef("pk"), status=CouponStatus.USED).order_by().values("template")
    return templates.annotate(
        used=Coalesce(Subquery(used.annotate(n=Count("pk")).values("n")), 0),
        cost_fen=Coalesce(Subquery(used.annotate(n=Sum("cost_fen")).values("n")), 0, output_field=BigIntegerField()),
        revenue_fen=Coalesce(
            Subquery(used.annotate(n=Sum("revenue_fen")).values("n")), 0, output_field=BigIntegerField()
        ),
    )
