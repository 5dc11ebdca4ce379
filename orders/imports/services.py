"""Orders of the time before the shop come in, completed and paid, as what they were: history.

Nothing follows from them: no stock moves, no points, growth or commission are given, nobody is told. Their buyers are
no new members any more, and everything that looks at past orders sees them. All or nothing; known numbers are left out.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import IO

from members.identity.invite_codes import new_invite_code
from members.identity.models import Member
from orders.checkout.models import Order, OrderEvent, OrderLine, OrderStatus
from orders.imports.models import ImportedCustomer
from orders.imports.rows import PastLine, Report, read_orders
from orders.payments.models import Payment, PaymentMethod, PaymentStatus
from promotions.campaigns.models import FirstPurchase
from shop.catalog.models import Sku
from shop.core.actors import Actor
from shop.core.numbers import new_number
from shop.core.transactions import use_case


@use_case
def import_orders(*, file: IO[bytes], actor: Actor, now: datetime, dry_run: bool = False) -> Report:
    """Read the file twice: checked as a whole first, then written in batches. Raises ImportFileNotReadable."""
    report = Report()
    for batch in read_orders(file, report, now=now):
        report.orders += len(batch)
    if report.problem_count or dry_run:
        return report
    written = Report()
    for batch in read_orders(file, written, now=now):
        _write(batch, written, actor=actor, now=now)
    return written


def _write(batch: Sequence[Sequence[PastLine]], report: Report, *, actor: Actor, now: datetime) -> None:
    numbers = [lines[0].number for lines in batch]
    known = set(Order.objects.filter(number__in=numbers).values_list("number", flat=True))
    fresh = [lines for lines in batch if lines[0].number not in known]
    members = _members([lines[0] for lines in fresh], report)
    skus = Sku.objects.in_bulk({line.sku_code for lines in fresh for line in lines}, field_name="code")
    products = dict(Sku.objects.filter(code__in=skus).values_list("code", "product__name"))
    orders = Order.objects.bulk_create(
        [_order(lines, member_id) for lines, member_id in zip(fresh, members, strict=True)]
    )
    pairs = list(zip(orders, fresh, strict=True))
    OrderLine.objects.bulk_create(
        [
            _line(order, position, line, skus[line.sku_code], products[line.sku_code])
            for order, lines in pairs
            for position, line in enumerate(lines, 1)
        ]
    )
    events = [
        OrderEvent(order=order, status=OrderStatus.COMPLETED, actor=str(actor)[:80], happened_at=order.placed_at)
        for order in orders
    ]
    OrderEvent.objects.bulk_create(events)
    Payment.objects.bulk_create([_payment(order, now) for order in orders])
    first = [
        FirstPurchase(member_id=order.member_id, order_number=order.number, is_paid=True, placed_at=order.placed_at)
        for order in orders
    ]
    FirstPurchase.objects.bulk_create(first, ignore_conflicts=True)
    report.orders += len(orders)
    report.known += len(known)


def _members(buyers: Sequence[PastLine], report: Report) -> list[int]:
    """By customer number, else by phone; whoever is not known becomes a member, joined with their first order."""
    numbers = {each.customer for each in buyers if each.customer}
    by_number = dict(ImportedCustomer.objects.filter(number__in=numbers).values_list("number", "member_id"))
    phones = {each.phone for each in buyers if each.phone}
    by_phone = dict(Member.objects.filter(phone__in=phones).values_list("phone", "pk"))
    found: dict[str, int] = {**{f"p{phone}": pk for phone, pk in by_phone.items() if phone}}
    found |= {f"c{number}": pk for number, pk in by_number.items()}
    unknown: dict[str, PastLine] = {}
    for each in buyers:
        key = _key(each, found)
        if key not in found and (key not in unknown or each.paid_at < unknown[key].paid_at):
            unknown[key] = each
    made = Member.objects.bulk_create(
        [
            Member(phone=each.phone or None, invite_code=new_invite_code(), joined_at=each.paid_at)
            for each in unknown.values()
        ]
    )
    found |= {key: member.pk for key, member in zip(unknown, made, strict=True)}
    report.members += len(made)
    _remember(buyers, found, by_number)
    return [found[_key(each, found)] for each in buyers]


def _key(buyer: PastLine, found: Mapping[str, int]) -> str:
    if buyer.phone and (not buyer.customer or f"c{buyer.customer}" not in found):
        return f"p{buyer.phone}"
    return f"c{buyer.customer}"


def _remember(buyers: Sequence[PastLine], found: Mapping[str, int], known: Mapping[str, int]) -> None:
    numbers = {each.customer: found[_key(each, found)] for each in buyers if each.customer}
    fresh = [ImportedCustomer(number=number, member_id=pk) for number, pk in numbers.items() if number not in known]
    ImportedCustomer.objects.bulk_create(fresh)


def _order(lines: Sequence[PastLine], member_id: int) -> Order:
    goods = sum(_unit_fen(line) * line.quantity for line in lines)
    paid, freight, at = sum(line.amount_fen for line in lines), lines[0].freight_fen, lines[0].paid_at
    return Order(
        number=lines[0].number,
        member_id=member_id,
        status=OrderStatus.COMPLETED,
        goods_fen=goods,
        discount_fen=goods - paid,
        freight_fen=freight,
        payable_fen=paid + freight,
        paid_fen=paid + freight,
        channel=lines[0].channel,
        placed_at=at,
        expires_at=at,
        paid_at=at,
        completed_at=at,
    )


def _unit_fen(line: PastLine) -> int:
    """So that all units together are never less than what was paid for them."""
    return -(-line.amount_fen // line.quantity)


def _line(order: Order, position: int, line: PastLine, sku: Sku, name: str) -> OrderLine:
    unit = _unit_fen(line)
    return OrderLine(
        order=order,
        position=position,
        sku=sku,
        product_id=sku.product_id,
        product_name=name,
        sku_code=sku.code,
        unit_price_fen=unit,
        quantity=line.quantity,
        subtotal_fen=unit * line.quantity,
        payable_fen=line.amount_fen,
    )


def _payment(order: Order, now: datetime) -> Payment:
    return Payment(
        # With more random digits than others: thousands come in at the same second.
        number=f"{new_number('P', now)}{secrets.randbelow(10**8):08d}",
        order=order,
        method=PaymentMethod.ELSEWHERE,
        status=PaymentStatus.SUCCEEDED,
        amount_fen=order.paid_fen,
        settles_order=True,
        created_at=order.placed_at,
        succeeded_at=order.paid_at,
    )
