"""Reads of coupons: what can be claimed, what a member holds, what a coupon is worth to pricing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Sum, Value, When

from promotions.campaigns.audience import Buyer
from promotions.campaigns.queries import live_at, open_to
from promotions.coupons.errors import (
    CouponLimitReached,
    CouponPeriodLimitReached,
    CouponsGone,
)
from promotions.coupons.models import ClaimTally, Coupon, CouponTemplate
from promotions.coupons.models.coupons import CouponStatus
from promotions.coupons.validity import period_start, window_after_claim
from shop.core.errors import DomainError

Way = CouponTemplate.Way
# More than these a member cannot hold unused; the oldest to expire are shown to pricing.
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


@dataclass(frozen=True)
class Statistics:
    """How many coupons of a template were used, what they took off and what was paid where they were used."""

    used: int = 0
    cost_fen: int = 0
    revenue_fen: int = 0


def offered(*, buyer: Buyer | None, now: datetime) -> list[Offered]:
    """What is there to be claimed for the buyer's kind of member, soonest over first; two queries, one for nobody."""
    templates = list(claimable(now=now).filter(open_to(buyer)) if buyer else claimable(now=now))
    tallies: Mapping[int, ClaimTally] = {}
    if buyer is not None and buyer.member_id is not None and templates:
        mine = ClaimTally.objects.filter(member_id=buyer.member_id, template__in=[each.pk for each in templates])
        tallies = {tally.template_id: tally for tally in mine}
    return [
        Offered(each, tallies[each.pk].claimed if each.pk in tallies else 0, _why_not(each, tallies.get(each.pk), now))
        for each in templates
    ]


def claimable(*, now: datetime) -> QuerySet[CouponTemplate]:
    return CouponTemplate.objects.filter(live_at(now), way=Way.CLAIM).order_by(F("ends_at").asc(nulls_last=True), "pk")


def _why_not(template: CouponTemplate, tally: ClaimTally | None, now: datetime) -> DomainError | None:
    if tally is not None:
        if template.per_member_limit is not None and tally.claimed >= template.per_member_limit:
            return CouponLimitReached()
        this_period = tally.period_start == period_start(template.period, now=now)
        limit = template.per_period_limit
        if limit is not None and this_period and tally.in_period >= limit:
            return CouponPeriodLimitReached()
    return CouponsGone() if template.left == 0 else None


def status_at(now: datetime) -> Case:
    """A coupon's status as the clock has it; the sweep follows later."""
    return Case(
        When(Q(status=CouponStatus.UNUSED, valid_until__lte=now), then=Value(CouponStatus.EXPIRED)),
        default=F("status"),
        output_field=CharField(),
    )


def mine(*, member_id: int, status: str | None, now: datetime) -> QuerySet[Coupon]:
    """The member's coupons with `status_now`, those of one status if asked for."""
    held = Coupon.objects.filter(member_id=member_id).select_related("template").annotate(status_now=status_at(now))
    return held.filter(status_now=status) if status else held


def usable(*, member_id: int, now: datetime) -> QuerySet[Coupon]:
    """Unused and not over, those whose time has yet to come among them."""
    return Coupon.objects.filter(member_id=member_id, status=CouponStatus.UNUSED, valid_until__gt=now)


def statistics(*, template_ids: Sequence[int]) -> dict[int, Statistics]:
    """By template; those that nobody used are left out. One query."""
    used = Coupon.objects.filter(template__in=template_ids, status=CouponStatus.USED).order_by().values("template_id")
    rows = used.annotate(used=Count("pk"), cost=Sum("cost_fen"), revenue=Sum("revenue_fen"))
    return {row["template_id"]: Statistics(row["used"], row["cost"], row["revenue"]) for row in rows}
