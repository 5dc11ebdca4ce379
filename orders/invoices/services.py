"""Every change of invoices and of the titles that members keep for them."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop

from members.identity.models import Member
from orders.checkout.locks import lock_order
from orders.checkout.models import OrderStatus
from orders.invoices.errors import (
    InvoiceAmountDiffers,
    InvoiceAskedFor,
    InvoiceNotFound,
    InvoiceNotIssued,
    InvoiceNotOpen,
    InvoiceNumberUsed,
    InvoiceTitleNotFound,
    InvoiceTooEarly,
    InvoiceTooLate,
    NothingSold,
    NothingToInvoice,
    TooManyTitles,
)
from orders.invoices.models import OPEN, TRANSITIONS, Invoice, InvoiceFile, InvoiceStatus, InvoiceTitle
from orders.invoices.notices import tell_issued, tell_refused
from orders.invoices.preferences import INVOICE_DAYS
from orders.invoices.queries import still_paid_fen
from shop.core.actors import Actor
from shop.core.alerts import clear_alert, raise_alert
from shop.core.money import yuan
from shop.core.state import check_transition
from shop.core.transactions import use_case

MOST_TITLES = 20


@use_case
def keep_title(*, member_id: int, fields: Mapping[str, str], title_id: int | None = None) -> InvoiceTitle:
    """Keep a title, or change the one named. Raises InvoiceTitleNotFound, TooManyTitles."""
    if title_id is None:
        return _keep_new(member_id, fields)
    own = InvoiceTitle.objects.filter(member_id=member_id)
    if not own.filter(pk=title_id).update(**fields):
        raise InvoiceTitleNotFound
    return own.get(pk=title_id)


@use_case
def forget_title(*, member_id: int, title_id: int) -> None:
    """Raises InvoiceTitleNotFound. What was issued under it stays as it is."""
    if not InvoiceTitle.objects.filter(member_id=member_id, pk=title_id).delete()[0]:
        raise InvoiceTitleNotFound


@use_case
def ask_for_invoice(
    *, order_number: str, member_id: int, fields: Mapping[str, str], keep: bool = False, now: datetime
) -> Invoice:
    """Ask for one, and with `keep` have its title kept.

    Raises OrderNotFound, InvoiceTooEarly, NothingSold, InvoiceTooLate, NothingToInvoice, InvoiceAskedFor,
    TooManyTitles.
    """
    order = lock_order(number=order_number, member_id=member_id)
    if order.status == OrderStatus.CANCELLED:
        raise NothingSold
    if order.status == OrderStatus.PENDING_PAYMENT or order.paid_at is None:
        raise InvoiceTooEarly
    days = INVOICE_DAYS.value()
    if now > order.paid_at + timedelta(days=days):
        raise InvoiceTooLate(days=days)
    amount_fen = still_paid_fen(order)
    if amount_fen <= 0:
        raise NothingToInvoice
    if Invoice.objects.filter(order=order, status__in=OPEN).exists():
        raise InvoiceAskedFor
    if keep:
        _keep_new(member_id, fields)
    return Invoice.objects.create(order=order, member_id=member_id, amount_fen=amount_fen, requested_at=now, **fields)


@use_case
def withdraw_invoice(*, order_number: str, member_id: int) -> None:
    """The member wants it no more, or differently. Raises OrderNotFound, InvoiceNotFound, InvoiceNotOpen."""
    order = lock_order(number=order_number, member_id=member_id)
    invoice = Invoice.objects.filter(order=order).order_by("-pk").first()
    if invoice is None:
        raise InvoiceNotFound
    if invoice.status != InvoiceStatus.REQUESTED:
        raise InvoiceNotOpen
    _move(invoice, InvoiceStatus.WITHDRAWN, [])


@use_case
def issue_invoice(
    *, invoice_id: int, number: str, amount_fen: int, content: bytes, actor: Actor, now: datetime
) -> Invoice:
    """Issue it with its PDF, whose amount is what is still paid at this moment, or else it is not issued.

    Raises InvoiceNotOpen, NothingToInvoice, InvoiceAmountDiffers, InvoiceNumberUsed.
    """
    invoice = _locked(invoice_id)
    if invoice.status != InvoiceStatus.REQUESTED:
        raise InvoiceNotOpen
    invoice.amount_fen = still_paid_fen(invoice.order)
    if invoice.amount_fen <= 0:
        raise NothingToInvoice
    if amount_fen != invoice.amount_fen:
        raise InvoiceAmountDiffers(amount=yuan(amount_fen), left=yuan(invoice.amount_fen))
    invoice.number, invoice.issued_at, invoice.decided_by = number, now, str(actor)[:80]
    try:
        with transaction.atomic():
            _move(invoice, InvoiceStatus.ISSUED, ["amount_fen", "number", "issued_at", "decided_by"])
    except IntegrityError as error:
        raise InvoiceNumberUsed from error
    InvoiceFile.objects.create(invoice=invoice, content=content)
    tell_issued(invoice=invoice, now=now)
    return invoice


@use_case
def refuse_invoice(*, invoice_id: int, reason: str, actor: Actor, now: datetime) -> Invoice:
    """Raises InvoiceNotOpen."""
    invoice = _locked(invoice_id)
    if invoice.status != InvoiceStatus.REQUESTED:
        raise InvoiceNotOpen
    invoice.reason, invoice.decided_by = reason, str(actor)[:80]
    _move(invoice, InvoiceStatus.REFUSED, ["reason", "decided_by"])
    tell_refused(invoice=invoice, now=now)
    return invoice


@use_case
def reverse_invoice(*, invoice_id: int, red_number: str, actor: Actor, now: datetime) -> Invoice:
    """A red-letter note was issued for the whole of it; the member may ask for another. Raises InvoiceNotIssued."""
    invoice = _locked(invoice_id)
    if invoice.status != InvoiceStatus.ISSUED:
        raise InvoiceNotIssued
    invoice.red_number, invoice.reversed_at, invoice.reversed_by = red_number, now, str(actor)[:80]
    _move(invoice, InvoiceStatus.REVERSED, ["red_number", "reversed_at", "reversed_by"])
    clear_alert(cause=_cause(invoice))
    return invoice


def follow_refund(*, order_number: str, now: datetime) -> None:
    """Money of the order went back; inside the caller's transaction.

    What was issued needs a red-letter note, what was only asked for shows what is left, or ends where nothing is.
    """
    order = lock_order(number=order_number)
    invoice = Invoice.objects.filter(order=order, status__in=OPEN).first()
    if invoice is None:
        return
    left_fen = still_paid_fen(order)
    if invoice.status == InvoiceStatus.ISSUED:
        if left_fen < invoice.amount_fen and invoice.red_due_at is None:
            invoice.red_due_at = now
            invoice.save(update_fields=["red_due_at"])
            _call_finance(invoice, now)
        return
    invoice.amount_fen = left_fen
    if left_fen:
        invoice.save(update_fields=["amount_fen"])
        return
    invoice.reason = gettext("The order was refunded.")
    _move(invoice, InvoiceStatus.WITHDRAWN, ["amount_fen", "reason"])


def _keep_new(member_id: int, fields: Mapping[str, str]) -> InvoiceTitle:
    # Titles of one member are counted one after the other.
    Member.objects.select_for_update(no_key=True, of=("self",)).only("pk").get(pk=member_id)
    if InvoiceTitle.objects.filter(member_id=member_id).count() >= MOST_TITLES:
        raise TooManyTitles(limit=MOST_TITLES)
    return InvoiceTitle.objects.create(member_id=member_id, **fields)


def _call_finance(invoice: Invoice, now: datetime) -> None:
    raise_alert(
        cause=_cause(invoice),
        message=gettext_noop("Invoice {number} needs a red-letter note: money of order {order} went back."),
        data={"number": invoice.number, "order": invoice.order.number},
        link=reverse("admin:invoices_invoice_change", args=[invoice.pk]),
        permission="invoices.change_invoice",
        now=now,
    )


def _cause(invoice: Invoice) -> str:
    return f"invoice_red:{invoice.pk}"


def _locked(invoice_id: int) -> Invoice:
    """The invoice under the lock of its order, which all that happens to it waits for."""
    number = Invoice.objects.values_list("order__number", flat=True).get(pk=invoice_id)
    lock_order(number=number)
    return Invoice.objects.select_related("order").get(pk=invoice_id)


def _move(invoice: Invoice, status: InvoiceStatus, fields: list[str]) -> None:
    check_transition(TRANSITIONS, current=invoice.status, target=status)
    invoice.status = status
    invoice.save(update_fields=["status", *fields])
