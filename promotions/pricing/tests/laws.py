"""Random carts with random terms, and the laws that every price keeps: for the tests, and by the hundred thousand for
`bench/pricing.py`.
"""

from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from itertools import chain, combinations
from random import Random
from typing import TypeVar

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
from promotions.pricing.offers import gives_more, narrow_first, on_cart
from promotions.pricing.purse import Cost
from promotions.pricing.scopes import EVERYTHING, Scope
from promotions.pricing.workings import Setting, Workings

T = TypeVar("T")
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
        *broken_laws_of_naming(cart, terms),
        *broken_laws_of_choice(cart, terms, rng),
    ]


def _sums(cart: CartSnapshot, terms: Terms, quote: Quote) -> Iterator[str]:
    if quote.payable_fen != sum(line.payable_fen for line in quote.lines) + (quote.freight_fen or 0):
        yield "payable is not the sum of lines and freight"
    for line, priced in zip(cart.lines, quote.lines, strict=True):
        least = line.least_unit_fen * line.quantity
        if priced.payable_fen != line.subtotal_fen + sum(each.amount_fen for each in priced.adjustments):
            yield f"line {line.sku_id} costs something else than its changes make of it"
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
    purse, fewer = terms.points, quote.points_used - terms.points.step
    if fewer >= purse.minimum and fewer * 100 // purse.points_per_yuan == quote.points_discount_fen > 0:
        yield f"{quote.points_used} points are used, but {fewer} pay as much"
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
    everything = replace(cart, coupon_ids="best")
    before = cost(everything, terms)
    coupon = CouponTerms(901, "x", CouponKind.AMOUNT, off_fen=777)
    if cost(everything, replace(terms, coupons=(*terms.coupons, coupon))) > before:
        yield "one more coupon raises the best price"


def _one_more(cart: CartSnapshot, terms: Terms, rng: Random) -> Iterator[str]:
    """Whatever else is offered, nobody pays more for it, and nobody as much with more points."""
    before = cost(cart, terms)
    unit_price = replace(_unit_price(rng, 902), mechanism=Mechanism.TIMED_DISCOUNT, asked=False)
    if cost(cart, replace(terms, unit_prices=(*terms.unit_prices, unit_price))) > before:
        yield "one more discount raises the price"
    offer = _spend_offer(rng, 903)
    if cost(cart, replace(terms, spend_offers=(*terms.spend_offers, offer))) > before:
        yield "one more offer raises the price"


def _cheapest(cart: CartSnapshot, terms: Terms) -> Iterator[str]:
    everything = replace(cart, coupon_ids="best")
    best = cost(everything, terms)
    if best > (tried := brute_force(everything, terms)):
        yield f"best costs {best}, but trying every set finds {tried}"
    if best < tried and best < (tried := brute_force(everything, terms, with_givers=True)):
        yield f"best costs {best}, but no set costs less than {tried}"


def broken_laws_of_naming(cart: CartSnapshot, terms: Terms) -> Iterator[str]:
    """The coupons that are best cost the same when they are named, and no more than none."""
    quote = price(replace(cart, coupon_ids="best"), terms)
    best, ids = (quote.payable_fen, quote.points_used), quote.coupon_ids
    if (named := cost(replace(cart, coupon_ids=ids), terms)) != best:
        yield f"best costs {best}, but {named} when {ids} are named"
    if (none := cost(replace(cart, coupon_ids=()), terms)) < best:
        yield f"best costs {best}, but {none} without any coupon"


def broken_laws_of_choice(cart: CartSnapshot, terms: Terms, rng: Random) -> Iterator[str]:
    """Whichever coupons are named, they cost no less than the best."""
    best, held = cost(replace(cart, coupon_ids="best"), terms), [each.id for each in terms.coupons]
    ids = tuple(rng.sample(held, rng.randint(0, min(len(held), terms.limits.max_coupons))))
    if (named := cost(replace(cart, coupon_ids=ids), terms)) < best:
        yield f"best costs {best}, but {named} when {ids} are named"


def cost(cart: CartSnapshot, terms: Terms) -> Cost:
    """What is to be paid, and how many points are used besides."""
    quote = price(cart, terms)
    return quote.payable_fen, quote.points_used


def broken_laws_of_long_carts(rng: Random) -> list[str]:
    """A discount on each of many lines keeps a coupon for a share out: too many to try every set, but what each line
    costs at least is known by itself, and one discount more makes nothing dearer.
    """
    count = rng.randint(8, 30)
    lines = tuple(PricingLine(number, 1, 10_000) for number in range(1, count + 1))
    shares = [rng.choice((300, 500, 700, 800, 1500, 2000, 3000)) for _ in lines]
    prices = tuple(
        UnitPriceTerms(
            number, f"price {number}", Mechanism.TIMED_DISCOUNT, Scope(skus=frozenset({number})), off_bp=share
        )
        for number, share in enumerate(shares, 1)
    )
    coupon = CouponTerms(1, "a tenth", CouponKind.PERCENT, off_bp=1000)
    refused = Combination(frozenset({(Mechanism.COUPON, Mechanism.TIMED_DISCOUNT)}))
    cart = CartSnapshot(lines, coupon_ids="best")
    costs = [
        price(cart, Terms(prices[:some], (), (coupon,), combination=refused)).payable_fen for some in (count - 1, count)
    ]
    broken = ["one more discount raises the price"] if costs[1] > costs[0] else []
    if costs[1] != (least := sum(10_000 - max(share, 1000) for share in shares)):
        broken.append(f"costs {costs[1]} instead of {least}")
    return broken


def brute_force(cart: CartSnapshot, terms: Terms, *, with_givers: bool = False) -> Cost:
    """The least to pay, with the fewest points, of any set of unit prices, offers and coupons that may act together.

    Nothing here chooses: every set is tried, whether the stages would choose it or not. Offers act the narrower before
    the wider, where they take something off; `with_givers` also where they give goods, or freight that nobody knows.
    """
    setting = Setting(cart, terms)
    campaigns = sorted({each.campaign for each in terms.unit_prices if setting.places(each)} & setting.campaigns)
    return min(_with_any_offers(setting, frozenset(absent), with_givers) for absent in _subsets(campaigns))


def _with_any_offers(setting: Setting, absent: Set[Campaign], with_givers: bool) -> Cost:
    workings = Workings(setting, absent)
    for stage, act in STAGES:
        if stage == Stage.PRICE:
            act(workings)
    shown = workings.balance
    least = workings.purse.cost(shown)
    for offers in _subsets(on_cart(workings, shown.net.copy())):
        workings.balance = shown.copy()
        for offer in sorted(offers, key=narrow_first):
            if offer.worth(workings.balance) or (with_givers and gives_more(workings.balance, offer)):
                offer.act(workings.balance)
        least = min(least, _with_any_coupons(workings))
    return least


def _with_any_coupons(workings: Workings) -> Cost:
    terms, purse = workings.terms, workings.purse
    tickets = usable_tickets(workings, {each.id: each for each in terms.coupons}, {})
    least = purse.cost(workings.balance)
    for count in range(1, terms.limits.max_coupons + 1):
        for chosen in combinations(tickets, count):
            if all(one.agrees_with(other) for one, other in combinations(chosen, 2)):
                balance = workings.balance.copy()
                for ticket in chosen:
                    ticket.act(balance)
                least = min(least, purse.cost(balance))
    return least


def _subsets(items: Sequence[T]) -> Iterator[tuple[T, ...]]:
    return chain.from_iterable(combinations(items, count) for count in range(len(items) + 1))


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
