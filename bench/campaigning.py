"""Live promotions, priced carts and the laws of pricing; runs inside Django (`Shop.call`)."""

import time
from datetime import timedelta
from itertools import islice
from random import Random

from members.identity.models import Member
from promotions.campaigns import version
from promotions.campaigns.models import CampaignStatus
from promotions.coupons.models import CouponTemplate
from promotions.coupons.services import give
from promotions.discounts.models import SpendOffer, SpendOfferTier, TimedDiscount, TimedDiscountItem
from promotions.pricing.engine import price
from promotions.pricing.model import (
    CartSnapshot,
    CouponKind,
    CouponTerms,
    Mechanism,
    PointsTerms,
    PricingLine,
    SpendOfferTerms,
    SpendTier,
    Terms,
    UnitPriceTerms,
)
from promotions.pricing.scopes import EVERYTHING, Scope, ScopeIndex
from promotions.pricing.tests.dense import (
    broken_laws_of_crowds,
    broken_laws_of_density,
    broken_laws_of_refusals,
    dense_case,
)
from promotions.pricing.tests.laws import broken_laws, random_case
from shop.catalog.models import Sku
from shop.core import clock
from shop.core.transactions import unit_of_work

# Of ten promotions seven are timed discounts, three offers; there are a few offers for the whole shop, however many.
TIMED_OF_TEN, STOREWIDE = 7, 3
GOODS_EACH = 5


def engine_ms(*, promotions: int, lines: int, seed: int, rounds: int) -> float:
    """Milliseconds of processor time to find the promotions of a cart and price it, on average over carts."""
    rng = Random(seed)
    goods = [_goods(sku_id) for sku_id in range(1, 5001)]
    unit_prices, offers = [], []
    for number in range(promotions):
        chosen = rng.sample(goods, GOODS_EACH)
        if number < STOREWIDE:
            offers.append(SpendOfferTerms(number, "all", EVERYTHING, (SpendTier(200_000 + number, off_fen=5000),)))
        elif number % 10 < TIMED_OF_TEN:
            scope = Scope(skus=frozenset(line.sku_id for line in chosen))
            unit_prices.append(UnitPriceTerms(number, "timed", Mechanism.TIMED_DISCOUNT, scope, off_bp=1000))
        else:
            scope = Scope(products=frozenset(line.product_id for line in chosen))
            tiers = (SpendTier(20_000, off_fen=2000), SpendTier(50_000, off_fen=6000))
            offers.append(SpendOfferTerms(number, "offer", scope, tiers))
    coupons = tuple(
        CouponTerms(number, "coupon", CouponKind.AMOUNT, threshold_fen=20_000 * number, off_fen=1500 * number)
        for number in range(1, 11)
    )
    by_goods, offers_by_goods = ScopeIndex(unit_prices), ScopeIndex(offers)
    carts = [CartSnapshot(tuple(rng.sample(goods, lines)), 800, "best", "max") for _ in range(rounds)]
    began = time.process_time()
    for cart in carts:
        terms = Terms(
            unit_prices=by_goods.touching(cart.basket),
            spend_offers=offers_by_goods.touching(cart.basket),
            coupons=coupons,
            points=PointsTerms(available=100_000, cap_bp=5000),
        )
        price(cart, terms)
    return (time.process_time() - began) * 1000 / rounds


def laws(*, carts: int, seed: int) -> list[str]:
    """What random carts break of the laws of pricing; the seed of each is named."""
    broken = []
    for each in range(seed, seed + carts):
        rng = Random(each)
        broken += [f"cart {each}: {law}" for law in broken_laws(*random_case(rng), rng)]
    return broken


def crowd_laws(*, carts: int, seed: int) -> list[str]:
    """What crowded carts, and those whose promotions refuse one another, break of the law that the least of every set
    is taken.
    """
    seeds = range(seed, seed + carts)
    return [
        *(f"crowd {each}: {law}" for each in seeds for law in broken_laws_of_crowds(Random(each))),
        *(f"refusals {each}: {law}" for each in seeds for law in broken_laws_of_refusals(Random(each))),
    ]


def dense_ms(*, unit_prices: int, offers: int, coupons: int, seed: int, rounds: int) -> tuple[list[float], list[str]]:
    """Milliseconds of processor time for each of some dense carts, and what they break of the laws.

    Of two tries the better one: what else the machine does is not what the cart costs.
    """
    costs, broken = [], []
    for each in range(seed, seed + rounds):
        cart, terms = dense_case(Random(each), unit_prices, offers, coupons)
        costs.append(min(_price_ms(cart, terms) for _ in range(2)))
        broken += [f"dense cart {each}: {law}" for law in broken_laws_of_density(cart, terms)]
    return costs, broken


def _price_ms(cart: CartSnapshot, terms: Terms) -> float:
    began = time.process_time()
    price(cart, terms)
    return (time.process_time() - began) * 1000


def publish(*, sku_ids: list[int], promotions: int, seed: int) -> int:
    """Put so many promotions into force over these SKUs, as `engine_ms` does; returns how many are live."""
    rng, now = Random(seed), clock.now()
    life = {
        "starts_at": now - timedelta(days=1),
        "ends_at": now + timedelta(days=30),
        "status": CampaignStatus.RUNNING,
        "revision": 1,
        "created_by": "bench",
    }
    products = dict(Sku.objects.filter(pk__in=sku_ids).values_list("pk", "product_id"))
    items, tiers = [], []
    with unit_of_work():
        for number in range(promotions):
            chosen = rng.sample(sku_ids, GOODS_EACH)
            if number >= STOREWIDE and number % 10 < TIMED_OF_TEN:
                discount = TimedDiscount.objects.create(name=f"限时 {number}", **life)
                items += [TimedDiscountItem(discount=discount, sku_id=each, off_bp=1000) for each in chosen]
                continue
            named = [] if number < STOREWIDE else sorted({products[each] for each in chosen})
            offer = SpendOffer.objects.create(name=f"满减 {number}", product_ids=named, **life)
            steps = ((200_000 + number, 5000),) if number < STOREWIDE else ((20_000, 2000), (50_000, 6000))
            tiers += [SpendOfferTier(offer=offer, threshold_fen=from_fen, off_fen=off) for from_fen, off in steps]
        TimedDiscountItem.objects.bulk_create(items)
        SpendOfferTier.objects.bulk_create(tiers)
        version.bump()
    return TimedDiscount.objects.count() + SpendOffer.objects.count()


def equip(*, phone: str, coupons: int) -> int:
    """Give the member coupons of as many kinds; returns how many they hold."""
    member, now = Member.objects.get(phone=phone), clock.now()
    with unit_of_work():
        for number in islice(range(1, 100), coupons):
            template = CouponTemplate.objects.create(
                name=f"满 {number * 200} 减 {number * 15}",
                kind="amount",
                amount_off_fen=1500 * number,
                threshold_fen=20_000 * number,
                validity="after_claim",
                valid_days=7,
                total_limit=1000,
                per_member_limit=1,
                starts_at=now - timedelta(days=1),
                ends_at=now + timedelta(days=30),
                status=CampaignStatus.RUNNING,
                created_by="bench",
            )
            give(template=template, member_id=member.pk, way=template.way, reference=None, now=now)
    return coupons


def _goods(sku_id: int) -> PricingLine:
    category = f"{sku_id % 10 + 1:04d}{sku_id // 10 % 20 + 1:04d}"
    return PricingLine(
        sku_id, sku_id % 3 + 1, 1000 + sku_id * 7 % 30_000, product_id=sku_id // 2, category_path=category
    )
