"""One time that a plan acts, and each of its members.

Always: a member is chosen once in a run, and what they get is given under a reference of the run and the member; those
of the control group get nothing; who is in which part follows from plan and member alone.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from analytics.outreach.models.plans import Plan
from members.identity.models import Member


class RunStatus(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("outreach run", "Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    STOPPED = "stopped", pgettext_lazy("outreach run", "Stopped")
    UNDOING = "undoing", _("Being undone")
    UNDONE = "undone", _("Undone")


class Run(models.Model):
    """`left_out` counts, by reason, those whom the audience holds and the plan does not reach."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="runs", verbose_name=_("plan"))
    due_at = models.DateTimeField(_("due at"))
    status = models.CharField(_("status"), max_length=8, choices=RunStatus, default=RunStatus.WAITING)
    not_before = models.DateTimeField(_("not before"))
    chosen_at = models.DateTimeField(_("began at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    treated = models.PositiveIntegerField(_("to be reached"), default=0)
    control = models.PositiveIntegerField(_("control group"), default=0)
    left_out = models.JSONField(_("left out"), default=dict, blank=True)
    undone_by = models.CharField(_("undone by"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("outreach run")
        verbose_name_plural = _("outreach runs")
        constraints = [
            models.UniqueConstraint(fields=["plan", "due_at"], name="outreach_run_once"),
            models.CheckConstraint(
                condition=Q(status__in=["waiting", "stopped"]) | Q(chosen_at__isnull=False),
                name="outreach_run_has_chosen",
            ),
        ]
        indexes = [
            models.Index(
                fields=["not_before"],
                condition=Q(status__in=["waiting", "running", "undoing"]),
                name="outreach_run_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} · {self.due_at:%Y-%m-%d %H:%M}"


class Arm(models.TextChoices):
    TREATED = "treated", pgettext_lazy("outreach", "Reached")
    CONTROL = "control", _("Control group")


class ContactStatus(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("outreach contact", "Waiting")
    DONE = "done", pgettext_lazy("outreach contact", "Done")
    SKIPPED = "skipped", _("Skipped")
    CANCELLED = "cancelled", _("Cancelled")
    UNDONE = "undone", _("Undone")
    HELD_OUT = "held_out", _("Gets nothing")


class Contact(models.Model):
    """`chosen_at` is when the draw fell, for both parts alike: what is measured is measured from there.

    `reason` says why somebody who was to be reached was not. `coupon_number` and `points` are what was given.
    """

    run = models.ForeignKey(Run, models.CASCADE, related_name="contacts", verbose_name=_("run"), db_index=False)
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+", verbose_name=_("plan"), db_index=False)
    member = models.ForeignKey(Member, models.CASCADE, related_name="+", verbose_name=_("member"), db_index=False)
    arm = models.CharField(_("part"), max_length=7, choices=Arm)
    status = models.CharField(_("status"), max_length=9, choices=ContactStatus)
    reason = models.CharField(_("reason"), max_length=60, blank=True)
    chosen_at = models.DateTimeField(_("chosen at"))
    acted_at = models.DateTimeField(_("reached at"), null=True, blank=True)
    coupon_number = models.CharField(_("coupon"), max_length=40, blank=True)
    points = models.PositiveIntegerField(_("points"), default=0)
    notification_id = models.BigIntegerField(_("message"), null=True, blank=True)

    class Meta:
        verbose_name = _("member of an outreach run")
        verbose_name_plural = _("members of outreach runs")
        constraints = [
            models.UniqueConstraint(fields=["run", "member"], name="outreach_contact_once"),
            models.CheckConstraint(
                condition=Q(arm="control", status="held_out", coupon_number="", points=0, notification_id=None)
                | Q(arm="treated") & ~Q(status="held_out"),
                name="outreach_control_gets_nothing",
            ),
        ]
        indexes = [
            models.Index(fields=["run", "id"], condition=Q(status="waiting"), name="outreach_contact_waiting"),
            models.Index(fields=["plan", "member", "chosen_at"], name="outreach_contact_of_plan"),
            models.Index(fields=["member", "chosen_at"], name="outreach_contact_of_member"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}: {self.member_id}"
