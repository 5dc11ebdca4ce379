"""What a reward costs whoever comes for it: points, with or without money, by the member's tier."""

from dataclasses import dataclass
from datetime import datetime

from points.mall.errors import RewardNotFound, RewardSoldOut, SlotTaken
from points.mall.models import Reward
from points.mall.queries import offered_reward
from points.mall.services.slots import bookable
from points.mall.viewers import Viewer
from promotions.campaigns.audience import Buyer
from promotions.campaigns.errors import ActivityGoods, ActivityNotFound
from promotions.campaigns.goods import only_line
from promotions.coupons.errors import CouponNotGivenNow
from promotions.pricing.model import CartSnapshot, FreightTerms, Mechanism, UnitPriceTerms
from promotions.pricing.scopes import Scope
from promotions.redemption.models import CouponReward

KIND, SHIPPING = "reward", "reward_shipping"
# Its points and its money are the whole price: neither offers, coupons nor more points lower it.
ALONE = frozenset({Mechanism.SPEND_OFFER, Mechanism.COUPON, Mechanism.POINTS})


@dataclass(frozen=True)
class RewardTerms:
    """The unit price, and free shipping where the reward is sent without freight."""

    price: UnitPriceTerms
    shipping: FreightTerms | None


def viewer(buyer: Buyer) -> Viewer:
    return Viewer(buyer.member_id, buyer.tier_id, buyer.segment_ids)


def reward_terms(
    *, reward_id: int, slot_id: int | None, buyer: Buyer, cart: CartSnapshot, now: datetime
) -> RewardTerms:
    """Raises ActivityNotFound, ActivityGoods, CouponNotGivenNow, SlotNotFound, SlotTaken, NothingToBook, and what says
    that this member may not redeem the reward now.
    """
    line = only_line(cart)
    try:
        offered = offered_reward(reward_id=reward_id, viewer=viewer(buyer), now=now)
    except RewardNotFound as error:
        raise ActivityNotFound from error
    if line.sku_id != offered.sku_id:
        raise ActivityGoods
    refusal = offered.refusal(viewer(buyer), now=now, units=line.quantity)
    if refusal is not None:
        raise refusal
    if slot_id is not None:
        slot = bookable(reward=Reward.objects.get(pk=reward_id), slot_id=slot_id, now=now)
        if slot.left < line.quantity:
            raise SlotTaken
    if offered.kind == Reward.Kind.COUPON:
        _check_coupons(reward_id, line.quantity, now)
    price = UnitPriceTerms(
        offered.id,
        offered.name,
        Mechanism.ACTIVITY,
        Scope(skus=frozenset([offered.sku_id])),
        unit_price_fen=offered.price_fen,
        points=offered.points,
        asked=True,
        below_floor=True,
        kind=KIND,
        refuses=ALONE,
    )
    return RewardTerms(price, FreightTerms(SHIPPING, offered.id, offered.name) if offered.freight_is_free else None)


def _check_coupons(reward_id: int, units: int, now: datetime) -> None:
    """Told before anything is paid; what ends meanwhile is paid back."""
    given = CouponReward.objects.filter(reward=reward_id).select_related("template").first()
    if given is None or not given.template.is_live(now=now):
        raise CouponNotGivenNow
    template = given.template
    if template.total_limit is not None and template.claimed_count + units > template.total_limit:
        raise RewardSoldOut
