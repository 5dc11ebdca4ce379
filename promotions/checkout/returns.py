"""What comes back of promotions when a paid order does, whole or in part: points, coupons, and what campaigns count.

Building blocks inside the transaction of an after-sale, whose order's row the caller holds; all of them repeatable.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F

from points.ledger import services as ledger
from points.ledger.queries import transaction_of
from promotions.checkout.errors import MorePointsThanPaid
from promotions.checkout.mechanism import Activity, StillStands
from promotions.checkout.mechanisms import ACTIVITIES, Coupons, Points, SpendOffers, TimedDiscounts, spending_reference
from promotions.checkout.models import ClaimStatus, PromotionClaim
from promotions.coupons.models import Coupon
from promotions.coupons.services import reduce_coupons, take_back_for_purchase
from promotions.coupons.services import return_coupons as give_coupons_back
from promotions.discounts.services.giving_back import Standing, reduce_discounts, release_discounts
from promotions.pricing.answers import AppliedOffer
from promotions.pricing.earned import from_plain

_USED = (ClaimStatus.CONFIRMED, ClaimStatus.COMPLETED)


@dataclass(frozen=True)
class LineNow:
    """A line of the order with what it was ordered under, and how many of its units have come back in all."""

    sku_id: int
    units: int
    units_back: int
    adjustments: Sequence[Mapping[str, Any]]
    is_gift: bool = False


@dataclass(frozen=True)
class UsedCoupon:
    """A coupon that the order was paid with, as it is now."""

    id: int
    valid_until: datetime
    is_back: bool


def offers_of(*, order_number: str) -> tuple[AppliedOffer, ...]:
    """The spend offers that acted on the order, each with its terms and what it counted at that moment."""
    claims = PromotionClaim.objects.filter(order_number=order_number, mechanism=SpendOffers.name, status__in=_USED)
    return tuple(from_plain(each) for claim in claims for each in claim.conditions)


def coupons_of(*, order_number: str, coupon_ids: Collection[int]) -> dict[int, UsedCoupon]:
    """Of the coupons that the order named when it was placed, by id."""
    rows = Coupon.objects.filter(pk__in=coupon_ids).values_list("pk", "valid_until", "order_number")
    return {pk: UsedCoupon(pk, until, used_by != order_number) for pk, until, used_by in rows}


def hold_back(*, order_number: str, units: int, now: datetime) -> None:
    """Money back is asked for so many units of the paid order: what its activity gave for them waits for the answer.

    Raises why nothing is paid back for them, such as a code that was seen.
    """
    for activity in _activities_of(order_number):
        activity.hold_back(order_number, units, now)


def let_go_on(*, order_number: str, units: int, since: datetime, now: datetime) -> None:
    """No money goes back after all for so many units, for which it was asked then: the member has what they gave."""
    for activity in _activities_of(order_number):
        activity.let_go_on(order_number, units, since, now)


def return_points(*, order_number: str, reference: str, points: int, now: datetime) -> int:
    """Give back exactly so many of the points that the order was paid with, to the lots that they came from.

    Returns how many came back now: none when this reference has done so before. Raises MorePointsThanPaid.
    """
    if not points:
        return 0
    used = PromotionClaim.objects.filter(order_number=order_number, mechanism=Points.name, status__in=_USED)
    held = used.select_for_update(no_key=True).first()
    if held is not None and transaction_of(reference=reference) is not None:
        return 0
    if held is None or not used.filter(points_returned__lte=F("points") - points).update(
        points_returned=F("points_returned") + points
    ):
        raise MorePointsThanPaid(left=held.points - held.points_returned if held else 0)
    ledger.reverse(of=spending_reference(order_number), reference=reference, points=points, now=now)
    return points


def return_coupons(*, order_number: str, coupon_ids: Collection[int], now: datetime) -> int:
    """Give these coupons of the order back, as long-lived as they were. Returns how many came back now."""
    return give_coupons_back(order_number=order_number, coupon_ids=coupon_ids, now=now) if coupon_ids else 0


def take_back_rewards(*, order_number: str, member_id: int, paid_fen: int, now: datetime) -> int:
    """Of the coupons that the order has earned leave those that it would have for what is still paid."""
    return take_back_for_purchase(member_id=member_id, order_number=order_number, paid_fen=paid_fen, now=now)


def count_returns(*, order_number: str, lines: Sequence[LineNow], paid_fen: int, was_sent: bool, now: datetime) -> None:
    """Let campaigns count what stands of the order: of budgets, quotas, gifts and limits what goods that stay take,
    and `paid_fen`, what is still paid for them, as what it brought. An order that came back whole counts no more.
    `was_sent` says whether anything of it has left the shop.
    """
    claims = PromotionClaim.objects.filter(order_number=order_number, status__in=_USED)
    taken = {claim.mechanism: claim.taken for claim in claims.order_by("pk")}
    if TimedDiscounts.name in taken or SpendOffers.name in taken:
        if all(line.units_back >= line.units for line in lines):
            release_discounts(order_number=order_number, now=now)
        else:
            standing = _standing(lines, taken.get(SpendOffers.name, []))
            reduce_discounts(order_number=order_number, to=standing, revenue_fen=paid_fen)
    for name in taken.keys() & ACTIVITIES.keys():
        units = sum(line.units - line.units_back for line in lines if not line.is_gift)
        still_taken = sum(_still_taken(lines, taken[name]).values())
        ACTIVITIES[name].reduce(order_number, StillStands(units, still_taken, paid_fen, was_sent, now))
    if Coupons.name in taken:
        costs_fen = _still_taken(lines, taken[Coupons.name])
        reduce_coupons(order_number=order_number, costs_fen=costs_fen, revenue_fen=paid_fen)


def _activities_of(order_number: str) -> list[Activity]:
    claims = PromotionClaim.objects.filter(order_number=order_number, mechanism__in=ACTIVITIES, status__in=_USED)
    return [ACTIVITIES[name] for name in claims.order_by("pk").values_list("mechanism", flat=True)]


def _standing(lines: Sequence[LineNow], offers: Sequence[Mapping[str, Any]]) -> Standing:
    units: dict[tuple[int, int], tuple[int, int]] = {}
    gifts: dict[int, int] = {}
    for line in lines:
        for each in line.adjustments:
            if line.is_gift:
                gifts[each["tier_id"]] = gifts.get(each["tier_id"], 0) + line.units - line.units_back
            elif each["kind"] in TimedDiscounts.kinds:
                kept = _kept(line, each.get("units", 0)), _kept(line, -each["amount_fen"])
                units[each["id"], line.sku_id] = kept
    return Standing(units, _still_taken(lines, offers), gifts)


def _still_taken(lines: Sequence[LineNow], taken: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """By promotion what it still takes off: its share of what stays, and what it paid of freight."""
    if all(line.units_back >= line.units for line in lines if not line.is_gift):
        return {cause["id"]: 0 for cause in taken}
    still = {}
    for cause in taken:
        back = 0
        for line in lines:
            for each in line.adjustments:
                if not line.is_gift and (each["kind"], each["id"]) == (cause["kind"], cause["id"]):
                    back += -each["amount_fen"] - _kept(line, -each["amount_fen"])
        still[cause["id"]] = -cause["amount_fen"] - back
    return still


def _kept(line: LineNow, whole: int) -> int:
    """Of something that belongs to all units of a line what those that stay have."""
    return whole - whole * line.units_back // line.units
