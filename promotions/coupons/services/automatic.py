"""Coupons that are given because something came true: a registration, a tier, a birthday, an invitation, a purchase.

Each is given under a reference that names its cause, so that a fact that is told twice, or a night that runs twice,
gives once.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet

from members.identity.models import Member
from members.tiers.models import Tier
from promotions.campaigns.queries import LIVE, buyers_for, live_at
from promotions.coupons.models import Coupon, CouponTemplate
from promotions.coupons.notices import tell_given
from promotions.coupons.services.granting import give_many
from shop.core.clock import business_day
from shop.core.prepared import Prepared, columns
from shop.core.transactions import use_case

Way, Moment = CouponTemplate.Way, CouponTemplate.Moment
# Written out, because every payment asks.
_FOR_PURCHASE = Prepared(
    "coupons_for_purchase",
    f"""
SELECT {columns(CouponTemplate)} FROM coupons_coupontemplate
WHERE {LIVE} AND way = 'purchase' AND purchase_moment = %(moment)s AND purchase_min_fen <= %(paid_fen)s ORDER BY id
""",
)
BATCH = 500
# A birthday gift comes late rather than never when the nights before were missed.
LATE_DAYS = 3


def give_newcomer(*, member_id: int, now: datetime) -> list[Coupon]:
    """Inside the caller's transaction, as are the others here."""
    return _give_all(_live(Way.NEWCOMER, now), member_id=member_id, cause="newcomer", now=now)


def give_for_tier(*, member_id: int, tier_code: str, now: datetime) -> list[Coupon]:
    """The member has risen to the tier; for each tier once."""
    tier_id = Tier.objects.filter(code=tier_code).values_list("pk", flat=True).first()
    reached = _live(Way.TIER, now).filter(tier_ids__contains=[tier_id])
    return _give_all(reached, member_id=member_id, cause=f"tier:{tier_code}", now=now, reached_tier=tier_id)


def give_for_invitation(*, member_id: int, invitation_id: int, now: datetime) -> list[Coupon]:
    """`member_id` is the inviter."""
    return _give_all(_live(Way.INVITATION, now), member_id=member_id, cause=f"invitation:{invitation_id}", now=now)


def give_for_purchase(*, member_id: int, order_number: str, paid_fen: int, moment: str, now: datetime) -> list[Coupon]:
    """The order was paid, or is completed (`CouponTemplate.Moment`); each template once per order."""
    earned = _for_purchase(paid_fen, moment, now)
    return _give_all(earned, member_id=member_id, cause=f"order:{order_number}", now=now)


def gives_for_purchase(*, paid_fen: int, moment: str, now: datetime) -> bool:
    """Whether any template is for whoever pays so much, or less, at this moment."""
    return bool(_for_purchase(paid_fen, moment, now))


def give_birthdays(*, now: datetime) -> int:
    """To whoever has their birthday today, or had it in the last days; once a year. Returns how many coupons."""
    days = [business_day(now) - timedelta(days=late) for late in range(LATE_DAYS + 1)]
    given = 0
    for pk in list(_live(Way.BIRTHDAY, now).values_list("pk", flat=True)):
        for day in days:
            after = 0
            while True:
                born = _born_on(day).filter(pk__gt=after, joined_at__lte=now).order_by("pk")
                member_ids = list(born.values_list("pk", flat=True)[:BATCH])
                if not member_ids:
                    break
                given += _give_birthday_batch(template_id=pk, member_ids=member_ids, day=day, now=now)
                after = member_ids[-1]
    return given


@use_case
def _give_birthday_batch(*, template_id: int, member_ids: list[int], day: date, now: datetime) -> int:
    template = CouponTemplate.objects.get(pk=template_id)
    references = {pk: f"birthday:{day.year}:{pk}" for pk in _included(template, member_ids, now)}
    return len(_give_and_tell(template, references, now, on=day))


def _born_on(day: date) -> QuerySet[Member]:
    """Whoever was born on 29 February celebrates on the 28th in other years."""
    born = Q(birthday__month=day.month, birthday__day=day.day)
    if (day.month, day.day) == (2, 28) and not _is_leap(day.year):
        born |= Q(birthday__month=2, birthday__day=29)
    return Member.objects.filter(born, status=Member.Status.ACTIVE)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _for_purchase(paid_fen: int, moment: str, now: datetime) -> list[CouponTemplate]:
    return _FOR_PURCHASE.all(CouponTemplate, {"now": now, "moment": str(moment), "paid_fen": paid_fen})


def _live(way: str, now: datetime) -> QuerySet[CouponTemplate]:
    return CouponTemplate.objects.filter(live_at(now), way=way).order_by("pk")


def _give_all(
    templates: Iterable[CouponTemplate], *, member_id: int, cause: str, now: datetime, reached_tier: int | None = None
) -> list[Coupon]:
    coupons = []
    for template in templates:
        if reached_tier is not None or _included(template, [member_id], now):
            coupons += _give_and_tell(template, {member_id: f"{cause}:{member_id}"}, now)
    return coupons


def _included(template: CouponTemplate, member_ids: list[int], now: datetime) -> list[int]:
    """Those of the template's audience. Nobody came by a front, so that fronts are not asked about."""
    if template.audience.is_everybody:
        return member_ids
    channel = template.channels[0] if template.channels else ""
    buyers = buyers_for(member_ids=member_ids, channel=channel, now=now)
    return [buyer.member_id for buyer in buyers if buyer.member_id and template.audience.includes(buyer)]


def _give_and_tell(
    template: CouponTemplate, references: dict[int, str], now: datetime, on: date | None = None
) -> list[Coupon]:
    given = give_many(template=template, references=references, way=template.way, now=now, on=on)
    for coupon in given.coupons.values():
        tell_given(coupon, template=template, now=now)
    return list(given.coupons.values())
