"""Random carts with random terms, and the laws that every price keeps: for the tests, and by the hundred thousand for
`bench/pricing.py`.
"""

from collections.abc import Iterator, Set
from dataclasses import replace
from itertools import combinations
from random import Random

from promotions.pricing.answers import Quote
from promotions.pricing.coupons import usable_tickets
from promotions.pricing.engine import STAGES, price
from promotions.pricing.model import (
    Campaign,
    CartSnapshot,
    Combination,
    CouponKind,
    CouponTerms,
    FreightTerms,
    Gift,
    Measure,
    Mechanism,
    OrderLimits,
    PointsTerms,
    PricingLine,
    SpendOfferTerms,
    SpendTier,
    Stage,
    Terms,
    UnitPriceTerms,
)
from promotions.pricing.scopes import EVERYTHING, Scope
from promotions.pricing.workings import Setting, Workings

PATHS = ("0001", "00010001", "00010002", "0002", "00020001")
MECHANISMS = tuple(Mechanism)
UNIT_PRICES = (Mechanism.ACTIVITY, Mechanism.MEMBER_PRICE, Mechanism.TIMED_DISCOUNT)
# What no line of a random cart is.
ELSEWHERE = Scope(categories=frozenset({"0009"}), products=frozenset({999}), skus=frozenset({9999}))


def random_case(rng: Random) -> tuple[CartSnapshot, Terms]:
    lines = tuple(_line(rng, sku_id) for sku_id in rng.sample(range(1, 30), rng.choice((1, 2, 2, 3, 5, 8))))
    coupons = tuple(_coupon(rng, 100 + number) for number in range(rng.choice((0, 1, 2, 4, 6))))
    asked = tuple(rng.sample([each.id for each in coupons], rng.randint(0, len(coupons))))
    cart = CartSnapshot(
        lines,
        freight_fen=rng.choice((None, 0, 800, 1200)),
        coupon_ids=rng.choice(("best", "best", asked)),
        points_to_use=rng.choice((0, "max", rng.randint(1, 5000))),
    )
    pairs = [(one, other) for one in MECHANISMS for other in MECHANISMS]
    terms = Terms(
        unit_prices=tuple(_unit_price(rng, number) for number in range(rng.choice((0, 1, 3)))),
        spend_offers=tuple(_spend_offer(rng, number) for number in range(rng.choice((0, 1, 2, 4)))),
        coupons=coupons,
        points=PointsTerms(
            rng.choice((0, 80, 3000, 10**6)),
            rng.choice((100, 100, 1000, 37)),
            rng.choice((10_000, 5000, 1234)),
            rng.choice((1, 1, 50)),
            rng.choice((0, 100)),
        ),
        freight=(FreightTerms("tier", 1, "Free shipping"),) if rng.random() < 0.1 else (),
        combination=Combination(frozenset(rng.sample(pairs, rng.choice((0, 0, 2, 10))))),
        limits=OrderLimits(rng.choice((0, 0, 1000)), rng.choice((10_000, 10_000, 6000)), rng.choice((1, 2, 5))),
    )
    return cart, terms


def broken_laws(cart: CartSnapshot, terms: Terms, rng: Random) -> list[str]:
    """The laws that the price of `cart` breaks; none, one hopes."""
    quote = price(cart, terms)
    return [
        *_sums(cart, terms, quote),
        *_order_of_input(cart, terms, quote, rng),
        *_unrelated(cart, terms, quote),
        *_one_more(cart, terms, rng),
        *_cheapest(cart, terms),
    ]


