"""Placing an order: price it again, write it down, claim its promotions, and at the very end take what is scarce and
the stock, in one transaction.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from msgspec import structs

from orders.cart.queries import seen_prices
from orders.cart.services import take_out
from orders.cart.validity import OUT_OF_STOCK, Problem, Wanted, shortage
from orders.checkout.errors import AddressRequired, LinesOutOfStock, PriceChanged, SelectionRejected
from orders.checkout.facts import NothingToPay
from orders.checkout.models import Deposit, Order, OrderLine, OrderStatus
from orders.checkout.offers import Gift, Offer, Wish, filled, make_offer, short_line
from orders.checkout.preferences import UNPAID_MINUTES
from orders.checkout.presenters import freight_parts, present_quote
from orders.checkout.reading import read_ahead
from orders.checkout.services.writing import write_order
from promotions.checkout.mechanism import Taking
from promotions.checkout.services import claim, plain
from promotions.pricing.answers import Rejection
from shop.catalog.errors import OutOfStock
from shop.catalog.queries import SkuSnapshot, sku_snapshots
from shop.catalog.services.stock import reserve_stock
from shop.core.actors import Actor
from shop.core.errors import Detail
from shop.core.money import yuan
from shop.core.numbers import new_number
from shop.core.outbox import publish
from shop.core.transactions import at_the_end, use_case


@use_case
def place_order(
    *, wish: Wish, expected_payable_fen: int | None, expected_points: int | None = None, remark: str, now: datetime
) -> tuple[Order, list[OrderLine]]:
    """Place the order and hold its stock until it is paid or expires.

    With `expected_payable_fen` the member pays that or nothing is ordered; without it, whatever they selected must act.
    With `expected_points` they pay so many points or nothing is ordered.
    Raises what `make_offer` and `promotions.checkout.services.claim` raise, AddressRequired, PriceChanged,
    SelectionRejected.
    """
    is_from_cart, wish = wish.items is None, filled(wish)
    with read_ahead(wish=wish, now=now, binding=True):
        offer = make_offer(wish=wish, now=now, binding=True)
    _check_terms(wish, offer, expected_payable_fen, expected_points)
    order = _order(wish, offer, remark, now)
    lines = _lines(order, offer)
    write_order(order, lines, actor=Actor.member(wish.member_id))
    _write_deposit(order, offer)
    if is_from_cart:
        take_out(member_id=wish.member_id, sku_ids=[line.sku_id for line in lines if not line.is_gift])
    claim(Taking(order.number, wish.member_id, offer.buyer, offer.cart, offer.quote, now, wish.activity))
    if offer.needs_parcel:
        # Everybody waits for these rows: they stay locked for as short as possible.
        at_the_end(partial(_take_stock, order, offer, lines, now))
    if order.payable_fen == 0:
        publish(NothingToPay(number=order.number, at=now))
    return order, lines


def _check_terms(wish: Wish, offer: Offer, expected_payable_fen: int | None, expected_points: int | None) -> None:
    if offer.needs_parcel and offer.recipient is None:
        raise AddressRequired
    quote = offer.quote
    if expected_payable_fen not in (None, quote.payable_fen) or expected_points not in (None, quote.points_used):
        raise _price_changed(wish, offer, expected_payable_fen, expected_points)
    refused = [each for each in quote.rejected if each.asked]
    if expected_payable_fen is None and refused:
        raise SelectionRejected(details=[Detail(f"/{each.kind}", each.code, each.message) for each in refused])


def _price_changed(
    wish: Wish, offer: Offer, expected_payable_fen: int | None, expected_points: int | None
) -> PriceChanged:
    """Details leave out the lines of which the cart knows that they cost what they did."""
    quote = offer.quote
    seen = seen_prices(member_id=wish.member_id, sku_ids=[line.sku_id for line in quote.lines])
    details, changed = [], []
    for pointer, wanted, line in zip(offer.pointers, offer.lines, quote.lines, strict=True):
        was, price = seen.get(line.sku_id), line.unit_price_fen
        if was == price:
            continue
        prices = yuan(price) if was is None else f"{yuan(was)} → {yuan(price)}"
        details.append(Detail(pointer, PriceChanged.code, f"{prices} × {line.quantity}"))
        if was is not None:
            changed.append(
                {
                    "field": pointer,
                    "sku_id": line.sku_id,
                    "product_name": wanted.sku.product_name,
                    "quantity": line.quantity,
                    "unit_price_was_fen": was,
                    "unit_price_fen": price,
                }
            )
    if expected_payable_fen is not None and expected_payable_fen != quote.payable_fen:
        totals = f"{yuan(expected_payable_fen)} → {yuan(quote.payable_fen)}"
        details.append(Detail("/expected_payable_fen", PriceChanged.code, totals))
    if expected_points is not None and expected_points != quote.points_used:
        details.append(Detail("/expected_points", PriceChanged.code, f"{expected_points} → {quote.points_used}"))
    return PriceChanged(
        details=details,
        quote=present_quote(offer),
        expected_payable_fen=expected_payable_fen,
        payable_fen=quote.payable_fen,
        expected_points=expected_points,
        points=quote.points_used,
        lines=changed,
    )


def _order(wish: Wish, offer: Offer, remark: str, now: datetime) -> Order:
    recipient, quote = offer.recipient, offer.quote
    return Order(
        number=new_number("D", now),
        member_id=wish.member_id,
        status=OrderStatus.PENDING_PAYMENT,
        goods_fen=quote.goods_fen,
        discount_fen=quote.discount_fen,
        freight_fen=quote.freight_fen or 0,
        payable_fen=quote.payable_fen,
        deposit_fen=offer.deposit.fen if offer.deposit else 0,
        recipient=asdict(recipient) if recipient else None,
        phone_tail=recipient.phone[-4:] if recipient else "",
        pickup_store_id=wish.pickup_store_id if offer.needs_parcel else None,
        adjustments=plain(quote.applied),
        rejections=_plain_rejections(quote.rejected),
        freight_adjustments=plain(quote.freight_adjustments),
        freight_parts=freight_parts(offer),
        points_used=quote.points_used,
        channel=offer.buyer.channel,
        remark=remark,
        placed_at=now,
        expires_at=now + min(timedelta(minutes=UNPAID_MINUTES.value()), offer.pay_within or timedelta.max),
        ships_at=offer.presold.ships_at if offer.presold else None,
    )


def _write_deposit(order: Order, offer: Offer) -> None:
    agreed = offer.deposit
    if agreed is not None:
        Deposit.objects.create(
            order=order,
            balance_from=agreed.balance_from,
            balance_until=agreed.balance_until,
            back_if_missed=agreed.back_if_missed,
            back_on_request=agreed.back_on_request,
        )


def _lines(order: Order, offer: Offer) -> list[OrderLine]:
    bought = [
        _line(
            order,
            position,
            wanted.sku,
            wanted.quantity,
            unit_price_fen=line.unit_price_fen,
            subtotal_fen=line.subtotal_fen,
            payable_fen=line.payable_fen,
            adjustments=plain(line.adjustments),
        )
        for position, (wanted, line) in enumerate(zip(offer.lines, offer.quote.lines, strict=True))
    ]
    free = {"unit_price_fen": 0, "subtotal_fen": 0, "payable_fen": 0, "is_gift": True}
    given = [
        _line(order, position, gift.sku, gift.quantity, adjustments=[_given(gift)], **free)
        for position, gift in enumerate(offer.gifts, start=len(bought))
    ]
    return bought + given


def _given(gift: Gift) -> dict[str, Any]:
    """With what it sells for, for when it has to come back and does not."""
    return {**asdict(gift.given), "worth_fen": gift.sku.price_fen}


def _line(order: Order, position: int, sku: SkuSnapshot, quantity: int, **sums: Any) -> OrderLine:
    return OrderLine(
        order=order,
        position=position,
        product_id=sku.product_id,
        sku_id=sku.sku_id,
        product_name=sku.product_name,
        sku_code=sku.code,
        options=sku.options_label[:200],
        image_url=sku.image_url,
        quantity=quantity,
        weight_g=sku.weight_g,
        volume_cm3=sku.volume_cm3,
        **sums,
    )


def _plain_rejections(rejected: Iterable[Rejection]) -> list[dict[str, Any]]:
    return [{**structs.asdict(each), "message": str(each.message)} for each in rejected]


def _take_stock(order: Order, offer: Offer, lines: Sequence[OrderLine], now: datetime) -> None:
    items: Counter[int] = Counter()
    for line in lines:
        items[line.sku_id] += line.quantity
    try:
        reserve_stock(reference=order.number, items=items, expires_at=order.expires_at)
    except OutOfStock as refusal:
        # The offer saw enough a moment ago; somebody was faster.
        raise _gone(offer, lines, items, sku_snapshots(sku_ids=refusal.data["sku_ids"], now=now)) from refusal


def _gone(
    offer: Offer, lines: Sequence[OrderLine], items: Mapping[int, int], skus: Mapping[int, SkuSnapshot]
) -> LinesOutOfStock:
    """Named by the member's lines, as in an offer. Gifts are listed apart; what they need of a SKU counts with it."""
    pointers = [*offer.pointers, *(f"/gifts/{index}" for index in range(len(offer.gifts)))]
    short = [
        (pointer, Wanted(skus[line.sku_id], items[line.sku_id]))
        for pointer, line in zip(pointers, lines, strict=True)
        if line.sku_id in skus
    ]
    given_back = Problem(OUT_OF_STOCK, OutOfStock.message)
    return LinesOutOfStock(
        details=[
            Detail(f"{pointer}/quantity", OutOfStock.code, (shortage(wanted) or given_back).message)
            for pointer, wanted in short
        ],
        lines=[short_line(pointer, wanted) for pointer, wanted in short],
        sku_ids=sorted(skus),
    )
