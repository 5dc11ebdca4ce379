"""Distributors ask for their commission; finance decides; the money goes out under one number, once."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from promotions.distribution.models.people import Distributor


class PayMethod(models.TextChoices):
    WECHAT = "wechat", _("WeChat balance")
    POINTS = "points", _("Points")


class WithdrawalStatus(models.TextChoices):
    REQUESTED = "requested", _("Waiting for review")
    APPROVED = "approved", pgettext_lazy("withdrawal", "Approved, being sent")
    CONFIRMING = "confirming", _("Waiting for the distributor to accept it in WeChat")
    SENDING = "sending", _("On its way")
    PAID = "paid", _("Paid out")
    REFUSED = "refused", pgettext_lazy("withdrawal", "Refused")
    CANCELLED = "cancelled", pgettext_lazy("withdrawal", "Withdrawn by the distributor")
    CLOSED = "closed", pgettext_lazy("withdrawal", "Ended without payment")


W = WithdrawalStatus
# What the payment service is busy with: nothing else may be done about its money before it has closed or paid.
AT_GATEWAY = (W.APPROVED, W.CONFIRMING, W.SENDING)
OPEN = (W.REQUESTED, *AT_GATEWAY)
TRANSITIONS: dict[str, frozenset[str]] = {
    W.REQUESTED: frozenset({W.APPROVED, W.PAID, W.REFUSED, W.CANCELLED}),
    W.APPROVED: frozenset({W.CONFIRMING, W.SENDING, W.PAID, W.CLOSED}),
    W.CONFIRMING: frozenset({W.SENDING, W.PAID, W.CLOSED}),
    W.SENDING: frozenset({W.CONFIRMING, W.PAID, W.CLOSED}),
    W.PAID: frozenset(),
    W.REFUSED: frozenset(),
    W.CANCELLED: frozenset(),
    # Nobody expects it, but money that has gone out has gone out.
    W.CLOSED: frozenset({W.PAID}),
}


class Withdrawal(models.Model):
    """Its number is the payment service's as well and never another: what has not closed there is never sent anew.

    `amount_fen` leaves the account; fee and tax are taken off it, `net_fen` reaches the distributor.
    """

    number = models.CharField(_("number"), max_length=32, unique=True)
    distributor = models.ForeignKey(
        Distributor, models.PROTECT, related_name="withdrawals", verbose_name=_("distributor")
    )
    method = models.CharField(_("paid as"), max_length=10, choices=PayMethod)
    status = models.CharField(_("status"), max_length=12, choices=WithdrawalStatus, default=W.REQUESTED)
    amount_fen = models.PositiveBigIntegerField(_("amount (fen)"))
    fee_fen = models.PositiveBigIntegerField(_("fee (fen)"), default=0)
    tax_fen = models.PositiveBigIntegerField(_("tax withheld (fen)"), default=0)
    net_fen = models.PositiveBigIntegerField(_("paid out (fen)"))
    points = models.PositiveBigIntegerField(_("points"), default=0)
    payee_openid = models.CharField(_("payee's openid"), max_length=128, blank=True)
    requested_at = models.DateTimeField(_("asked for at"))
    reviewed_at = models.DateTimeField(_("reviewed at"), null=True, blank=True)
    reviewed_by = models.CharField(_("reviewed by"), max_length=80, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    gateway_bill = models.CharField(_("gateway transfer"), max_length=64, blank=True)
    gateway_state = models.CharField(_("state at the gateway"), max_length=32, blank=True)
    gateway_note = models.CharField(_("gateway's note"), max_length=200, blank=True)
    # What the front hands to WeChat for the distributor to accept the money.
    package = models.TextField(blank=True)
    stop_asked_at = models.DateTimeField(_("called back at"), null=True, blank=True)
    stop_asked_by = models.CharField(_("called back by"), max_length=80, blank=True)
    asked_at = models.DateTimeField(_("gateway asked at"), null=True, blank=True)
    query_at = models.DateTimeField(_("query next at"), null=True, blank=True)

    class Meta:
        verbose_name = _("withdrawal")
        verbose_name_plural = _("withdrawals")
        permissions = [("review_withdrawal", _("Approve and refuse withdrawals"))]
        constraints = [
            models.CheckConstraint(condition=Q(net_fen__gt=0), name="withdrawal_pays_something"),
            models.CheckConstraint(
                condition=Q(amount_fen=F("net_fen") + F("fee_fen") + F("tax_fen")), name="withdrawal_adds_up"
            ),
            models.CheckConstraint(
                condition=Q(status__in=OPEN) | Q(ended_at__isnull=False), name="withdrawal_ended_at_an_instant"
            ),
            models.CheckConstraint(
                condition=Q(method="wechat") | Q(points__gt=0), name="withdrawal_of_points_has_some"
            ),
        ]
        indexes = [
            models.Index(fields=["distributor", "-id"], name="withdrawal_of_distributor"),
            models.Index(fields=["status", "-id"], name="withdrawal_by_status"),
            models.Index(
                fields=["query_at"],
                condition=Q(status__in=["approved", "confirming", "sending"]),
                name="withdrawal_to_query",
            ),
            models.Index(fields=["ended_at"], name="withdrawal_by_end"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_called_back(self) -> bool:
        """Nothing is sent any more; the money is free once the payment service can no longer pay it."""
        return self.stop_asked_at is not None and self.status in AT_GATEWAY

    @property
    def can_be_called_back(self) -> bool:
        """What waits to be accepted, and what the payment service has refused when it was last sent."""
        refused = self.status == W.APPROVED and bool(self.gateway_note)
        return self.stop_asked_at is None and (refused or self.status == W.CONFIRMING)
