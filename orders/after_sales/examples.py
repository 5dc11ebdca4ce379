"""A worked example of what the policies mean: an order of which one part comes back."""

from django.utils.translation import gettext as _

from orders.after_sales.engine import Assessment, Policy, assess
from orders.after_sales.states import CouponState, GiftState, LineState, OfferState, OrderSnapshot
from promotions.pricing.answers import AppliedOffer, Counted
from promotions.pricing.model import Gift, SpendOfferTerms, SpendTier
from promotions.pricing.scopes import EVERYTHING

_JACKET, _SCARF, _CUP = 0, 1, 2
_OFFER = 1


def example(policy: Policy) -> Assessment:
    """A jacket of ¥200 and a scarf of ¥150, ¥50 off and a cup from ¥300 on, a coupon of ¥10 on the jacket and ¥12 of
    freight: ¥302 in all. All of it was shipped, and the jacket comes back by the shop's fault.
    """
    return assess(_order(), {_JACKET: 1}, policy, sellers_fault=True)


def _order() -> OrderSnapshot:
    tier = SpendTier(30_000, off_fen=5_000, gifts=(Gift(3, 1, _("Cup"), tier_id=1),))
    offer = AppliedOffer(
        SpendOfferTerms(_OFFER, _("¥50 off from ¥300 on"), EVERYTHING, (tier,)),
        (Counted(1, 1, 20_000, 20_000), Counted(2, 1, 15_000, 15_000)),
    )
    return OrderSnapshot(
        lines=(
            LineState(
                _JACKET,
                _("Jacket"),
                sku_id=1,
                units=1,
                payable_fen=16_143,
                coupon_fen=1_000,
                units_shipped=1,
                offer_shares={_OFFER: 2_857},
            ),
            LineState(
                _SCARF, _("Scarf"), sku_id=2, units=1, payable_fen=12_857, units_shipped=1, offer_shares={_OFFER: 2_143}
            ),
            LineState(
                _CUP, _("Cup"), sku_id=3, units=1, payable_fen=0, units_shipped=1, gift=GiftState(_OFFER, 1, 2_000)
            ),
        ),
        freight_fen=1_200,
        offers=(OfferState(offer),),
        coupons=(CouponState(1, _("¥10 off"), frozenset({_JACKET})),),
    )
