"""Timed discounts and spend offers as pricing reads them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction

from promotions.campaigns.audience import Buyer
from promotions.discounts.depth import cost_of
from promotions.discounts.left import GiftsLeft, left_of
from promotions.discounts.live import LiveItem, LiveOffer, live, live_items, live_offer
from promotions.discounts.models import SpendOffer, TimedDiscount
from promotions.pricing.model import Gift, Measure, PricingLine, SpendOfferTerms, Terms, UnitPriceTerms
from promotions.pricing.scopes import Basket, Scope
from promotions.pricing.unit_prices import saving_fen


@dataclass(frozen=True)
class Offered:
    """What a buyer has on the goods in a basket. `budgets`: fen left, by kind and id of campaigns that have one, and
    `gift_costs` what a unit of their gifts takes of them, by tier.
    """

    unit_prices: tuple[UnitPriceTerms, ...]
    spend_offers: tuple[SpendOfferTerms, ...]
    budgets: Mapping[tuple[str, int], int] = field(default_factory=dict)
    gift_costs: Mapping[int, int] = field(default_factory=dict)


def offered(
    *, buyer: Buyer, basket: Basket[PricingLine], now: datetime, besides: Sequence[UnitPriceTerms] = ()
) -> Offered:
    """The other unit prices than those `besides`, and the offers, open to the buyer on these goods.

    One query where units, gifts or money are counted of what these goods may reach, and another one for what is
    published unless the buyer brings it.
    """
    published = live(buyer.stamp)
    items = [each for each in published.items.touching(basket) if each.campaign.acts(buyer, now)]
    offers = [each for each in published.offers.touching(basket) if each.campaign.acts(buyer, now)]
    counted = [each for each in offers if (each.gifts or each.campaign.has_budget) and _may_reach(each, basket)]
    left = left_of(items, counted, buyer, basket, among=published.counted)
    return Offered(
        unit_prices=tuple(
            [
                terms
                for each in items
                for terms in (
                    _unit_prices(each, basket, left.units, _besides(each, items, left.units, besides))
                    if each.is_limited
                    else (each.terms,)
                )
            ]
        ),
        spend_offers=tuple(_spend_offer(each, left.gifts) for each in offers),
        budgets=left.budgets,
        gift_costs=left.gift_costs,
    )


def _may_reach(offer: LiveOffer, basket: Basket[PricingLine]) -> bool:
    """No price makes the goods of an offer worth more than they cost at list price, or more units."""
    terms, lines = offer.terms, [basket.lines[place] for place in basket.places(offer.scope)]
    most = sum(line.quantity if terms.measure == Measure.COUNT else line.subtotal_fen for line in lines)
    return any(most >= tier.threshold for tier in terms.tiers)


def terms_of_discount(discount: TimedDiscount, paths: Mapping[int, str], *, at: datetime | None = None) -> Terms:
    """See `campaigns.conflicts.terms_of`."""
    items = live_items(discount, paths)
    return Terms(unit_prices=tuple(replace(each.terms, max_units=each.most_units) for each in items))


def terms_of_offer(offer: SpendOffer, paths: Mapping[int, str], *, at: datetime | None = None) -> Terms:
    """See `campaigns.conflicts.terms_of`."""
    costs = {tier.pk: cost_of(tier.gift_sku) for tier in offer.tiers.all() if tier.gift_sku_id is not None}
    return Terms(spend_offers=(live_offer(offer, paths).terms,), gift_costs=costs)


def _unit_prices(
    item: LiveItem, basket: Basket, left: Mapping[int, int], besides: Sequence[UnitPriceTerms] = ()
) -> list[UnitPriceTerms]:
    """Where only so many units may be had: terms for each line, as far as they go, first where a unit saves most.

    What a line is had for anyway, at the best of the prices `besides`, is no saving.
    """
    units, found = left.get(item.item_id, 0), []
    places = basket.places(item.scope)
    if units < sum(basket.lines[place].quantity for place in places):
        gains = _gains(replace(item.terms, max_units=units), places, basket, besides)
        places = tuple(sorted(places, key=lambda place: (-gains[place], place)))
    for place in places:
        line = basket.lines[place]
        if units:
            found.append(replace(item.terms, scope=Scope(skus=frozenset([line.sku_id])), max_units=units))
            units -= min(units, line.quantity)
    return found


def _gains(
    terms: UnitPriceTerms, places: Sequence[int], basket: Basket, besides: Sequence[UnitPriceTerms]
) -> dict[int, Fraction]:
    """What a unit of each line is cheaper by than with the others, when the line is the first to have the price."""
    otherwise: Counter[int] = Counter()
    for other in besides:
        for place in basket.places(other.scope):
            otherwise[place] = max(otherwise[place], saving_fen(basket.lines[place], other))
    gains = {}
    for place in places:
        line = basket.lines[place]
        gained = saving_fen(line, terms) - otherwise[place]
        gains[place] = Fraction(gained, max(min(line.quantity, terms.max_units or 0), 1))
    return gains


def _besides(
    item: LiveItem, items: Sequence[LiveItem], left: Mapping[int, int], others: Sequence[UnitPriceTerms]
) -> list[UnitPriceTerms]:
    """The other discounts' prices, as far as they go at most, and those that have nothing to do with discounts."""
    rivals = [each for each in items if each.item_id != item.item_id]
    return [
        *others,
        *(
            replace(each.terms, max_units=left.get(each.item_id, 0)) if each.is_limited else each.terms
            for each in rivals
        ),
    ]


def _spend_offer(offer: LiveOffer, left: Mapping[int, GiftsLeft]) -> SpendOfferTerms:
    if not offer.gifts:
        return offer.terms
    tiers = [replace(tier, gifts=tuple(_gift(gift, left) for gift in tier.gifts)) for tier in offer.terms.tiers]
    return replace(offer.terms, tiers=tuple(tiers))


def _gift(gift: Gift, left: Mapping[int, GiftsLeft]) -> Gift:
    on_shelf, quota = left.get(gift.tier_id, GiftsLeft())
    return replace(gift, available=on_shelf, quota=quota)
