"""Reminders of points that expire, activities made for those who hold them, proofs of the ledger, and gifts by file.

Always: a member is reminded once per expiry day and stage; an activity's audience is whom its round reminded; a line
of a file is booked once; whoever asked for a large file does not approve it.
"""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members.identity.models import Member
from members.notifications.models import Notification
from members.segments.models import Segment
from points.deduction.models import BetterTerms
from points.rules.models import EarningRule


class ReminderRound(models.Model):
    """Who was told so many days ahead of what expires at the end of a day."""

    last_day = models.DateField(_("last valid date"))
    stage = models.PositiveSmallIntegerField(_("days ahead"))
    members = models.PositiveIntegerField(_("members"), default=0)
    points = models.BigIntegerField(_("points"), default=0)
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("told last at"), null=True, blank=True)

    class Meta:
        verbose_name = _("expiry reminder")
        verbose_name_plural = _("expiry reminders")
        ordering = ["-last_day", "stage"]
        constraints = [models.UniqueConstraint(fields=["last_day", "stage"], name="reminder_round_once")]

    def __str__(self) -> str:
        return str(_("{day}, {stage} days ahead").format(day=self.last_day, stage=self.stage))


class ExpiryReminder(models.Model):
    """One member told in a round, of how many points until which second; its deliveries prove it."""

    round = models.ForeignKey(
        ReminderRound, models.PROTECT, related_name="reminders", verbose_name=_("expiry reminder"), db_index=False
    )
    member = models.ForeignKey(Member, models.PROTECT, related_name="+", verbose_name=_("member"))
    points = models.BigIntegerField(_("points"))
    last_valid_at = models.DateTimeField(_("last valid second"))
    notification = models.ForeignKey(
        Notification, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("notification")
    )
    told_at = models.DateTimeField(_("told at"))

    class Meta:
        verbose_name = _("reminded member")
        verbose_name_plural = _("reminded members")
        constraints = [models.UniqueConstraint(fields=["round", "member"], name="reminded_once_per_round")]

    def __str__(self) -> str:
        return f"{self.member_id}: {self.points}"


class LinkedActivity(models.Model):
    """What the shop offers to whom a round reminded, until their points expire: either more points for what they buy,
    or more money for their points.
    """

    round = models.ForeignKey(
        ReminderRound, models.PROTECT, related_name="activities", verbose_name=_("expiry reminder")
    )
    segment = models.ForeignKey(Segment, models.PROTECT, related_name="+", verbose_name=_("segment"))
    rule = models.ForeignKey(
        EarningRule, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("earning rule")
    )
    terms = models.ForeignKey(
        BetterTerms,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("points-for-cash activity"),
    )
    members = models.PositiveIntegerField(_("members"))
    actor = models.CharField(_("by"), max_length=80)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("linked activity")
        verbose_name_plural = _("linked activities")
        constraints = [
            models.CheckConstraint(
                condition=Q(rule__isnull=True, terms__isnull=False) | Q(rule__isnull=False, terms__isnull=True),
                name="linked_activity_is_one",
            )
        ]

    def __str__(self) -> str:
        return str(self.rule or self.terms)


class LedgerProof(models.Model):
    """What the ledger was on a night, and whether entries, lots and accounts agreed."""

    at = models.DateTimeField(_("time"))
    members = models.PositiveIntegerField(_("members"))
    available = models.BigIntegerField(pgettext_lazy("points", "available"))
    pending = models.BigIntegerField(_("pending"))
    held = models.BigIntegerField(_("held"))
    debt = models.BigIntegerField(_("debt"))
    worth_fen = models.BigIntegerField(_("worth (fen)"))
    differences = models.JSONField(_("differences"), default=list, blank=True)
    is_clean = models.BooleanField(_("agrees"))

    class Meta:
        verbose_name = _("proof of the ledger")
        verbose_name_plural = _("proofs of the ledger")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d}"


class GrantFile(models.Model):
    """Points for many members at once, from a file."""

    class Status(models.TextChoices):
        REFUSED = "refused", pgettext_lazy("gift by file", "Refused")
        CHECKED = "checked", pgettext_lazy("gift by file", "Checked")
        WAITING = "waiting", pgettext_lazy("gift by file", "Waiting for approval")
        RUNNING = "running", pgettext_lazy("gift by file", "Being booked")
        STOPPED = "stopped", pgettext_lazy("gift by file", "Stopped")
        DONE = "done", pgettext_lazy("gift by file", "Booked")
        DECLINED = "declined", pgettext_lazy("gift by file", "Declined")
        UNDOING = "undoing", pgettext_lazy("gift by file", "Being taken back")
        UNDONE = "undone", pgettext_lazy("gift by file", "Taken back")

    filename = models.CharField(_("file"), max_length=200)
    status = models.CharField(_("status"), max_length=10, choices=Status)
    lines_in_file = models.PositiveIntegerField(pgettext_lazy("of a file", "rows"), default=0)
    points = models.BigIntegerField(_("points"), default=0)
    problems = models.JSONField(_("problems"), default=list, blank=True)
    uploaded_by = models.CharField(_("uploaded by"), max_length=80)
    uploaded_at = models.DateTimeField(_("uploaded at"))
    # Of its bytes, so that a file that comes again is known.
    digest = models.CharField(_("fingerprint"), max_length=64, editable=False)
    requested_by = models.CharField(_("requested by"), max_length=80, blank=True)
    requested_at = models.DateTimeField(_("requested at"), null=True, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=80, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    undone_by = models.CharField(_("taken back by"), max_length=80, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("gift of points by file")
        verbose_name_plural = _("gifts of points by file")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by="") | ~Q(decided_by=F("requested_by")), name="grant_file_two_persons"
            )
        ]
        indexes = [models.Index(fields=["digest"], name="grant_file_again")]

    def __str__(self) -> str:
        return self.filename


class GrantLine(models.Model):
    """One row of a file, numbered as the spreadsheet numbers it."""

    class Status(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("line of a file", "Not booked")
        BOOKED = "booked", pgettext_lazy("line of a file", "Booked")
        FAILED = "failed", pgettext_lazy("line of a file", "Failed")
        UNDONE = "undone", pgettext_lazy("line of a file", "Taken back")

    file = models.ForeignKey(GrantFile, models.PROTECT, related_name="lines", verbose_name=_("file"), db_index=False)
    number = models.PositiveIntegerField(_("row"))
    member = models.ForeignKey(Member, models.PROTECT, related_name="+", verbose_name=_("member"))
    points = models.PositiveBigIntegerField(_("points"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    policy_id = models.BigIntegerField(_("expiry policy"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.WAITING)
    error = models.CharField(_("error"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("line of a gift by file")
        verbose_name_plural = _("lines of gifts by file")
        constraints = [
            models.UniqueConstraint(fields=["file", "number"], name="grant_line_once"),
            models.CheckConstraint(condition=Q(points__gt=0), name="grant_line_gives"),
        ]
        indexes = [models.Index(fields=["file", "status", "member"], name="grant_line_next")]

    def __str__(self) -> str:
        return f"{self.file_id}/{self.number}"

    @property
    def reference(self) -> str:
        return f"file:{self.file_id}:{self.number}"
