"""The mechanisms of promotions, in the order in which an order claims them: the one list to read.

Each brings its terms into a quote, holds for an order what the quote took of it, uses that up when the order is paid,
and gives it back when the order is not. Promotion rows are locked before points, as the order of locks has it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from points.deduction.queries import deduction_for
from points.ledger import services as ledger
from promotions.campaigns.services.first_purchases import release_first_purchase, take_first_purchase
from promotions.checkout.activities import Bargains, FlashSales, GroupBuys, Presales, Prizes, Rewards
from promotions.checkout.benefits import member_shipping
from promotions.checkout.errors import PromotionsChanged
from promotions.checkout.mechanism import Activity, Asking, Mechanism, Settling, Taking
from promotions.coupons.services.using import claim_coupons, confirm_coupons, release_coupons
from promotions.coupons.terms import terms_for as coupons_for
from promotions.discounts.services.giving_back import release_discounts
from promotions.discounts.services.using import (
    OfferUse,
    UnitUse,
    claim_spend_offers,
    claim_timed_discounts,
    confirm_discounts,
)
from promotions.pricing import model
from promotions.pricing.answers import Adjustment, Quote
from promotions.pricing.earned import plain
from promotions.pricing.model import PointsTerms


class NewMember(Mechanism):
    """Promotions for new members act on one order: the first one placed, until it is given up."""

    name, kinds = "first_purchase", ()

    def taken(self, taking: Taking) -> Sequence[Adjustment]:
        is_purchase = taking.activity is None or not is_owed(taking.activity.kind)
        return taking.quote.applied if taking.buyer.is_new and is_purchase else ()

    def claim(self, taking: Taking) -> None:
        if not take_first_purchase(member_id=taking.member_id, order_number=taking.order_number, now=taking.now):
            raise PromotionsChanged

    def release(self, order_number: str, now: datetime) -> None:
        release_first_purchase(order_number=order_number)


class MemberBenefits(Mechanism):
    """The tier's price and free shipping, which nobody runs out of: there is nothing to claim."""

    name, kinds = "member", (model.Mechanism.MEMBER_PRICE.value, "member_shipping")

    def terms(self, asking: Asking) -> Mapping[str, Any]:
        shipping = member_shipping(asking.tier) if asking.tier else None
        return {"unit_prices": asking.member_prices, "freight": (shipping,) if shipping else ()}

    def taken(self, taking: Taking) -> Sequence[Adjustment]:
        return ()


class TimedDiscounts(Mechanism):
    name, kinds = "timed_discount", (model.Mechanism.TIMED_DISCOUNT.value,)

    def terms(self, asking: Asking) -> Mapping[str, Any]:
        offered = asking.offered
        return {
            "unit_prices": offered.unit_prices,
            "budgets": offered.budgets,
            "gift_costs": offered.gift_costs,
        }

    def claim(self, taking: Taking) -> None:
        uses = [
            UnitUse(each.id or 0, wanted, each.units, -each.amount_fen)
            for wanted, priced in zip(taking.cart.lines, taking.quote.lines, strict=True)
            for each in priced.adjustments
            if each.kind in self.kinds
        ]
        claim_timed_discounts(order_number=taking.order_number, member_id=taking.member_id, uses=uses, now=taking.now)

    def confirm(self, settling: Settling) -> None:
        confirm_discounts(order_number=settling.order_number, paid_fen=settling.paid_fen, now=settling.now)

    def release(self, order_number: str, now: datetime) -> None:
        release_discounts(order_number=order_number, now=now)


class SpendOffers(Mechanism):
    name, kinds = "spend_offer", (model.Mechanism.SPEND_OFFER.value,)

    def terms(self, asking: Asking) -> Mapping[str, Any]:
        return {"spend_offers": asking.offered.spend_offers}

    def conditions(self, taking: Taking) -> list[dict[str, Any]]:
        return [plain(offer) for offer in taking.quote.offers]

    def claim(self, taking: Taking) -> None:
        uses = [
            OfferUse(each.id or 0, -each.amount_fen, _gifts_of(taking.quote, each.id or 0))
            for each in self.taken(taking)
        ]
        claim_spend_offers(order_number=taking.order_number, member_id=taking.member_id, uses=uses, now=taking.now)

    def confirm(self, settling: Settling) -> None:
        confirm_discounts(order_number=settling.order_number, paid_fen=settling.paid_fen, now=settling.now)

    def release(self, order_number: str, now: datetime) -> None:
        release_discounts(order_number=order_number, now=now)


