"""Reports of whole days, weeks and months: made once, kept as they were made, mailed to who asked for them.

A report keeps its figures, not files: XLSX and PDF are drawn when they are wanted, in the reader's language.
"""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    DAILY = "daily", _("Daily report")
    WEEKLY = "weekly", _("Weekly report")
    MONTHLY = "monthly", _("Monthly report")


class Report(models.Model):
    """One period, both days included; `content` as `analytics.reports.figures` works it out."""

    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    first = models.DateField(_("first day"))
    last = models.DateField(_("last day"))
    content = models.JSONField(_("content"))
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        constraints = [
            models.UniqueConstraint(fields=["kind", "first"], name="report_once_for_each_period"),
            models.CheckConstraint(condition=Q(first__lte=F("last")), name="report_of_some_days"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.period}"

    @property
    def period(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first} – {self.last}"

    @property
    def figures(self) -> dict[str, Any]:
        found: dict[str, Any] = self.content["figures"]
        return found


class Subscription(models.Model):
    """Somebody of the staff wants the reports of a kind by mail."""

    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("staff account")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)

    class Meta:
        verbose_name = _("subscription of reports")
        verbose_name_plural = _("subscriptions of reports")
        constraints = [models.UniqueConstraint(fields=["staff", "kind"], name="subscription_once")]

    def __str__(self) -> str:
        return f"{self.staff_id} {self.kind}"


class Mailing(models.Model):
    """A report on its way to one of the staff. `due_at` is when it is tried next, and the lease of who tries now."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")
        WITHHELD = "withheld", _("withheld")

    report = models.ForeignKey(Report, models.CASCADE, related_name="mailings", verbose_name=_("report"))
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("staff account")
    )
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("due at"))
    error_code = models.CharField(_("error"), max_length=60, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True)

    class Meta:
        verbose_name = _("mail of a report")
        verbose_name_plural = _("mails of reports")
        constraints = [models.UniqueConstraint(fields=["report", "staff"], name="mailing_once")]
        indexes = [models.Index(fields=["due_at"], condition=Q(status="queued"), name="mailing_due")]

    def __str__(self) -> str:
        return f"{self.report} → {self.staff}"
