"""Random orders, as pricing makes them, that come back in random parts under random policies, and the laws that hold at
every step and at the end.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from random import Random

from msgspec.structs import asdict

from orders.after_sales.engine import (
    Assessment,
    CouponsBack,
    FreightBack,
    GiftsBack,
    Policy,
    ThresholdLost,
    assess,
)
from orders.after_sales.states import CouponState, GiftState, LineState, OfferState, OrderSnapshot
from promotions.pricing.answers import Quote
from promotions.pricing.earned import from_plain, plain
from promotions.pricing.engine import price
from promotions.pricing.refunds import line_snapshot
from promotions.pricing.tests.laws import random_case


def random_order(rng: Random) -> OrderSnapshot:
    cart, terms = random_case(rng)
    # Which coupons are the best is a law of pricing; here any of them will do.
    ids = tuple(each.id for each in terms.coupons)
    quote = price(replace(cart, coupon_ids=ids, freight_fen=rng.choice((0, 800, 1201))), terms)
    shipped = rng.choice((0, 0, 1, 2))
    lines = [_line(quote, position, rng, shipped) for position in range(len(quote.lines))]
    for gift in quote.gifts:
        units = gift.quantity
        lines.append(
            LineState(
                len(lines),
                "gift",
                10**6 + gift.sku_id,
                units,
                0,
                units_shipped=units if shipped else 0,
                gift=GiftState(gift.id, gift.tier_id, rng.choice((0, 900, 30_000))),
            )
        )
    freight = {each.id: -each.amount_fen for each in quote.freight_adjustments if each.kind == "spend_offer"}
    return OrderSnapshot(
        lines=tuple(lines),
        freight_fen=quote.freight_fen or 0,
        # As the order keeps them: written down and read back.
        offers=tuple(OfferState(from_plain(plain(offer)), freight.get(offer.terms.id, 0)) for offer in quote.offers),
        coupons=tuple(_coupon(quote, coupon_id, rng) for coupon_id in quote.coupon_ids),
    )


def random_policy(rng: Random) -> Policy:
    return Policy(
        freight=rng.choice(tuple(FreightBack)),
        threshold=rng.choice(tuple(ThresholdLost)),
        coupons=rng.choice(tuple(CouponsBack)),
        gifts=rng.choice(tuple(GiftsBack)),
        grace_days=rng.choice((0, 3)),
    )


def broken_laws(order: OrderSnapshot, policy: Policy, rng: Random) -> list[str]:
    """Bring the order back in random parts until nothing is left, and name every law that breaks."""
    return list(_broken(order, policy, rng))


def after(order: OrderSnapshot, done: Assessment, asked: Mapping[int, int]) -> OrderSnapshot:
    """The order once the after-sale is done."""
    back = Counter(dict(asked)) + Counter({each.position: each.units for each in done.gifts_to_return})
    deducted = dict(order.deducted)
    for each in done.deductions:
        deducted[each.key] = deducted.get(each.key, 0) + each.amount_fen
    return replace(
        order,
        lines=tuple(replace(each, units_back=each.units_back + back[each.position]) for each in order.lines),
        freight_back_fen=order.freight_back_fen + done.freight_fen,
        coupons=tuple(replace(each, is_back=each.is_back or each.id in done.coupons_back) for each in order.coupons),
        deducted=deducted,
    )


def _broken(order: OrderSnapshot, policy: Policy, rng: Random) -> Iterator[str]:
    payable, points, coupon_fen = (
        sum(getattr(line, name) for line in order.lines) for name in ("payable_fen", "points", "coupon_fen")
    )
    goods = given_points = given_coupon = 0
    came: Counter[int] = Counter()
    now = order
    while asked := _some(now, rng):
        done = assess(now, asked, policy, sellers_fault=rng.random() < 0.5)
        goods, given_points = goods + done.goods_fen, given_points + done.points
        given_coupon += done.coupon_fen
        came.update(done.coupons_back)
        now = after(now, done, asked)
        if min(done.goods_fen, done.freight_fen, done.points, done.coupon_fen) < 0:
            yield f"something is charged instead of given back: {done}"
        if goods > payable or now.freight_back_fen > order.freight_fen:
            yield "more money goes back than was paid"
        if given_points > points or given_coupon > coupon_fen:
            yield "more points or coupon shares go back than were paid"
        yield from _path(now, goods, given_points, given_coupon)
        if any(line.units_back > line.units for line in now.lines):
            yield "more units come back than there are"
    if (given_points, given_coupon) != (points, coupon_fen):
        yield f"{given_points} points and {given_coupon} fen of coupons are back of {points} and {coupon_fen}"
    kept = sum(fen for key, fen in now.deducted.items() if key.startswith("gift:"))
    if goods + kept != payable or (kept and policy.gifts != GiftsBack.DEDUCT):
        yield f"{goods} fen are back of {payable}, {kept} are kept for gifts"
    yield from _freight(order, now, policy)
    if any(count > 1 for count in came.values()):
        yield "a coupon comes back twice"
    if (set(came) == {each.id for each in order.coupons}) != (policy.coupons != CouponsBack.NEVER or not order.coupons):
        yield f"coupons {set(came)} came back under {policy.coupons}"


def _path(now: OrderSnapshot, goods: int, points: int, coupon_fen: int) -> Iterator[str]:
    """Whatever the way here: of each line the share of its units, by hand, less what is deducted."""
    shares = [
        (
            line.payable_fen * line.units_back // line.units,
            line.points * line.units_back // line.units,
            line.coupon_fen * line.units_back // line.units,
        )
        for line in now.lines
    ]
    expected = tuple(sum(share) for share in zip(*shares, strict=True))
    if (goods + sum(now.deducted.values()), points, coupon_fen) != expected:
        yield f"{goods} fen, {points} points, {coupon_fen} fen of coupons are back where {expected} belong to the units"
    if any(fen < 0 for fen in now.deducted.values()):
        yield f"more is given back than was deducted: {now.deducted}"


def _freight(order: OrderSnapshot, now: OrderSnapshot, policy: Policy) -> Iterator[str]:
    unshipped = not any(line.units_shipped for line in order.lines)
    if policy.freight == FreightBack.NEVER:
        wrong = now.freight_back_fen != 0
    elif policy.freight == FreightBack.SHARE or unshipped:
        wrong = now.freight_back_fen != order.freight_fen
    else:
        wrong = policy.freight == FreightBack.UNSHIPPED and now.freight_back_fen != 0
    if wrong:
        yield f"{now.freight_back_fen} of {order.freight_fen} freight is back under {policy.freight}"


def _some(order: OrderSnapshot, rng: Random) -> dict[int, int]:
    """Units of some lines; gifts come along or not. Nothing once all that was bought is back."""
    left = {line.position: line.units - line.units_back for line in order.lines if line.units > line.units_back}
    bought = [line.position for line in order.lines if line.gift is None and line.position in left]
    if not bought:
        return {}
    chosen = set(rng.sample(bought, rng.randint(1, len(bought))))
    chosen |= {position for position in left if position not in bought and rng.random() < 0.3}
    return {position: rng.randint(1, left[position]) for position in chosen}


def _line(quote: Quote, position: int, rng: Random, shipped: int) -> LineState:
    line = quote.lines[position]
    kept = [asdict(each) for each in line.adjustments]
    paid = line_snapshot(units=line.quantity, payable_fen=line.payable_fen, adjustments=kept)
    return LineState(
        position,
        f"goods {line.sku_id}",
        line.sku_id,
        line.quantity,
        line.payable_fen,
        paid.points,
        paid.coupon_fen,
        units_shipped=line.quantity if shipped == 2 else rng.randint(0, line.quantity) if shipped else 0,
        offer_shares={each.id or 0: -each.amount_fen for each in line.adjustments if each.kind == "spend_offer"},
    )


def _coupon(quote: Quote, coupon_id: int, rng: Random) -> CouponState:
    acted = frozenset(
        position
        for position, line in enumerate(quote.lines)
        if any((each.kind, each.id) == ("coupon", coupon_id) for each in line.adjustments)
    )
    return CouponState(coupon_id, f"coupon {coupon_id}", acted, expired=rng.random() < 0.3)
