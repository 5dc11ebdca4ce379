"""Giving coupons: the one place where they come into being and limits are kept.

Members' tallies are counted first, the template, at which everybody meets, last and once. Each count is one conditional
UPDATE whose result decides, in the transaction that writes the coupons: nothing is counted apart and made good later.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.models import F, Q

from promotions.campaigns.models import PUBLISHED
from promotions.campaigns.queries import buyer_for
from promotions.coupons.errors import (
    CouponAlreadyGiven,
    CouponLimitReached,
    CouponNotGivenNow,
    CouponPeriodLimitReached,
    CouponsGone,
    CouponTemplateNotFound,
)
from promotions.coupons.facts import CouponsGiven
from promotions.coupons.models import ClaimTally, Coupon, CouponTemplate
from promotions.coupons.models.templates import Halted, MemberLimits
from promotions.coupons.queries import window_for
from shop.core.clock import business_day
from shop.core.errors import DomainError
from shop.core.numbers import new_number
from shop.core.outbox import publish
from shop.core.transactions import use_case

Way = CouponTemplate.Way

# What `give_many` says of members who get none.
REFUSALS: tuple[type[DomainError], ...] = (
    CouponNotGivenNow,
    CouponAlreadyGiven,
    CouponLimitReached,
    CouponPeriodLimitReached,
    CouponsGone,
)

_COUNT = """
INSERT INTO coupons_claimtally AS tally (template_id, member_id, claimed, most, period_start, in_period, most_in_period)
SELECT %(template)s, member, 1, %(most)s, %(period)s, 1, %(most_in_period)s FROM unnest(%(members)s) AS member
ORDER BY member
ON CONFLICT (template_id, member_id) DO UPDATE SET
    claimed = tally.claimed + 1,
    most = excluded.most,
    period_start = excluded.period_start,
    in_period = CASE WHEN tally.period_start IS DISTINCT FROM excluded.period_start THEN 1 ELSE tally.in_period + 1 END,
    most_in_period = excluded.most_in_period
WHERE (excluded.most IS NULL OR tally.claimed < excluded.most)
  AND (excluded.most_in_period IS NULL OR tally.period_start IS DISTINCT FROM excluded.period_start
       OR tally.in_period < excluded.most_in_period)
