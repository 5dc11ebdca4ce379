"""Our books beside the gateways' bills: one reconciliation for each gateway and Shanghai day, and where they differ.

Always: a bill is kept whole or not at all; a difference is named once, and closes by itself when it is gone; what a
person said about it is kept for good. A reconciled day without differences equals its bill to the fen.
"""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orders.payments.models import Payment, PaymentMethod, PaymentStatus, Refund, RefundStatus

GATEWAYS = tuple((method.value, method.label) for method in (PaymentMethod.WECHAT, PaymentMethod.ALIPAY))


class Subject(models.TextChoices):
    PAYMENT = "payment", _("Payment")
    REFUND = "refund", _("Refund")


class Reconciliation(models.Model):
    """A gateway's day. Sums are of the bill (`bill_`) and of what our books hold for it (`book_`).

    `carried`: movements of ours on this day that stand on another day's bill, or do not have to stand on one yet.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting for the bill")
        COMPARED = "compared", _("Compared")

    method = models.CharField(_("gateway"), max_length=12, choices=GATEWAYS)
    day = models.DateField(_("bill date"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.WAITING)
    bill_payments = models.PositiveIntegerField(_("payments on the bill"), default=0)
    bill_paid_fen = models.PositiveBigIntegerField(_("paid on the bill (fen)"), default=0)
    bill_refunds = models.PositiveIntegerField(_("refunds on the bill"), default=0)
    bill_refunded_fen = models.PositiveBigIntegerField(_("refunded on the bill (fen)"), default=0)
    bill_fee_fen = models.BigIntegerField(_("fee (fen)"), default=0)
    book_payments = models.PositiveIntegerField(_("payments in our books"), default=0)
    book_paid_fen = models.PositiveBigIntegerField(_("paid in our books (fen)"), default=0)
    book_refunds = models.PositiveIntegerField(_("refunds in our books"), default=0)
    book_refunded_fen = models.PositiveBigIntegerField(_("refunded in our books (fen)"), default=0)
    carried = models.PositiveIntegerField(_("carried over"), default=0)
    bill_suffix = models.CharField(max_length=12, blank=True)
    # What went wrong with the bill at the last try, as the refusal's code; empty when nothing did.
    failure = models.CharField(_("last failure"), max_length=60, blank=True)
    tries = models.PositiveIntegerField(_("tries"), default=0)
    tried_at = models.DateTimeField(_("tried at"), null=True, blank=True)
    try_at = models.DateTimeField(_("try next at"), null=True, blank=True)
    fetched_at = models.DateTimeField(_("bill fetched at"), null=True, blank=True)
    compared_at = models.DateTimeField(_("compared at"), null=True, blank=True)

    class Meta:
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")
        constraints = [
            models.UniqueConstraint(fields=["method", "day"], name="reconciliation_once"),
            models.CheckConstraint(
                condition=Q(status="waiting") | Q(fetched_at__isnull=False, compared_at__isnull=False),
                name="reconciliation_compared_with_a_bill",
            ),
        ]
        indexes = [
            models.Index(fields=["try_at"], condition=Q(status="waiting"), name="reconciliation_to_try"),
            models.Index(fields=["-day"], name="reconciliation_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.get_method_display()} {self.day}"


class BillPiece(models.Model):
    """A piece of a bill as the gateway gave it."""

    reconciliation = models.ForeignKey(Reconciliation, models.CASCADE, related_name="pieces")
    position = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        verbose_name = _("piece of a bill")
        verbose_name_plural = _("pieces of bills")
        constraints = [models.UniqueConstraint(fields=["reconciliation", "position"], name="bill_piece_position")]

    def __str__(self) -> str:
        return f"{self.reconciliation_id}/{self.position}"


class BillLine(models.Model):
    """One movement on a bill; `number` is the payment's or the refund's, as we gave it to the gateway."""

    reconciliation = models.ForeignKey(Reconciliation, models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField(_("position"))
    # The same on every line, kept here too so that a number is found over all bills of a gateway.
    method = models.CharField(_("gateway"), max_length=12, choices=GATEWAYS)
    subject = models.CharField(_("kind"), max_length=8, choices=Subject)
    number = models.CharField(_("number"), max_length=64)
    payment_number = models.CharField(_("payment number"), max_length=64)
    amount_fen = models.PositiveBigIntegerField(_("amount (fen)"))
    fee_fen = models.BigIntegerField(_("fee (fen)"))
    gateway_id = models.CharField(_("gateway's number"), max_length=64, blank=True)
    state = models.CharField(_("state"), max_length=12)
    raw_state = models.CharField(_("state at the gateway"), max_length=32, blank=True)
    at = models.DateTimeField(_("time"))

    class Meta:
        verbose_name = _("bill line")
        verbose_name_plural = _("bill lines")
        constraints = [models.UniqueConstraint(fields=["reconciliation", "position"], name="bill_line_position")]
        indexes = [
            models.Index(fields=["subject", "number"], name="bill_line_by_number"),
            models.Index(fields=["payment_number"], condition=Q(subject="refund"), name="bill_line_refund_of"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.number}"


class DifferenceState(models.TextChoices):
    OPEN = "open", _("To be looked into")
    EXPLAINED = "explained", _("Explained")
    RESOLVED = "resolved", _("Resolved")
    GONE = "gone", _("Gone by itself")


TRANSITIONS: dict[str, frozenset[str]] = {
    DifferenceState.OPEN: frozenset({DifferenceState.EXPLAINED, DifferenceState.RESOLVED, DifferenceState.GONE}),
    DifferenceState.EXPLAINED: frozenset({DifferenceState.OPEN}),
    DifferenceState.RESOLVED: frozenset({DifferenceState.OPEN}),
    DifferenceState.GONE: frozenset({DifferenceState.OPEN}),
}


class Difference(models.Model):
    """One thing in which a bill and our books differ. What it is about is known by number: it may not be ours."""

    class Kind(models.TextChoices):
        MISSING_HERE = "missing_here", _("Not in our books")
        MISSING_THERE = "missing_there", _("Not on the bill")
        AMOUNT = "amount", _("Other amount")
        STATUS = "status", _("Other status")
        DUPLICATE = "duplicate", _("On bills more than once")

    reconciliation = models.ForeignKey(
        Reconciliation, models.PROTECT, related_name="differences", verbose_name=_("reconciliation")
    )
    kind = models.CharField(_("difference"), max_length=13, choices=Kind)
    subject = models.CharField(_("kind"), max_length=8, choices=Subject)
    number = models.CharField(_("number"), max_length=64)
    state = models.CharField(_("state"), max_length=9, choices=DifferenceState, default=DifferenceState.OPEN)
    # Empty on the side that does not know it.
    bill_fen = models.PositiveBigIntegerField(_("on the bill (fen)"), null=True, blank=True)
    book_fen = models.PositiveBigIntegerField(_("in our books (fen)"), null=True, blank=True)
    bill_state = models.CharField(_("state on the bill"), max_length=32, blank=True)
    book_state = models.CharField(_("state in our books"), max_length=32, blank=True)
    gateway_id = models.CharField(_("gateway's number"), max_length=64, blank=True)
    payment = models.ForeignKey(
        Payment, models.PROTECT, related_name="+", verbose_name=_("payment"), null=True, blank=True
    )
    refund = models.ForeignKey(
        Refund, models.PROTECT, related_name="+", verbose_name=_("refund"), null=True, blank=True
    )
    found_at = models.DateTimeField(_("found at"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        constraints = [
            models.UniqueConstraint(fields=["reconciliation", "kind", "subject", "number"], name="difference_once"),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True) | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="difference_closed_at_an_instant",
            ),
        ]
        indexes = [
            models.Index(fields=["reconciliation"], condition=Q(state="open"), name="difference_open"),
            models.Index(fields=["number"], name="difference_by_number"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.number}"

    def get_book_state_display(self) -> str:
        """In words; the states of payments and of refunds are others."""
        states = RefundStatus if self.subject == Subject.REFUND else PaymentStatus
        return str(states(self.book_state).label) if self.book_state in states else self.book_state


class DifferenceEvent(models.Model):
    """Append-only: each move of a difference, by whom, and why."""

    difference = models.ForeignKey(Difference, models.CASCADE, related_name="events", verbose_name=_("difference"))
    state = models.CharField(_("state"), max_length=9, choices=DifferenceState)
    actor = models.CharField(_("by"), max_length=80)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    happened_at = models.DateTimeField(_("happened at"))

    class Meta:
        verbose_name = _("event of a difference")
        verbose_name_plural = _("events of differences")
        ordering = ["id"]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.state} {self.happened_at}"
