"""Prices that staff change before an order is paid: who asked, why, who agreed, and what the price was and became."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from orders.checkout.models import Order


class PriceChange(models.Model):
    """`taken_off` is what staff take off each line, fen by position, from what the shop itself asks for it;
    `freight_fen` is what freight costs instead. It takes the place of what staff changed before."""

    class Status(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("price change", "Waiting for approval")
        APPLIED = "applied", pgettext_lazy("price change", "Applied")
        DECLINED = "declined", pgettext_lazy("price change", "Declined")
        LAPSED = "lapsed", pgettext_lazy("price change", "Lapsed: nothing left to decide")

    order = models.ForeignKey(Order, models.CASCADE, related_name="price_changes", verbose_name=_("order"))
    status = models.CharField(_("status"), max_length=8, choices=Status)
    taken_off = models.JSONField(_("taken off the lines (fen)"), default=dict, blank=True)
    freight_fen = models.PositiveIntegerField(_("freight (fen)"))
    reason = models.CharField(_("reason"), max_length=200)
    before_fen = models.PositiveBigIntegerField(_("payable before (fen)"))
    after_fen = models.PositiveBigIntegerField(_("payable after (fen)"))
    asked_by = models.CharField(_("asked by"), max_length=80)
    asked_at = models.DateTimeField(_("asked at"))
    decided_by = models.CharField(_("decided by"), max_length=80, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)

    class Meta:
        verbose_name = _("price change")
        verbose_name_plural = _("price changes")
        constraints = [
            models.UniqueConstraint(fields=["order"], condition=Q(status="waiting"), name="price_change_waits_once"),
            models.CheckConstraint(
                condition=Q(decided_by="") | ~Q(decided_by=F("asked_by")), name="price_change_two_persons"
            ),
        ]
        indexes = [models.Index(fields=["id"], condition=Q(status="waiting"), name="price_change_waiting")]

    def __str__(self) -> str:
        return f"{self.order_id}: {self.before_fen} → {self.after_fen}"