RETURNING member_id
"""


@dataclass(frozen=True)
class Given:
    """The new coupons by member, and why the others got none."""

    coupons: Mapping[int, Coupon]
    refusals: Mapping[int, type[DomainError]]


@use_case
def claim_coupon(*, template_id: int, member_id: int, channel: str, now: datetime) -> Coupon:
    """The member takes a coupon that is there to be claimed.

    Raises CouponTemplateNotFound, CouponNotGivenNow, CouponsGone, CouponLimitReached, CouponPeriodLimitReached, and
    what says that the member is not of its audience.
    """
    template = CouponTemplate.objects.filter(pk=template_id, way=Way.CLAIM, status__in=PUBLISHED).first()
    if template is None:
        raise CouponTemplateNotFound
    refusal = template.audience.refusal(buyer_for(member_id=member_id, channel=channel, now=now))
    if refusal is not None:
        raise refusal
    return give(template=template, member_id=member_id, way=Way.CLAIM, reference=None, now=now)


def give(*, template: CouponTemplate, member_id: int, way: str, reference: str | None, now: datetime) -> Coupon:
    """One coupon to one member, inside the caller's transaction; without a `reference` as often as limits allow.

    Raises CouponNotGivenNow, CouponsGone, CouponLimitReached, CouponPeriodLimitReached, CouponAlreadyGiven.
    """
    given = give_many(template=template, references={member_id: reference}, way=way, now=now)
    if member_id in given.refusals:
        raise given.refusals[member_id]
    return given.coupons[member_id]


def give_many(
    *, template: CouponTemplate, references: Mapping[int, str | None], way: str, now: datetime, on: date | None = None
) -> Given:
    """One coupon to each member in `references`, as far as the limits allow, inside the caller's transaction.

    A reference says what the coupon is given for; under the same one nobody is given a second. `on` is the day in whose
    period it counts, where that is not today.
    """
    if not template.is_live(now=now) or window_for(template, claimed_at=now)[1] <= now:
        return Given({}, dict.fromkeys(references, CouponNotGivenNow))
    known = _already_given(template, references)
    refusals: dict[int, type[DomainError]] = dict.fromkeys(known, CouponAlreadyGiven)
    wanting = sorted(set(references) - known)
    limits = template.member_limits(on=on or business_day(now))
    counted = _count_members(template, wanting, limits)
    refusals |= _why_not(template, set(wanting) - set(counted), limits)
    served = _count_template(template, counted, now)
    if len(served) < len(counted):
        surplus = counted[len(served) :]
        ClaimTally.objects.filter(template=template, member_id__in=surplus).update(
            claimed=F("claimed") - 1, in_period=F("in_period") - 1
        )
        refusals |= dict.fromkeys(surplus, CouponsGone)
    coupons = _write(template, {member_id: references[member_id] for member_id in served}, way, now)
    if coupons:
        publish(CouponsGiven(template_id=template.pk, way=way, member_ids=served, at=now))
    return Given({coupon.member_id: coupon for coupon in coupons}, refusals)


def _already_given(template: CouponTemplate, references: Mapping[int, str | None]) -> set[int]:
    named = [reference for reference in references.values() if reference is not None]
    if not named:
        return set()
    return set(Coupon.objects.filter(template=template, reference__in=named).values_list("member_id", flat=True))


def _count_members(template: CouponTemplate, member_ids: Sequence[int], limits: MemberLimits) -> list[int]:
    """Those whose own limits leave room, counted; in the order of their keys, as are the locks."""
    if not member_ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNT,
            {
                "template": template.pk,
                "members": list(member_ids),
                "most": limits.most,
                "period": limits.period_start,
                "most_in_period": limits.most_in_period,
            },
        )
        return sorted(row[0] for row in cursor.fetchall())


def _count_template(template: CouponTemplate, member_ids: Sequence[int], now: datetime) -> list[int]:
    """As many of the members as the template still has coupons for, counted there. The window counts here too."""
    served, cost_fen = list(member_ids), template.most_cost_fen or 0
    while served:
        fits = CouponTemplate.objects.filter(
            Q(total_limit=None) | Q(total_limit__gte=F("claimed_count") + len(served)),
            Q(budget_fen=None) | Q(budget_fen__gte=F("spent_fen") + cost_fen * len(served)),
            pk=template.pk,
            status__in=PUBLISHED,
            halted=Halted.NO,
        )
        if fits.update(
            claimed_count=F("claimed_count") + len(served), spent_fen=F("spent_fen") + cost_fen * len(served)
        ):
            return served
        served = served[: min(_left(template), len(served) - 1)]
    return served


def _left(template: CouponTemplate) -> int:
    """For how many there is room at the moment: a guess, which the next count proves."""
    columns = ("total_limit", "claimed_count", "budget_fen", "spent_fen", "status", "halted")
    row = CouponTemplate.objects.values(*columns).get(pk=template.pk)
    if row["status"] not in PUBLISHED or row["halted"]:
        return 0
    room = [row["total_limit"] - row["claimed_count"]] if row["total_limit"] is not None else []
    if row["budget_fen"] is not None and template.most_cost_fen:
        room.append((row["budget_fen"] - row["spent_fen"]) // template.most_cost_fen)
    return max(min(room, default=0), 0)


def _why_not(template: CouponTemplate, member_ids: set[int], limits: MemberLimits) -> dict[int, type[DomainError]]:
    """Of members whose own limit is reached, which of the two."""
    if not member_ids:
        return {}
    tallies = ClaimTally.objects.filter(template=template, member_id__in=member_ids)
    claimed = dict(tallies.values_list("member_id", "claimed"))
    return {
        pk: CouponLimitReached
        if limits.most is not None and claimed.get(pk, 0) >= limits.most
        else CouponPeriodLimitReached
        for pk in member_ids
    }


def _write(template: CouponTemplate, references: Mapping[int, str | None], way: str, now: datetime) -> list[Coupon]:
    valid_from, valid_until = window_for(template, claimed_at=now)
    coupons = [
        Coupon(
            number=(number := new_coupon_number(now)),
            template=template,
            member_id=member_id,
            way=way,
            reference=reference or number,
            valid_from=valid_from,
            valid_until=valid_until,
            claimed_at=now,
        )
        for member_id, reference in references.items()
    ]
    return Coupon.objects.bulk_create(coupons)


def new_coupon_number(now: datetime) -> str:
    """With more random digits than an order's number: thousands are given in a second."""
    return f"{new_number('Q', now)}{secrets.randbelow(10**6):06d}"