class Coupons(Mechanism):
    name, kinds = "coupon", ("coupon",)

    def terms(self, asking: Asking) -> Mapping[str, Any]:
        if asking.binding and not asking.cart.coupon_ids:
            return {}
        return {"coupons": coupons_for(buyer=asking.buyer, asked=asking.cart.coupon_ids, now=asking.now)}

    def claim(self, taking: Taking) -> None:
        costs = {each.id or 0: -each.amount_fen for each in self.taken(taking)}
        claim_coupons(order_number=taking.order_number, member_id=taking.member_id, costs_fen=costs, now=taking.now)

    def confirm(self, settling: Settling) -> None:
        confirm_coupons(order_number=settling.order_number, revenue_fen=settling.paid_fen, now=settling.now)

    def release(self, order_number: str, now: datetime) -> None:
        release_coupons(order_number=order_number, now=now)


class Points(Mechanism):
    """Those that pay part of the goods, and those that an activity asks for besides money, in one hold."""

    name, kinds = "points", (model.Mechanism.POINTS.value,)

    def taken(self, taking: Taking) -> Sequence[Adjustment]:
        return [each for each in taking.quote.applied if each.points]

    def terms(self, asking: Asking) -> Mapping[str, Any]:
        buyer = asking.buyer
        if buyer.member_id is None or not asking.cart.points_to_use:
            return {}
        found = deduction_for(
            member_id=buyer.member_id, tier_id=buyer.tier_id, segment_ids=buyer.segment_ids, now=asking.now
        )
        if found is None:
            return {"points": PointsTerms(available=0, cap_bp=0)}
        terms = PointsTerms(
            found.available, found.points_per_yuan, found.cap_bp, found.step, found.minimum, found.activity
        )
        return {"points": terms}

    def claim(self, taking: Taking) -> None:
        ledger.hold(
            reference=hold_reference(taking.order_number),
            member_id=taking.member_id,
            points=taking.quote.points_used,
            now=taking.now,
        )

    def confirm(self, settling: Settling) -> None:
        ledger.capture(
            hold_reference=hold_reference(settling.order_number),
            reference=spending_reference(settling.order_number),
            now=settling.now,
        )

    def release(self, order_number: str, now: datetime) -> None:
        held = hold_reference(order_number)
        ledger.release(hold_reference=held, reference=f"{held}:released", now=now)


MECHANISMS: tuple[Mechanism, ...] = (
    NewMember(),
    MemberBenefits(),
    TimedDiscounts(),
    SpendOffers(),
    FlashSales(),
    Bargains(),
    Prizes(),
    Presales(),
    GroupBuys(),
    Rewards(),
    Coupons(),
    Points(),
)
BY_NAME: Mapping[str, Mechanism] = {each.name: each for each in MECHANISMS}
ACTIVITIES: Mapping[str, Activity] = {each.name: each for each in MECHANISMS if isinstance(each, Activity)}


def is_owed(kind: str) -> bool:
    """Whether what a mechanism of this name gives is the member's already."""
    return kind in ACTIVITIES and ACTIVITIES[kind].is_owed


def hold_reference(order_number: str) -> str:
    """Of the points that an order holds until it is paid."""
    return f"checkout:{order_number}"


def spending_reference(order_number: str) -> str:
    """Of the points that an order was paid with."""
    return f"checkout:{order_number}:paid"


def _gifts_of(quote: Quote, offer_id: int) -> dict[int, int]:
    """By tier."""
    units: dict[int, int] = {}
    for gift in quote.gifts:
        if gift.id == offer_id:
            units[gift.tier_id] = units.get(gift.tier_id, 0) + gift.quantity
    return units
