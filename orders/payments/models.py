"""Money in and out: payments and refunds as the gateway knows them.

Always: each part of an order is settled by at most one payment; every other payment that succeeded is refunded in
full. What the gateway says about a payment is final, whatever the shop had thought of it before.
"""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from orders.checkout.models import Order


class PaymentMethod(models.TextChoices):
    WECHAT = "wechat", _("WeChat Pay")
    ALIPAY = "alipay", _("Alipay")
    BALANCE_FREE = "balance_free", _("Nothing to pay")
    # Of imported orders.
    ELSEWHERE = "elsewhere", _("Paid elsewhere")


class PaymentStatus(models.TextChoices):
    CREATED = "created", _("Created")
    PENDING = "pending", _("Waiting for the payer")
    SUCCEEDED = "succeeded", _("Paid")
    CLOSED = "closed", _("Closed")


PAYMENT_TRANSITIONS: dict[str, frozenset[str]] = {
    PaymentStatus.CREATED: frozenset({PaymentStatus.PENDING, PaymentStatus.SUCCEEDED, PaymentStatus.CLOSED}),
    PaymentStatus.PENDING: frozenset({PaymentStatus.SUCCEEDED, PaymentStatus.CLOSED}),
    # A closed payment can still turn out to be paid: the gateway's word is final.
    PaymentStatus.CLOSED: frozenset({PaymentStatus.SUCCEEDED}),
    PaymentStatus.SUCCEEDED: frozenset(),
}

OPEN_STATUSES = (PaymentStatus.CREATED, PaymentStatus.PENDING)


class Part(models.TextChoices):
    """Of an order, what a payment is for."""

    WHOLE = "whole", _("Everything")
    DEPOSIT = "deposit", _("Deposit")
    BALANCE = "balance", _("Balance")

    @classmethod
    def due(cls, order: Order) -> "Part":
        """What is to be paid next of an order that waits for payment."""
        if not order.deposit_fen:
            return cls.WHOLE
        return cls.BALANCE if order.paid_fen else cls.DEPOSIT


