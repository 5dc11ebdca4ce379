"""An order's rows as the engine reads them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from orders.after_sales.states import CouponState, GiftState, LineState, OfferState, OrderSnapshot
from orders.checkout.models import Order, OrderLine
from promotions.checkout.returns import coupons_of, offers_of
from promotions.pricing.model import Mechanism
from promotions.pricing.refunds import line_snapshot

COUPON = "coupon"


def snapshot_of(
    *,
    order: Order,
    lines: Sequence[OrderLine],
    units_back: Mapping[int, int],
    units_shipped: Mapping[int, int],
    freight_back_fen: int,
    deducted: Mapping[str, int],
    now: datetime,
) -> OrderSnapshot:
    """`units_back` goes by position of the line, `units_shipped` by SKU id; both count all that happened so far."""
    shipped = dict(units_shipped)
    states = []
    # Goods that were bought are shipped before gifts of the same SKU.
    for line in sorted(lines, key=lambda each: (each.is_gift, each.position)):
        sent = min(shipped.get(line.sku_id, 0), line.quantity)
        shipped[line.sku_id] = shipped.get(line.sku_id, 0) - sent
        states.append(_line(line, units_back.get(line.position, 0), sent))
    return OrderSnapshot(
        lines=tuple(sorted(states, key=lambda each: each.position)),
        freight_fen=order.freight_fen,
        freight_back_fen=freight_back_fen,
        offers=_offers(order),
        coupons=_coupons(order, lines, now),
        deducted=dict(deducted),
    )


def _line(line: OrderLine, units_back: int, units_shipped: int) -> LineState:
    name = f"{line.product_name} {line.options}".strip()
    if line.is_gift:
        given = line.adjustments[0]
        gift = GiftState(given["id"], given["tier_id"], given.get("worth_fen", 0))
        return LineState(
            position=line.position,
            name=name,
            sku_id=line.sku_id,
            units=line.quantity,
            payable_fen=0,
            units_back=units_back,
            units_shipped=units_shipped,
            gift=gift,
        )
    paid = line_snapshot(units=line.quantity, payable_fen=line.payable_fen, adjustments=line.adjustments)
    return LineState(
        position=line.position,
        name=name,
        sku_id=line.sku_id,
        units=line.quantity,
        payable_fen=line.payable_fen,
        points=paid.points,
        coupon_fen=paid.coupon_fen,
        units_back=units_back,
        units_shipped=units_shipped,
        offer_shares={
            each["id"]: -each["amount_fen"] for each in line.adjustments if each["kind"] == Mechanism.SPEND_OFFER
        },
    )


def _offers(order: Order) -> tuple[OfferState, ...]:
    """One query where an offer acted."""
    if not any(each["kind"] == Mechanism.SPEND_OFFER for each in order.adjustments):
        return ()
    paid = {
        each["id"]: -each["amount_fen"] for each in order.freight_adjustments if each["kind"] == Mechanism.SPEND_OFFER
    }
    return tuple(OfferState(applied, paid.get(applied.terms.id, 0)) for applied in offers_of(order_number=order.number))


def _coupons(order: Order, lines: Sequence[OrderLine], now: datetime) -> tuple[CouponState, ...]:
    """One query where a coupon acted."""
    labels = {each["id"]: each["label"] for each in order.adjustments if each["kind"] == COUPON}
    if not labels:
        return ()
    used = coupons_of(order_number=order.number, coupon_ids=labels)
    return tuple(
        CouponState(
            id=pk,
            label=labels[pk],
            lines=frozenset(line.position for line in lines if _acted(line, pk)),
            expired=coupon.valid_until <= now,
            is_back=coupon.is_back,
        )
        for pk, coupon in sorted(used.items())
    )


def _acted(line: OrderLine, coupon_id: int) -> bool:
    return any((each["kind"], each["id"]) == (COUPON, coupon_id) for each in line.adjustments if not line.is_gift)
