"""Orders and offers as the API answers them: plain data, one shape for a line everywhere."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import asdict

from members.identity.phones import show_phone
from orders.checkout.activities import activities_of
from orders.checkout.models import Order, OrderLine, OrderStatus
from orders.checkout.offers import Offer
from orders.checkout.queries import after_sale_until, units_for_after_sale
from orders.checkout.reviewing import why_not_reviewable
from promotions.pricing.answers import CouponOption, GiftLine, PricedLine, Rejection
from shop.core import clock

RECIPIENT_FIELDS = ("name", "phone", "region_code", "region_path", "detail")


def present_quote(offer: Offer, *, promised_at: datetime | None = None, points_to_earn: int = 0) -> dict[str, Any]:
    """The contract's quote. `address_required` says that freight is not in the sum yet."""
    quote = offer.quote
    return {
        "lines": [_quote_line(line) for line in quote.lines],
        "gifts": [_gift(gift) for gift in quote.gifts],
        "goods_fen": quote.goods_fen,
        "discount_fen": quote.discount_fen,
        "freight_fen": quote.freight_fen or 0,
        "freight_adjustments": [asdict(each) for each in quote.freight_adjustments],
        "freight_parts": freight_parts(offer),
        "points_used": quote.points_used,
        "points_discount_fen": quote.points_discount_fen,
        "payable_fen": quote.payable_fen,
        "applied": [asdict(each) for each in quote.applied],
        "rejected": [_rejection(each) for each in quote.rejected],
        "points_to_earn": points_to_earn,
        "usable_coupons": [_coupon_option(each) for each in quote.usable_coupons],
        "promised_at": promised_at,
        "address_required": offer.needs_parcel and offer.recipient is None,
        **_quoted_deposit(offer),
    }


def present_order(order: Order, lines: Sequence[OrderLine] | None = None) -> dict[str, Any]:
    """The order with its lines, which are read unless they are at hand."""
    now = clock.now()
    return {
        "number": order.number,
        "status": order.status,
        "goods_fen": order.goods_fen,
        "discount_fen": order.discount_fen,
        "freight_fen": order.freight_fen,
        "payable_fen": order.payable_fen,
        "paid_fen": order.paid_fen,
        "placed_at": order.placed_at,
        "expires_at": order.expires_at,
        **_due(order),
        "paid_at": order.paid_at,
        "delivered_at": order.delivered_at,
        "completed_at": order.completed_at,
        "closed_at": order.closed_at,
        "recipient": _recipient(order.recipient) if order.recipient else None,
        "pickup_store_id": order.pickup_store_id,
        "pickup": None,
        "group_status": None,
        "team_id": None,
        "points_used": order.points_used,
        "adjustments": order.adjustments,
        "activities": activities_of(order),
        "freight_adjustments": order.freight_adjustments,
        "freight_parts": order.freight_parts,
        "rejected": order.rejections,
        "remark": order.remark,
        "refunded_fen": order.refunded_fen,
        "refunded_points": order.refunded_points,
        "after_sale_until": after_sale_until(order),
        "after_sale_open": order.held_since is not None,
        "lines": [_order_line(order, line, now) for line in (order.lines.all() if lines is None else lines)],
    }


def freight_parts(offer: Offer) -> list[dict[str, Any]]:
    """What each freight template asks for its goods, before promotions; as an order keeps it."""
    return [
        {"template": part.template, "zone": part.rule, "sku_ids": list(part.sku_ids), "amount_fen": part.fen}
        for part in (offer.freight.parts if offer.freight else ())
    ]


def _quoted_deposit(offer: Offer) -> dict[str, Any]:
    agreed, presold = offer.deposit, offer.presold
    return {
        "deposit_fen": agreed.fen if agreed else 0,
        "balance_fen": offer.quote.payable_fen - agreed.fen if agreed else 0,
        "balance_from": agreed.balance_from if agreed else None,
        "balance_until": agreed.balance_until if agreed else None,
        "deposit_back_if_missed": agreed.back_if_missed if agreed else None,
        "deposit_back_on_request": agreed.back_on_request if agreed else None,
        "ships_at": presold.ships_at if presold else None,
    }


def _due(order: Order) -> dict[str, Any]:
    """What is to be paid next and from when, and what was agreed on of a deposit."""
    deposit = order.deposit if order.deposit_fen else None
    unpaid = order.status == OrderStatus.PENDING_PAYMENT
    return {
        "due_fen": order.due_fen if unpaid else 0,
        "due_from": deposit.balance_from if deposit and order.waits_for_balance else None,
        "deposit_fen": order.deposit_fen,
        "deposit_status": deposit.status if deposit else None,
        "balance_fen": order.balance_fen if deposit else 0,
        "balance_from": deposit.balance_from if deposit else None,
        "balance_until": deposit.balance_until if deposit else None,
        "deposit_back_if_missed": deposit.back_if_missed if deposit else None,
        "deposit_back_on_request": deposit.back_on_request if deposit else None,
        "ships_at": order.ships_at,
    }


def _recipient(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    """As the member's addresses are answered: the phone as it is typed here."""
    shown = {name: snapshot.get(name, "") for name in RECIPIENT_FIELDS}
    return {**shown, "phone": show_phone(shown["phone"])}


def _order_line(order: Order, line: OrderLine, now: datetime) -> dict[str, Any]:
    return {
        "id": line.pk,
        "product_id": line.product_id,
        "sku_id": line.sku_id,
        "product_name": line.product_name,
        "sku_code": line.sku_code,
        "options": line.options,
        "image_url": line.image_url,
        "unit_price_fen": line.unit_price_fen,
        "quantity": line.quantity,
        "subtotal_fen": line.subtotal_fen,
        "adjustments": [] if line.is_gift else line.adjustments,
        "is_gift": line.is_gift,
        "payable_fen": line.payable_fen,
        "reviewable": not why_not_reviewable(order, line, now=now),
        "reviewed_at": line.reviewed_at,
        "units_refunded": line.units_returned,
        "units_for_after_sale": units_for_after_sale(order, line, now=now),
    }


def _quote_line(line: PricedLine) -> dict[str, Any]:
    return {
        "sku_id": line.sku_id,
        "quantity": line.quantity,
        "unit_price_fen": line.unit_price_fen,
        "subtotal_fen": line.subtotal_fen,
        "adjustments": [asdict(each) for each in line.adjustments],
        "payable_fen": line.payable_fen,
    }


def _rejection(rejection: Rejection) -> dict[str, Any]:
    return {
        "kind": rejection.kind,
        "id": rejection.id,
        "code": rejection.code,
        "message": str(rejection.message),
        "asked": rejection.asked,
    }


def _gift(gift: GiftLine) -> dict[str, Any]:
    """Which tier counts it is nothing to the buyer."""
    return {"sku_id": gift.sku_id, "quantity": gift.quantity, "label": gift.label, "kind": gift.kind, "id": gift.id}


def _coupon_option(option: CouponOption) -> dict[str, Any]:
    """What the coupon takes off by itself; one that does nothing here says why."""
    refusal = option.refusal
    return {
        "id": option.id,
        "label": option.label,
        "amount_fen": option.amount_fen,
        "usable": refusal is None,
        "code": refusal.code if refusal else "",
        "message": str(refusal.message) if refusal else "",
    }
