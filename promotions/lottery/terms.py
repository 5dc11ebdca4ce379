"""The price of a prize that is ordered: nothing for the goods, and freight as the prize says."""

from dataclasses import dataclass
from datetime import datetime

from promotions.campaigns.audience import Buyer
from promotions.campaigns.errors import ActivityGoods, ActivityNotFound
from promotions.campaigns.goods import only_line
from promotions.lottery.errors import PrizeNotFound
from promotions.lottery.models import Prize, Win
from promotions.lottery.services.claiming import check_claimable
from promotions.pricing.model import CartSnapshot, FreightTerms, Mechanism, UnitPriceTerms
from promotions.pricing.scopes import Scope

KIND, SHIPPING = "prize", "prize_shipping"


@dataclass(frozen=True)
class PrizeTerms:
    """Free goods, and free shipping where the prize is sent without freight."""

    price: UnitPriceTerms
    shipping: FreightTerms | None


def prize_terms(*, draw_id: int, buyer: Buyer, cart: CartSnapshot, now: datetime) -> PrizeTerms:
    """Raises ActivityNotFound, PrizeExpired, PrizeOrderedAlready, ActivityGoods."""
    wins = Win.objects.filter(pk=draw_id, draw__member=buyer.member_id, prize__kind=Prize.Kind.GOODS)
    win = wins.select_related("prize", "draw").first()
    try:
        check_claimable(win, now=now)
    except PrizeNotFound as error:
        raise ActivityNotFound from error
    assert win is not None
    prize, line = win.prize, only_line(cart)
    if (line.sku_id, line.quantity) != (prize.sku_id, 1):
        raise ActivityGoods
    price = UnitPriceTerms(
        win.pk,
        prize.name,
        Mechanism.ACTIVITY,
        Scope(skus=frozenset([line.sku_id])),
        unit_price_fen=0,
        asked=True,
        below_floor=True,
        kind=KIND,
        version=win.draw.odds_id,
    )
    return PrizeTerms(price, FreightTerms(SHIPPING, win.pk, prize.name) if prize.freight_is_free else None)
