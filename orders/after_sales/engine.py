"""What goes back for some units of some lines: pure, on what the order wrote down, never priced anew.

Always: each line's cash, points and coupon share telescope, so that any sequence of returns that brings every unit back
gives back exactly what was paid, and no sequence gives more. What an offer no longer earns is held against all that has
gone back so far: it comes off the cash of this return, and comes back in cash when a later one makes it moot.
Nothing is spread anew over the units that stay.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from orders.after_sales.states import CouponState, LineState, OfferState, OrderSnapshot
from promotions.pricing.answers import AppliedOffer
from promotions.pricing.earned import Earned, earned
from promotions.pricing.refunds import LineSnapshot, refundable


class FreightBack(StrEnum):
    NEVER = "never"
    UNSHIPPED = "unshipped"
    FAULT = "fault"
    SHARE = "share"


class ThresholdLost(StrEnum):
    IGNORE = "ignore"
    DEDUCT = "deduct"


class CouponsBack(StrEnum):
    NEVER = "never"
    WHOLE = "whole"
    LINES = "lines"


class GiftsBack(StrEnum):
    RETURN = "return"
    DEDUCT = "deduct"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Policy:
    """What the merchant has decided; `orders.after_sales.policies` reads it from the settings.

    `grace_days` is how long a coupon that expired meanwhile is good again, 0 for never.
    """

    freight: FreightBack = FreightBack.UNSHIPPED
    threshold: ThresholdLost = ThresholdLost.DEDUCT
    coupons: CouponsBack = CouponsBack.WHOLE
    gifts: GiftsBack = GiftsBack.RETURN
    grace_days: int = 0
    growth_back: bool = True
    commission_back: bool = True


@dataclass(frozen=True, slots=True)
class LineRefund:
    position: int
    units: int
    cash_fen: int
    points: int
    coupon_fen: int


@dataclass(frozen=True, slots=True)
class GiftBack:
    """Units of a gift that have to come back; `unsent` ones of them never left and simply stay."""

    position: int
    units: int
    unsent: int


@dataclass(frozen=True, slots=True)
class Deduction:
    """What comes off the cash, by its cause; negative where an earlier deduction is given back."""

    key: str
    label: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """One reason, as `orders.after_sales.sentences` says it in the reader's language."""

    code: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Assessment:
    """`goods_fen` goes back for goods, less deductions, and is never negative; `cash_fen` is that and the freight."""

    lines: tuple[LineRefund, ...]
    freight_fen: int = 0
    deductions: tuple[Deduction, ...] = ()
    coupons_back: tuple[int, ...] = ()
    gifts_to_return: tuple[GiftBack, ...] = ()
    is_whole: bool = False
    growth_back: bool = True
    commission_back: bool = True
    explanations: tuple[Explanation, ...] = ()

    @property
    def deducted_fen(self) -> int:
        return sum(each.amount_fen for each in self.deductions)

    @property
    def goods_fen(self) -> int:
        return sum(line.cash_fen for line in self.lines) - self.deducted_fen

    @property
    def cash_fen(self) -> int:
        return self.goods_fen + self.freight_fen

    @property
    def points(self) -> int:
        return sum(line.points for line in self.lines)

    @property
    def coupon_fen(self) -> int:
        return sum(line.coupon_fen for line in self.lines)


def assess(
    order: OrderSnapshot, asked: Mapping[int, int], policy: Policy, *, sellers_fault: bool = False
) -> Assessment:
    """What goes back for the units asked for, by line position, under the policy.

    `gifts_to_return` are those beyond what was asked for; an after-sale takes them along, so that from then on they
    are among `units_back`. Raises ValueError for units that the order does not have or that have come back already.
    """
    case = _Case(order, asked, policy, sellers_fault)
    refunds = tuple(case.line_refund(line) for line in order.lines if asked.get(line.position))
    gifts = tuple(case.gifts_to_return())
    freight_fen = case.freight()
    deductions = tuple(case.deductions(sum(each.cash_fen for each in refunds), gifts))
    coupons = tuple(case.coupons())
    case.explain_followers()
    return Assessment(
        lines=refunds,
        freight_fen=freight_fen,
        deductions=deductions,
        coupons_back=coupons,
        gifts_to_return=gifts,
        is_whole=case.is_whole,
        growth_back=policy.growth_back,
        commission_back=policy.commission_back,
        explanations=tuple(case.reasons),
    )