def _sums(cart: CartSnapshot, terms: Terms, quote: Quote) -> Iterator[str]:
    if quote.payable_fen != sum(line.payable_fen for line in quote.lines) + (quote.freight_fen or 0):
        yield "payable is not the sum of lines and freight"
    for line, priced in zip(cart.lines, quote.lines, strict=True):
        least = line.least_unit_fen * line.quantity
        if not least <= priced.payable_fen <= line.subtotal_fen:
            yield f"line {line.sku_id} costs {priced.payable_fen}, not between {least} and {line.subtotal_fen}"
        if any(each.amount_fen > 0 or each.points < 0 for each in priced.adjustments):
            yield f"line {line.sku_id} is charged more by a promotion"
    changes = [each for line in quote.lines for each in line.adjustments] + list(quote.freight_adjustments)
    for cause in quote.applied:
        shares = [each for each in changes if (each.kind, each.id) == (cause.kind, cause.id)]
        if sum(each.amount_fen for each in shares) != cause.amount_fen:
            yield f"{cause.kind} {cause.id} is not split exactly"
    if sum(line.points for line in quote.lines) != quote.points_used:
        yield "points are not split exactly"
    if quote.points_used > terms.points.available:
        yield "more points are used than there are"
    if quote.freight_fen is not None and not 0 <= quote.freight_fen <= (cart.freight_fen or 0):
        yield "freight is out of bounds"
    shown = sum(
        line.subtotal_fen + sum(each.amount_fen for each in line.adjustments if each.kind in UNIT_PRICES)
        for line in quote.lines
    )
    limits = terms.limits
    kept = max(limits.floor_fen, -(-quote.goods_fen * (10_000 - limits.max_discount_bp) // 10_000))
    if quote.goods_fen - quote.discount_fen < min(shown, kept):
        yield "the order fell below what it keeps"


def _order_of_input(cart: CartSnapshot, terms: Terms, quote: Quote, rng: Random) -> Iterator[str]:
    lines, ids = list(cart.lines), cart.coupon_ids
    rng.shuffle(lines)
    if ids != "best":
        ids = tuple(rng.sample(ids, len(ids)))
    mixed = replace(
        terms,
        unit_prices=tuple(rng.sample(terms.unit_prices, len(terms.unit_prices))),
        spend_offers=tuple(rng.sample(terms.spend_offers, len(terms.spend_offers))),
        coupons=tuple(rng.sample(terms.coupons, len(terms.coupons))),
    )
    other = price(replace(cart, lines=tuple(lines), coupon_ids=ids), mixed)
    if {line.sku_id: line for line in other.lines} != {line.sku_id: line for line in quote.lines}:
        yield "the order of the input changes the price of a line"
    if (other.freight_fen, other.coupon_ids, other.applied) != (quote.freight_fen, quote.coupon_ids, quote.applied):
        yield "the order of the input changes what is applied"


def _unrelated(cart: CartSnapshot, terms: Terms, quote: Quote) -> Iterator[str]:
    more = replace(
        terms,
        unit_prices=(*terms.unit_prices, UnitPriceTerms(900, "x", Mechanism.TIMED_DISCOUNT, ELSEWHERE, off_bp=9000)),
        spend_offers=(
            *terms.spend_offers,
            SpendOfferTerms(900, "x", ELSEWHERE, (SpendTier(0, off_fen=5000),)),
            SpendOfferTerms(901, "x", EVERYTHING, (SpendTier(10**9, off_fen=10**8),)),
        ),
        coupons=(*terms.coupons, CouponTerms(900, "x", CouponKind.AMOUNT, scope=ELSEWHERE, off_fen=5000)),
    )
    if price(cart, more).lines != quote.lines:
        yield "a promotion on other goods changes the price"
    everything = replace(cart, coupon_ids="best", points_to_use=0)
    before = price(everything, terms).payable_fen
    coupon = CouponTerms(901, "x", CouponKind.AMOUNT, off_fen=777)
    if price(everything, replace(terms, coupons=(*terms.coupons, coupon))).payable_fen > before:
        yield "one more coupon raises the best price"


def _one_more(cart: CartSnapshot, terms: Terms, rng: Random) -> Iterator[str]:
    """Whatever else is offered, nobody pays more for it."""
    cart = replace(cart, points_to_use=0)
    before = price(cart, terms).payable_fen
    unit_price = replace(_unit_price(rng, 902), mechanism=Mechanism.TIMED_DISCOUNT, asked=False)
    if price(cart, replace(terms, unit_prices=(*terms.unit_prices, unit_price))).payable_fen > before:
        yield "one more discount raises the price"
    offer = _spend_offer(rng, 903)
    if price(cart, replace(terms, spend_offers=(*terms.spend_offers, offer))).payable_fen > before:
        yield "one more offer raises the price"


def _cheapest(cart: CartSnapshot, terms: Terms) -> Iterator[str]:
    best = price(replace(cart, coupon_ids="best", points_to_use=0), terms).payable_fen
    tried = brute_force(replace(cart, coupon_ids="best", points_to_use=0), terms)
    if best != tried:
        yield f"best costs {best}, but trying every set of coupons finds {tried}"


def brute_force(cart: CartSnapshot, terms: Terms) -> int:
    """The least to pay with any set of coupons that may act together, with and without each campaign on the cart."""
    setting = Setting(cart, terms)
    offered = [*terms.unit_prices, *terms.spend_offers]
    campaigns = sorted({each.campaign for each in offered if setting.places(each)} & setting.campaigns)
    return min(
        _brute_force(cart, terms, frozenset(absent))
        for count in range(len(campaigns) + 1)
        for absent in combinations(campaigns, count)
    )


def _brute_force(cart: CartSnapshot, terms: Terms, absent: Set[Campaign]) -> int:
    workings = Workings(Setting(cart, terms), absent)
    for stage, act in STAGES:
        if stage in (Stage.PRICE, Stage.SPEND_OFFERS):
            act(workings)
    tickets = usable_tickets(workings, {each.id: each for each in terms.coupons}, {})
    least = workings.balance.payable
    for count in range(1, terms.limits.max_coupons + 1):
        for chosen in combinations(tickets, count):
            if all(one.agrees_with(other) for one, other in combinations(chosen, 2)):
                balance = workings.balance.copy()
                for ticket in chosen:
                    ticket.act(balance)
                least = min(least, balance.payable)
    return least


def _line(rng: Random, sku_id: int) -> PricingLine:
    unit_fen = rng.choice((0, 1, 99, 1999, rng.randint(1, 50_000)))
    return PricingLine(
        sku_id,
        rng.choice((1, 1, 2, 3, 7, 40)),
        unit_fen,
        product_id=sku_id // 2,
        category_path=rng.choice(PATHS),
        floor_price_fen=rng.choice((0, 0, 0, unit_fen // 2, unit_fen + 5)),
        max_discount_bp=rng.choice((10_000, 10_000, 3000)),
    )


def _scope(rng: Random) -> Scope:
    named = rng.choice(("all", "all", "category", "product", "sku"))
    some_skus = frozenset(rng.sample(range(1, 30), 8))
    return Scope(
        categories=frozenset(rng.sample(PATHS, 1)) if named == "category" else frozenset(),
        products=frozenset(each // 2 for each in some_skus) if named == "product" else frozenset(),
        skus=some_skus if named == "sku" else frozenset(),
        without_skus=frozenset(rng.sample(range(1, 30), 4)) if rng.random() < 0.2 else frozenset(),
    )


def _refuses(rng: Random) -> frozenset[Mechanism]:
    return frozenset(rng.sample(MECHANISMS, rng.choice((0, 0, 0, 0, 1, 3))))


def _unit_price(rng: Random, number: int) -> UnitPriceTerms:
    mechanism = rng.choice(UNIT_PRICES)
    fixed = rng.choice((None, rng.randint(0, 30_000)))
    return UnitPriceTerms(
        number,
        f"price {number}",
        mechanism,
        _scope(rng),
        unit_price_fen=fixed,
        off_bp=rng.choice((500, 3333, 9000)),
        max_units=rng.choice((None, None, 2)),
        asked=mechanism == Mechanism.ACTIVITY,
        refuses=_refuses(rng),
    )


def _spend_offer(rng: Random, number: int) -> SpendOfferTerms:
    measure = rng.choice((Measure.AMOUNT, Measure.AMOUNT, Measure.COUNT))
    step = rng.choice((5000, 20_000)) if measure == Measure.AMOUNT else rng.choice((2, 4))
    tiers = tuple(
        SpendTier(
            step * (level + 1),
            off_fen=rng.choice((0, 500, 4999)),
            off_bp=rng.choice((0, 0, 1111)),
            free_shipping=rng.random() < 0.1,
            gifts=(Gift(5000 + number, 1, "gift", available=rng.choice((0, 3))),) if rng.random() < 0.1 else (),
        )
        for level in range(rng.choice((1, 2, 3)))
    )
    return SpendOfferTerms(
        number,
        f"offer {number}",
        _scope(rng),
        tiers,
        measure,
        repeats=rng.random() < 0.3,
        cap_fen=rng.choice((None, None, 7000)),
        refuses=_refuses(rng),
    )


def _coupon(rng: Random, number: int) -> CouponTerms:
    kind = rng.choice(tuple(CouponKind))
    return CouponTerms(
        number,
        f"coupon {number}",
        kind,
        scope=_scope(rng),
        threshold_fen=rng.choice((0, 0, 3000, 15_000)),
        threshold_count=rng.choice((0, 0, 0, 3)),
        off_fen=rng.choice((500, 500, 3001)),
        off_bp=rng.choice((500, 1500, 5000)),
        cap_fen=rng.choice((None, 2500)),
        units=rng.choice((1, 2)),
        pay_fen=rng.choice((0, 0, 100)),
        refuses=_refuses(rng),
    )
