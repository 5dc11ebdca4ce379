"""What a tier gives at checkout: the member's price and free shipping."""

from django.utils.translation import gettext_lazy as _

from members.tiers.models import Tier
from promotions.pricing.model import FreightTerms, Mechanism, UnitPriceTerms
from promotions.pricing.scopes import EVERYTHING

MEMBER_SHIPPING = "member_shipping"


def member_price(tier: Tier) -> UnitPriceTerms | None:
    if not tier.discount_bp:
        return None
    label = _("{tier} price").format(tier=tier)
    return UnitPriceTerms(tier.pk, label, Mechanism.MEMBER_PRICE, EVERYTHING, off_bp=tier.discount_bp)


def member_shipping(tier: Tier) -> FreightTerms | None:
    if not tier.free_shipping:
        return None
    return FreightTerms(MEMBER_SHIPPING, tier.pk, _("{tier}: free shipping").format(tier=tier))
