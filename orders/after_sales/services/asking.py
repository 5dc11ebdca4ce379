"""A member asks for an after-sale, or staff do on their behalf: what is possible, and what it would give back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction

from members.uploads.services import attach_uploads
from orders.after_sales.engine import Assessment, GiftsBack, Policy
from orders.after_sales.errors import (
    AfterSaleWindowOver,
    GoodsNotShipped,
    NothingAsked,
    NothingToRefund,
    OrderLineUnknown,
    OrderNotPaid,
    OrderWaits,
    ReplacementNotPossible,
    UnitsNotLeft,
)
from orders.after_sales.facts import AfterSaleMoved
from orders.after_sales.models import SHOP_AT_FAULT, AfterSale, AfterSaleLine, Kind, Status
from orders.after_sales.policies import policy_now
from orders.after_sales.services.moving import claim, due_at, units_of
from orders.after_sales.standing import Standing, assess_now, standings
from orders.checkout.errors import OrderNotFound
from orders.checkout.locks import lock_order
from orders.checkout.models import Order, OrderStatus
from orders.checkout.queries import after_sale_until
from promotions.checkout.returns import hold_back
from promotions.checkout.services import held_because
from shop.catalog.models import Sku
from shop.core.actors import Actor
from shop.core.errors import Detail
from shop.core.numbers import new_number
from shop.core.outbox import publish
from shop.core.transactions import use_case


@dataclass(frozen=True)
class Wanted:
    """Units of an order's line; in an exchange for `sku_id`, or for the same again."""

    line_id: int
    quantity: int
    sku_id: int | None = None


@dataclass(frozen=True)
class Wish:
    kind: Kind
    lines: Sequence[Wanted]
    reason: str
    description: str = ""
    images: Sequence[str] = ()


@dataclass(frozen=True)
class Draft:
    """An after-sale as it would be: its lines with the gifts that go along, and what it would give back."""

    lines: tuple[AfterSaleLine, ...]
    policy: Policy
    assessment: Assessment | None

    @property
    def refund_fen(self) -> int:
        return self.assessment.cash_fen if self.assessment else 0


def preview(*, number: str, member_id: int, wish: Wish, now: datetime) -> Draft:
    """What `ask` would do now, without doing it; raises what it raises."""
    order = Order.objects.filter(number=number, member_id=member_id).first()
    if order is None:
        raise OrderNotFound
    _check_order(order, now)
    draft = draft_of(order, wish, now)
    with transaction.atomic():
        hold_back(order_number=order.number, units=units_of(draft.lines), now=now)
        transaction.set_rollback(True)
    return draft


@use_case
def ask(*, number: str, wish: Wish, actor: Actor, now: datetime, member_id: int | None = None) -> AfterSale:
    """Ask for an after-sale of the order; with `member_id`, another member's does not exist.

    Raises OrderNotFound, OrderNotPaid, OrderWaits, AfterSaleWindowOver, NothingAsked, OrderLineUnknown, UnitsNotLeft,
    GoodsNotShipped, NothingToRefund, ReplacementNotPossible, UploadNotFound, UploadInUse, and what says that nothing is
    paid back for what the order gave.
    """
    order = lock_order(number=number, member_id=member_id)
    _check_order(order, now)
    draft = draft_of(order, wish, now)
    hold_back(order_number=order.number, units=units_of(draft.lines), now=now)
    after_sale = open_after_sale(order, wish, draft, actor=actor, now=now)
    publish(AfterSaleMoved(number=after_sale.number, status=after_sale.status, at=now))
    return after_sale


def open_after_sale(order: Order, wish: Wish, draft: Draft, *, actor: Actor, now: datetime) -> AfterSale:
    """Write the draft down for the locked order; inside the caller's transaction."""
    number = new_number("S", now)
    images = attach_uploads(member_id=order.member_id, urls_or_ids=wish.images, to=f"after_sale:{number}", now=now)
    after_sale = AfterSale.objects.create(
        number=number,
        order=order,
        member_id=order.member_id,
        kind=wish.kind,
        status=Status.REQUESTED,
        reason=wish.reason,
        description=wish.description,
        images=list(images),
        asked_by=str(actor)[:80],
        asked_at=now,
        again_of=_refused_before(order, wish),
        policy=msgspec.to_builtins(draft.policy),
        due_at=due_at(Status.REQUESTED, now),
    )
    estimate(after_sale, draft.assessment)
    after_sale.save()
    for line in draft.lines:
        line.after_sale = after_sale
    claim(AfterSaleLine.objects.bulk_create(draft.lines), order=order, now=now)
    after_sale.tell(actor=actor, now=now)
    return after_sale


def estimate(after_sale: AfterSale, assessment: Assessment | None) -> None:
    """Keep on the after-sale what it would give back."""
    after_sale.assessment = msgspec.to_builtins(assessment) if assessment else {}
    after_sale.refund_fen = assessment.cash_fen if assessment else 0
    after_sale.refund_freight_fen = assessment.freight_fen if assessment else 0
    after_sale.refund_points = assessment.points if assessment else 0


