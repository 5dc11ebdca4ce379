"""Invoices that members ask for.

Always: an order has at most one invoice that is asked for or stands; what is issued says what was paid in money for the
order and not given back by then, and is never changed: when more goes back later it waits for a red-letter note, which
ends it, and only then may another be asked for.
"""

from collections.abc import Mapping

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members.identity.models import Member
from orders.checkout.models import Order


class Buyer(models.TextChoices):
    PERSONAL = "personal", _("Personal")
    COMPANY = "company", _("Company")


class InvoiceStatus(models.TextChoices):
    REQUESTED = "requested", pgettext_lazy("invoice", "Asked for")
    ISSUED = "issued", pgettext_lazy("invoice", "Issued")
    REFUSED = "refused", pgettext_lazy("invoice", "Refused")
    WITHDRAWN = "withdrawn", pgettext_lazy("invoice", "Withdrawn")
    REVERSED = "reversed", pgettext_lazy("invoice", "Reversed by a red-letter note")


S = InvoiceStatus
TRANSITIONS: Mapping[str, frozenset[str]] = {
    S.REQUESTED: frozenset({S.ISSUED, S.REFUSED, S.WITHDRAWN}),
    S.ISSUED: frozenset({S.REVERSED}),
    S.REFUSED: frozenset(),
    S.WITHDRAWN: frozenset(),
    S.REVERSED: frozenset(),
}
OPEN = (S.REQUESTED, S.ISSUED)


class InvoiceTitle(models.Model):
    """To whom a member has invoices made out, kept for the next time."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="invoice_titles", verbose_name=_("member"))
    buyer = models.CharField(_("buyer"), max_length=8, choices=Buyer)
    title = models.CharField(_("invoice title"), max_length=100)
    tax_number = models.CharField(_("tax number"), max_length=18, blank=True)
    email = models.EmailField(_("e-mail"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("invoice title")
        verbose_name_plural = _("invoice titles")
        constraints = [
            models.CheckConstraint(
                condition=Q(buyer="company") ^ Q(tax_number=""), name="invoice_title_of_company_has_tax_number"
            )
        ]

    def __str__(self) -> str:
        return self.title


class Invoice(models.Model):
    """`amount_fen` is an estimate until the invoice is issued, and fixed from then on."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="invoices", verbose_name=_("order"))
    member = models.ForeignKey(
        Member, models.PROTECT, related_name="invoices", verbose_name=_("member"), db_index=False
    )
    buyer = models.CharField(_("buyer"), max_length=8, choices=Buyer)
    title = models.CharField(_("invoice title"), max_length=100)
    tax_number = models.CharField(_("tax number"), max_length=18, blank=True)
    email = models.EmailField(_("e-mail"), max_length=120, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=InvoiceStatus, default=InvoiceStatus.REQUESTED)
    amount_fen = models.PositiveBigIntegerField(_("amount (fen)"))
    requested_at = models.DateTimeField(_("asked for at"))
    # The shop's words to the member.
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    number = models.CharField(_("invoice number"), max_length=20, blank=True)
    issued_at = models.DateTimeField(_("issued at"), null=True, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=80, blank=True)
    # Money went back after it was issued: a red-letter note is due.
    red_due_at = models.DateTimeField(_("red-letter note due since"), null=True, blank=True)
    red_number = models.CharField(_("number of the red-letter note"), max_length=20, blank=True)
    reversed_at = models.DateTimeField(_("reversed at"), null=True, blank=True)
    reversed_by = models.CharField(_("reversed by"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=Q(status__in=["requested", "issued"]), name="invoice_one_open"
            ),
            models.UniqueConstraint(fields=["number"], condition=~Q(number=""), name="invoice_number_once"),
            models.CheckConstraint(
                condition=Q(status__in=["issued", "reversed"], issued_at__isnull=False) & ~Q(number="")
                | ~Q(status__in=["issued", "reversed"]) & Q(issued_at=None, number=""),
                name="invoice_issued_has_number",
            ),
            models.CheckConstraint(
                condition=Q(status="reversed", reversed_at__isnull=False) & ~Q(red_number="")
                | ~Q(status="reversed") & Q(reversed_at=None, red_number=""),
                name="invoice_reversed_has_note",
            ),
        ]
        indexes = [
            models.Index(fields=["member", "-id"], name="invoice_of_member"),
            models.Index(fields=["status", "-id"], name="invoice_by_status"),
            models.Index(fields=["tax_number"], condition=~Q(tax_number=""), name="invoice_by_tax_number"),
            models.Index(fields=["title"], opclasses=["varchar_pattern_ops"], name="invoice_by_title"),
            models.Index(fields=["red_due_at"], condition=Q(status="issued"), name="invoice_red_due"),
        ]

    def __str__(self) -> str:
        return self.number or str(self.order)


class InvoiceFile(models.Model):
    """The invoice itself. It lies in the database, so that no address leads to it and a backup has both."""

    invoice = models.OneToOneField(Invoice, models.CASCADE, primary_key=True, related_name="file")
    content = models.BinaryField()

    class Meta:
        verbose_name = _("invoice file")
        verbose_name_plural = _("invoice files")

    def __str__(self) -> str:
        return str(self.invoice_id)
