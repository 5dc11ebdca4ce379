"""Carts that very many promotions meet, and small ones in which they crowd, so that every set can still be tried."""

from collections.abc import Iterator
from itertools import chain, combinations
from random import Random

from promotions.pricing.engine import work
from promotions.pricing.model import (
    CartSnapshot,
    Combination,
    CouponKind,
    CouponTerms,
    Mechanism,
    OrderLimits,
    PointsTerms,
    PricingLine,
    SpendOfferTerms,
    SpendTier,
    Terms,
    UnitPriceTerms,
)
from promotions.pricing.scopes import EVERYTHING, Scope
from promotions.pricing.tests.laws import broken_laws_of_choice, broken_laws_of_naming, brute_force, cost
from promotions.pricing.workings import Setting

# Unit prices, offers and coupons that a cart of thirty lines meets.
DENSE = ((10, 10, 30), (30, 30, 100), (30, 200, 0), (30, 200, 100), (30, 30, 300))
STACKED = Combination(
    frozenset({(Mechanism.COUPON, Mechanism.TIMED_DISCOUNT), (Mechanism.SPEND_OFFER, Mechanism.SPEND_OFFER)})
)
REFUSED = (
    Mechanism.SPEND_OFFER,
    Mechanism.COUPON,
    Mechanism.POINTS,
    Mechanism.TIMED_DISCOUNT,
    Mechanism.MEMBER_PRICE,
)
PAIRS = (
    (Mechanism.POINTS, Mechanism.COUPON),
    (Mechanism.POINTS, Mechanism.SPEND_OFFER),
    (Mechanism.SPEND_OFFER, Mechanism.SPEND_OFFER),
    (Mechanism.COUPON, Mechanism.COUPON),
    (Mechanism.COUPON, Mechanism.TIMED_DISCOUNT),
)
NO_POINTS = Combination(Combination().refused | {(Mechanism.POINTS, Mechanism.COUPON)})


def crowded_case(rng: Random) -> tuple[CartSnapshot, Terms]:
    """Five or six offers that do not agree on three lines, and coupons that some of them leave more to than others."""
    lines = tuple(PricingLine(sku, rng.choice((1, 2)), rng.randint(2000, 12_000)) for sku in (1, 2, 3))
    unit_prices = tuple(
        UnitPriceTerms(
            number,
            f"price {number}",
            Mechanism.TIMED_DISCOUNT,
            _some(rng, 3),
            off_bp=rng.choice((100, 500, 2000)),
            refuses=frozenset({Mechanism.COUPON}) if rng.random() < 0.3 else frozenset(),
        )
        for number in range(rng.choice((0, 1, 2)))
    )
    offers = tuple(
        SpendOfferTerms(
            number,
            f"offer {number}",
            _some(rng, 3),
            (SpendTier(rng.choice((0, 3000, 8000)), off_fen=rng.randint(100, 1500), off_bp=rng.choice((0, 0, 800))),),
            refuses=frozenset(rng.sample((Mechanism.COUPON, Mechanism.POINTS), rng.choice((0, 0, 0, 1)))),
        )
        for number in range(rng.choice((5, 6)))
    )
    coupons = tuple(
        CouponTerms(
            number,
            f"coupon {number}",
            rng.choice((CouponKind.AMOUNT, CouponKind.AMOUNT, CouponKind.PERCENT, CouponKind.EXCHANGE)),
            scope=_some(rng, 3),
            threshold_fen=rng.choice((0, 4000, 8000, 12_000)),
            off_fen=rng.randint(200, 3000),
            off_bp=rng.choice((500, 1500)),
            pay_fen=rng.choice((3000, 6000)),
        )
        for number in range(rng.choice((2, 4)))
    )
    terms = Terms(
        unit_prices,
        offers,
        coupons,
        PointsTerms(rng.choice((0, 500, 10**6)), cap_bp=rng.choice((3000, 10_000))),
        combination=rng.choice((Combination(), Combination(), STACKED, NO_POINTS)),
        limits=OrderLimits(max_coupons=2),
    )
    return CartSnapshot(lines, 800, "best", rng.choice((0, "max", 500))), terms