class _Case:
    """One assessment under way: the units back before and after it, and the reasons that it gives."""

    def __init__(self, order: OrderSnapshot, asked: Mapping[int, int], policy: Policy, sellers_fault: bool) -> None:
        self.order, self.policy, self.sellers_fault = order, policy, sellers_fault
        self.back = {line.position: line.units_back + asked.get(line.position, 0) for line in order.lines}
        if not set(asked) <= set(self.back) or any(units < 0 for units in asked.values()):
            raise ValueError("units of lines that the order has")
        self.bought = [line for line in order.lines if line.gift is None]
        self.is_whole = all(self.back[line.position] == line.units for line in self.bought)
        self.kept = {line.sku_id: line.units - self.back[line.position] for line in self.bought}
        self.ordered = {line.sku_id: line.units for line in self.bought}
        self.reasons: list[Explanation] = []

    def say(self, code: str, **data: Any) -> None:
        self.reasons.append(Explanation(code, data))

    def line_refund(self, line: LineState) -> LineRefund:
        after = self.back[line.position]
        share = refundable(
            LineSnapshot(line.units, line.payable_fen, line.points, line.coupon_fen),
            units_before=line.units_back,
            units_after=after,
        )
        units = after - line.units_back
        if line.gift is None:
            said = {"units": units, "name": line.name, "cash_fen": share.cash_fen}
            self.say("line_with_points" if share.points else "line", **said, points=share.points)
        return LineRefund(line.position, units, share.cash_fen, share.points, share.coupon_fen)

    # Freight

    def freight(self) -> int:
        order, policy = self.order, self.policy.freight
        left = order.freight_fen - order.freight_back_fen
        if left <= 0:
            return 0
        if policy == FreightBack.NEVER:
            self.say("freight_never", freight_fen=left)
            return 0
        if self.is_whole and not any(line.units_shipped for line in order.lines):
            self.say("freight_unshipped", freight_fen=left)
            return left
        if policy == FreightBack.SHARE or (policy == FreightBack.FAULT and self.sellers_fault):
            return self._freight_share(left)
        self.say("freight_without_fault" if policy == FreightBack.FAULT else "freight_stays", freight_fen=left)
        return 0

    def _freight_share(self, left: int) -> int:
        """By units, telescoping as the lines do."""
        units = sum(line.units for line in self.bought)
        before = sum(line.units_back for line in self.bought)
        after = sum(self.back[line.position] for line in self.bought)
        share = self.order.freight_fen * after // units - self.order.freight_fen * before // units
        share = min(share, left)
        self.say("freight_share", freight_fen=share, units=after - before, all=units)
        return share

    # What is no longer earned

    def deductions(self, cash_fen: int, gifts: Iterable[GiftBack]) -> list[Deduction]:
        """First what is given back of earlier ones, then what is new, as far as the cash of this return reaches."""
        lost = [*self._offers_lost(), *self._gifts_lost(gifts)]
        changes = [(key, label, fen - self.order.deducted.get(key, 0), data) for key, label, fen, data in lost]
        found, room = [], cash_fen
        for key, label, change, data in sorted(changes, key=lambda each: each[2] >= 0):
            amount = min(change, room)
            if amount:
                found.append(Deduction(key, label, amount))
                room -= amount
            if change:
                code = "regained" if change < 0 else "lost" if amount == change else "lost_capped"
                self.say(f"{key.partition(':')[0]}_{code}", **data, label=label, amount_fen=abs(amount))
        return found

    def _offers_lost(self) -> list[tuple[str, str, int, dict[str, Any]]]:
        found = []
        for offer in self.order.offers:
            terms = offer.applied.terms
            now = earned(offer.applied, self.kept)
            fen = self._no_longer_earned(offer, now)
            if self.policy.threshold == ThresholdLost.IGNORE:
                if fen:
                    self.say("offer_kept", label=str(terms.label))
                fen = 0
            data = {"measure": terms.measure.value, "measured": now.measured, "threshold": _missed(offer.applied, now)}
            found.append((f"offer:{terms.id}", str(terms.label), fen, data))
        return found

    def _no_longer_earned(self, offer: OfferState, now: Earned) -> int:
        """Of what the offer took off the units that stay; the share of those that go back was never paid."""
        if self.is_whole or now.reached == earned(offer.applied, self.ordered).reached:
            return 0
        share = offer.applied.terms.id
        stays = 0
        for line in self.bought:
            given = line.offer_shares.get(share, 0)
            # Rounded down, as the cash that goes back: what stays never costs more than without the offer.
            stays += given * (line.units - self.back[line.position]) // line.units
        freight = offer.freight_fen if not now.ships_free else 0
        return max(0, stays - now.off_fen) + freight

    # Gifts

    def gifts_to_return(self) -> list[GiftBack]:
        found = []
        for line in self.order.lines:
            due = self._gift_due(line)
            unsent = min(due, max(line.units - line.units_shipped - self.back[line.position], 0))
            sent = due - unsent
            if unsent:
                self.say("gift_unsent", units=unsent, name=line.name)
            if sent and self.policy.gifts == GiftsBack.RETURN:
                self.say("gift_return", units=sent, name=line.name)
            elif sent:
                if self.policy.gifts == GiftsBack.KEEP:
                    self.say("gift_kept", units=sent, name=line.name)
                sent = 0
            if unsent + sent:
                found.append(GiftBack(line.position, unsent + sent, unsent))
        return found

    def _gift_due(self, line: LineState) -> int:
        """Units of a gift that are neither earned any more nor back."""
        if line.gift is None:
            return 0
        still = 0
        for offer in self.order.offers:
            if offer.applied.terms.id == line.gift.offer_id and not self.is_whole:
                still = min(line.units, earned(offer.applied, self.kept).gifts.get(line.gift.tier_id, 0))
        known = any(offer.applied.terms.id == line.gift.offer_id for offer in self.order.offers)
        if not known and not self.is_whole:
            still = line.units
        return max(line.units - still - self.back[line.position], 0)

    def _gifts_lost(self, gifts: Iterable[GiftBack]) -> list[tuple[str, str, int, dict[str, Any]]]:
        back = {each.position: each.units for each in gifts}
        found = []
        for line in self.order.lines:
            if line.gift is not None:
                units = self._gift_due(line) - back.get(line.position, 0)
                worth = units * line.gift.worth_fen if self.policy.gifts == GiftsBack.DEDUCT else 0
                found.append((f"gift:{line.position}", line.name, worth, {"units": units}))
        return found

    # Coupons

    def coupons(self) -> list[int]:
        found = []
        for coupon in self.order.coupons:
            if coupon.is_back:
                continue
            if not self._comes_back(coupon):
                self.say(f"coupon_{self.policy.coupons.value}", label=coupon.label)
            elif coupon.expired and not self.policy.grace_days:
                self.say("coupon_expired", label=coupon.label)
                found.append(coupon.id)
            else:
                code = "coupon_grace" if coupon.expired else "coupon_back"
                self.say(code, label=coupon.label, days=self.policy.grace_days)
                found.append(coupon.id)
        return found

    def _comes_back(self, coupon: CouponState) -> bool:
        if self.policy.coupons == CouponsBack.NEVER:
            return False
        if self.policy.coupons == CouponsBack.WHOLE or not coupon.lines:
            return self.is_whole
        return all(self.back[line.position] == line.units for line in self.order.lines if line.position in coupon.lines)

    def explain_followers(self) -> None:
        self.say("growth_back" if self.policy.growth_back else "growth_kept")
        self.say("commission_back" if self.policy.commission_back else "commission_kept")


def _missed(offer: AppliedOffer, now: Earned) -> int:
    """The lowest threshold that is no longer reached."""
    return min((tier.threshold for tier in offer.terms.tiers if tier.threshold > now.measured), default=0)