class Payment(models.Model):
    """One attempt to pay an order; its number is the gateway's `out_trade_no`.

    `query_at`: when a job asks the gateway next, also about a closed one that the payer could still have paid.
    `asked_at`: when anybody asked last; it also holds back the next question. `gateway_state` is the state in the
    gateway's own word, `gateway_note` what went wrong with it.
    """

    number = models.CharField(_("payment number"), max_length=32, unique=True)
    order = models.ForeignKey(Order, models.PROTECT, related_name="payments", verbose_name=_("order"))
    method = models.CharField(_("method"), max_length=12, choices=PaymentMethod)
    status = models.CharField(_("status"), max_length=10, choices=PaymentStatus, default=PaymentStatus.CREATED)
    part = models.CharField(_("pays"), max_length=8, choices=Part, default=Part.WHOLE)
    amount_fen = models.PositiveBigIntegerField(_("amount (fen)"))
    # What goes back or has gone back of it.
    refunded_fen = models.PositiveBigIntegerField(_("refunded (fen)"), default=0)
    settles_order = models.BooleanField(_("settles the order"), default=False)
    payer_openid = models.CharField(_("payer's openid"), max_length=128, blank=True)
    prepay_id = models.CharField(_("prepay order"), max_length=80, blank=True)
    prepay_until = models.DateTimeField(_("prepay order until"), null=True, blank=True)
    transaction_id = models.CharField(_("gateway transaction"), max_length=64, blank=True)
    gateway_state = models.CharField(_("state at the gateway"), max_length=32, blank=True)
    gateway_note = models.CharField(_("gateway's note"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created at"))
    succeeded_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    asked_at = models.DateTimeField(_("gateway asked at"), null=True, blank=True)
    query_at = models.DateTimeField(_("query next at"), null=True, blank=True)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            models.UniqueConstraint(
                fields=["order", "part"], condition=Q(settles_order=True), name="order_settled_once"
            ),
            models.UniqueConstraint(
                fields=["order"], condition=Q(status__in=["created", "pending"]), name="payment_one_open"
            ),
            models.UniqueConstraint(
                fields=["method", "transaction_id"], condition=~Q(transaction_id=""), name="transaction_once"
            ),
            models.CheckConstraint(
                condition=Q(settles_order=False) | Q(status="succeeded"), name="payment_settles_when_paid"
            ),
            models.CheckConstraint(
                condition=~Q(status="succeeded") | Q(succeeded_at__isnull=False), name="payment_paid_at_an_instant"
            ),
            models.CheckConstraint(
                condition=Q(refunded_fen__lte=F("amount_fen")), name="payment_refunds_what_it_brought"
            ),
        ]
        indexes = [
            models.Index(fields=["query_at"], condition=Q(status__in=["created", "pending"]), name="payment_to_query"),
            models.Index(
                fields=["query_at"], condition=Q(status="closed", query_at__isnull=False), name="payment_to_look_at"
            ),
            # A day's payments: rows come in about the order of time, so that this costs next to nothing.
            BrinIndex(fields=["succeeded_at"], autosummarize=True, name="payment_by_success"),
            BrinIndex(fields=["created_at"], autosummarize=True, name="payment_by_start"),
            models.Index(fields=["transaction_id"], condition=~Q(transaction_id=""), name="payment_by_transaction"),
        ]

    def __str__(self) -> str:
        return self.number

    def is_of_what_is_due(self, order: Order) -> bool:
        return (self.part, self.amount_fen) == (Part.due(order), order.due_fen)


class RefundStatus(models.TextChoices):
    REQUESTED = "requested", _("Requested")
    PROCESSING = "processing", _("Processing")
    SUCCEEDED = "succeeded", _("Refunded")
    ABNORMAL = "abnormal", _("Needs attention")


REFUND_TRANSITIONS: dict[str, frozenset[str]] = {
    RefundStatus.REQUESTED: frozenset({RefundStatus.PROCESSING, RefundStatus.SUCCEEDED, RefundStatus.ABNORMAL}),
    RefundStatus.PROCESSING: frozenset({RefundStatus.SUCCEEDED, RefundStatus.ABNORMAL}),
    # Not final: the money may still be sent another way.
    RefundStatus.ABNORMAL: frozenset({RefundStatus.PROCESSING, RefundStatus.SUCCEEDED}),
    RefundStatus.SUCCEEDED: frozenset(),
}


class Refund(models.Model):
    """Money to give back; its number is the gateway's `out_refund_no` and stays the same at every try."""

    class Reason(models.TextChoices):
        LATE = "late", _("Paid after the order was closed")
        DUPLICATE = "duplicate", _("The order was paid already")
        REPRICED = "repriced", _("Paid at a price that had changed")
        AFTER_SALE = "after_sale", _("After-sale")
        DEPOSIT = "deposit", _("Deposit given back")
        ELSEWHERE = "elsewhere", _("Refunded outside the shop")

    number = models.CharField(_("refund number"), max_length=32, unique=True)
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds", verbose_name=_("payment"))
    amount_fen = models.PositiveBigIntegerField(_("amount (fen)"))
    reason = models.CharField(_("reason"), max_length=12, choices=Reason)
    # What it is for, such as the number of an after-sale; one refund of each payment for each.
    reference = models.CharField(_("for"), max_length=40, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=RefundStatus, default=RefundStatus.REQUESTED)
    gateway_refund_id = models.CharField(_("gateway refund"), max_length=64, blank=True)
    gateway_note = models.CharField(_("gateway's note"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created at"))
    succeeded_at = models.DateTimeField(_("refunded at"), null=True, blank=True)
    asked_at = models.DateTimeField(_("gateway asked at"), null=True, blank=True)
    query_at = models.DateTimeField(_("query next at"), null=True, blank=True)
    # Paid back by people, past the gateway.
    by_hand_reason = models.CharField(_("paid by hand because"), max_length=200, blank=True)
    by_hand_by = models.CharField(_("paid by"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        constraints = [
            models.UniqueConstraint(
                fields=["payment"],
                condition=Q(reason__in=["late", "duplicate", "repriced", "elsewhere"]),
                name="refund_whole_once",
            ),
            models.UniqueConstraint(
                fields=["reference", "payment"], condition=~Q(reference=""), name="refund_once_for_each_reference"
            ),
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="refund_positive"),
            models.CheckConstraint(
                condition=Q(by_hand_reason="") | Q(status="succeeded"), name="refund_by_hand_is_done"
            ),
        ]
        indexes = [
            models.Index(fields=["query_at"], condition=~Q(status="succeeded"), name="refund_to_query"),
            BrinIndex(fields=["succeeded_at"], autosummarize=True, name="refund_by_success"),
            BrinIndex(fields=["created_at"], autosummarize=True, name="refund_by_request"),
            models.Index(fields=["gateway_refund_id"], condition=~Q(gateway_refund_id=""), name="refund_by_gateway"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def needs_people(self) -> bool:
        """The gateway could not bring it to the payer, or refused to."""
        refused = self.status == RefundStatus.REQUESTED and bool(self.gateway_note)
        return refused or self.status == RefundStatus.ABNORMAL