def policy_of(policy: Policy, kind: str, *, sellers_fault: bool) -> Policy:
    """Without a return there is no way for gifts: who changed their mind pays for them, the shop's fault does not."""
    if kind == Kind.REFUND and policy.gifts == GiftsBack.RETURN:
        return replace(policy, gifts=GiftsBack.KEEP if sellers_fault else GiftsBack.DEDUCT)
    return policy


def gift_lines(assessment: Assessment, known: Mapping[int, Standing]) -> list[AfterSaleLine]:
    """What goes along with what was asked for, by position of the order's line, as far as nothing else holds it."""
    found = []
    for gift in assessment.gifts_to_return:
        standing = known[gift.position]
        units = min(gift.units, standing.left)
        if units:
            unsent = min(gift.unsent, units, standing.withdrawable)
            found.append(AfterSaleLine(order_line=standing.line, quantity=units, units_unshipped=unsent))
    return found


def draft_of(order: Order, wish: Wish, now: datetime, *, policy: Policy | None = None) -> Draft:
    """The wish as an after-sale, under the shop's policy unless another one is given.

    Raises NothingAsked, OrderLineUnknown, UnitsNotLeft, GoodsNotShipped, NothingToRefund, ReplacementNotPossible.
    """
    known = standings(order)
    by_line = {each.line.pk: each for each in known}
    _check_lines(by_line, wish)
    lines = [_line(by_line[each.line_id], each, wish.kind) for each in wish.lines]
    fault = wish.reason in SHOP_AT_FAULT
    policy = policy or policy_of(policy_now(), wish.kind, sellers_fault=fault)
    if wish.kind == Kind.EXCHANGE:
        return Draft(tuple(lines), policy, None)
    if all(line.order_line.is_gift for line in lines):
        raise NothingToRefund
    assessment = assess_now(
        order=order,
        lines=known,
        asked={line.order_line.position: line.quantity for line in lines},
        policy=policy,
        sellers_fault=fault,
        now=now,
        estimate=True,
    )
    shares = {each.position: each for each in assessment.lines}
    for line in lines:
        share = shares[line.order_line.position]
        line.cash_fen, line.points, line.coupon_fen = share.cash_fen, share.points, share.coupon_fen
    gifts = gift_lines(assessment, {each.line.position: each for each in known})
    return Draft((*lines, *gifts), policy, assessment)


def _check_order(order: Order, now: datetime) -> None:
    if order.status in (OrderStatus.PENDING_PAYMENT, OrderStatus.CANCELLED):
        raise OrderNotPaid
    reason = held_because(order_number=order.number)
    if reason is not None:
        raise OrderWaits(reason=reason)
    until = after_sale_until(order)
    if until is not None and now >= until:
        raise AfterSaleWindowOver(until=until.isoformat())


def _check_lines(by_line: Mapping[int, Standing], wish: Wish) -> None:
    asked = [each.line_id for each in wish.lines]
    if not asked or len(set(asked)) != len(asked) or any(each.quantity < 1 for each in wish.lines):
        raise NothingAsked
    if not set(asked) <= set(by_line):
        raise OrderLineUnknown
    short: list[Detail] = []
    for index, each in enumerate(wish.lines):
        standing = by_line[each.line_id]
        if each.quantity > standing.left:
            message: Any = str(standing.left)
            short.append(Detail(f"/lines/{index}/quantity", UnitsNotLeft.code, message))
    if short:
        raise UnitsNotLeft(details=short)
    unsent = [each for each in wish.lines if each.quantity > by_line[each.line_id].returnable]
    if unsent and wish.kind != Kind.REFUND:
        raise GoodsNotShipped


def _line(standing: Standing, wanted: Wanted, kind: Kind) -> AfterSaleLine:
    line = AfterSaleLine(order_line=standing.line, quantity=wanted.quantity)
    if kind == Kind.REFUND:
        line.units_unshipped = min(wanted.quantity, standing.withdrawable)
    if wanted.sku_id is not None and wanted.sku_id != standing.line.sku_id:
        line.replacement_sku = _replacement(standing, wanted.sku_id, kind)
    return line


def _replacement(standing: Standing, sku_id: int, kind: Kind) -> Sku:
    ordered = standing.line
    sku = Sku.objects.filter(pk=sku_id, product_id=ordered.product_id, is_active=True).first()
    same = Sku.objects.get(pk=ordered.sku_id)
    if kind != Kind.EXCHANGE or sku is None or sku.price_fen != same.price_fen:
        raise ReplacementNotPossible
    return sku


def _refused_before(order: Order, wish: Wish) -> AfterSale | None:
    """The last one that was refused for one of these lines: this one brings more evidence."""
    lines = [each.line_id for each in wish.lines]
    refused = AfterSale.objects.filter(order=order, status=Status.REFUSED, lines__order_line__in=lines)
    return refused.order_by("-pk").first()
