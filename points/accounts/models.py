"""Reminders of points that expire, activities made for those who hold them, and proofs of the ledger.

Always: a member is reminded once per expiry day and stage; an activity's audience is whom its round reminded.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from members.identity.models import Member
from members.notifications.models import Notification
from members.segments.models import Segment
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
    """What the shop offers to whom a round reminded, until their points expire."""

    round = models.ForeignKey(
        ReminderRound, models.PROTECT, related_name="activities", verbose_name=_("expiry reminder")
    )
    segment = models.ForeignKey(Segment, models.PROTECT, related_name="+", verbose_name=_("segment"))
    rule = models.ForeignKey(EarningRule, models.PROTECT, related_name="+", verbose_name=_("earning rule"))
    members = models.PositiveIntegerField(_("members"))
    actor = models.CharField(_("by"), max_length=80)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("linked activity")
        verbose_name_plural = _("linked activities")

    def __str__(self) -> str:
        return str(self.rule)


class LedgerProof(models.Model):
    """What the ledger was on a night, and whether entries, lots and accounts agreed."""

    at = models.DateTimeField(_("time"))
    members = models.PositiveIntegerField(_("members"))
    available = models.BigIntegerField(_("available"))
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