def refusing_case(rng: Random) -> tuple[CartSnapshot, Terms]:
    """Few promotions that refuse one another in every way, beside what the matrix rules out."""
    lines = tuple(
        PricingLine(sku, rng.choice((1, 2)), rng.choice((5000, 8000, rng.randint(2000, 12_000)))) for sku in (1, 2, 3)
    )
    unit_prices = tuple(
        UnitPriceTerms(
            number,
            f"price {number}",
            rng.choice((Mechanism.TIMED_DISCOUNT, Mechanism.MEMBER_PRICE)),
            _some(rng, 3),
            off_bp=rng.choice((100, 500, 1000, 1000, 2000)),
            refuses=_refused(rng),
        )
        for number in range(rng.choice((2, 3, 4)))
    )
    offers = tuple(
        SpendOfferTerms(
            number,
            f"offer {number}",
            _some(rng, 3),
            (SpendTier(rng.choice((0, 3000, 8000, 15_000)), off_fen=rng.randint(100, 3000)),),
            refuses=_refused(rng),
        )
        for number in range(rng.choice((1, 2, 3)))
    )
    coupons = tuple(
        CouponTerms(
            number,
            f"coupon {number}",
            rng.choice((CouponKind.AMOUNT, CouponKind.PERCENT, CouponKind.EXCHANGE)),
            scope=_some(rng, 3),
            threshold_fen=rng.choice((0, 4000, 8000, 12_000)),
            off_fen=rng.randint(200, 3000),
            off_bp=rng.choice((500, 1500)),
            pay_fen=rng.choice((100, 3000)),
            refuses=_refused(rng),
        )
        for number in range(rng.choice((1, 2, 3)))
    )
    terms = Terms(
        unit_prices,
        offers,
        coupons,
        PointsTerms(rng.choice((0, 500, 5000, 10**6)), cap_bp=rng.choice((3000, 10_000))),
        combination=Combination(frozenset(pair for pair in PAIRS if rng.random() < 0.4)),
        limits=OrderLimits(max_coupons=2),
    )
    return CartSnapshot(lines, 800, "best", rng.choice((0, "max", 500, 5000))), terms


def broken_laws_of_refusals(rng: Random) -> Iterator[str]:
    cart, terms = refusing_case(rng)
    if (costs := cost(cart, terms)) > (tried := brute_force(cart, terms)):
        yield f"costs {costs}, but trying every set finds {tried}"
    yield from broken_laws_of_naming(cart, terms)


def broken_laws_of_crowds(rng: Random) -> Iterator[str]:
    cart, terms = crowded_case(rng)
    if (costs := cost(cart, terms)) != (tried := brute_force(cart, terms)):
        yield f"costs {costs}, but trying every set finds {tried}"
    yield from broken_laws_of_naming(cart, terms)
    yield from broken_laws_of_choice(cart, terms, rng)


def dense_case(rng: Random, unit_prices: int, offers: int, coupons: int) -> tuple[CartSnapshot, Terms]:
    lines = tuple(
        PricingLine(sku, 1 + sku % 3, 10_000 + sku * 37, product_id=sku, floor_price_fen=sku % 4 * 2000)
        for sku in range(1, 31)
    )
    kinds = (CouponKind.AMOUNT, CouponKind.PERCENT, CouponKind.EXCHANGE)
    terms = Terms(
        tuple(
            UnitPriceTerms(number, "price", Mechanism.TIMED_DISCOUNT, _some(rng, 10), off_bp=rng.randint(100, 3000))
            for number in range(unit_prices)
        ),
        tuple(
            SpendOfferTerms(
                number,
                "offer",
                _some(rng, 20),
                tuple(SpendTier(20_000 * level, off_fen=rng.randint(500, 1500) * level) for level in (1, 2, 3)),
            )
            for number in range(offers)
        ),
        tuple(
            CouponTerms(
                number,
                "coupon",
                rng.choice(kinds),
                scope=_some(rng, 15),
                off_fen=rng.randint(500, 4000),
                off_bp=rng.randint(300, 2000),
                threshold_fen=rng.choice((0, 5000, 20_000)),
                cap_fen=rng.choice((None, 5000)),
                pay_fen=100,
            )
            for number in range(coupons)
        ),
        PointsTerms(1000),
        combination=rng.choice((Combination(), STACKED)),
    )
    return CartSnapshot(lines, 800, "best", "max"), terms


def broken_laws_of_density(cart: CartSnapshot, terms: Terms) -> Iterator[str]:
    """No search may be too long for a cart; one that ends early is still no dearer than what it falls back on."""
    costs = cost(cart, terms)
    setting = Setting(cart, terms)
    setting.effort.left = 0
    mechanisms = sorted({mechanism for mechanism, _id in setting.campaigns})
    for absent in chain.from_iterable(combinations(mechanisms, count) for count in range(len(mechanisms) + 1)):
        fallback = work(setting, {each for each in setting.campaigns if each[0] in absent}).cost
        if costs > fallback:
            yield f"costs {costs}, but {fallback} without {absent}"
    alone = cost(cart, Terms(points=terms.points, combination=terms.combination))
    if costs > alone:
        yield f"costs {costs}, but {alone} without any promotion"
    yield from broken_laws_of_naming(cart, terms)


def _some(rng: Random, most: int) -> Scope:
    if rng.random() < 0.2:
        return EVERYTHING
    return Scope(skus=frozenset(rng.sample(range(1, 4 if most == 3 else 31), rng.randint(1, most))))


def _refused(rng: Random) -> frozenset[Mechanism]:
    return frozenset(rng.sample(REFUSED, rng.choice((0, 0, 1, 1, 2))))
