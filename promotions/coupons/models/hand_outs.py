"""The staff gives coupons to many members at once."""

from collections.abc import Mapping

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from members.identity.models import Member
from promotions.campaigns.models import AudienceFields
from promotions.coupons.models.templates import CouponTemplate


class HandOutStatus(models.TextChoices):
    AWAITING_APPROVAL = "awaiting", _("Awaiting approval")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("Cancelled")


TRANSITIONS: Mapping[str, frozenset[str]] = {
    HandOutStatus.AWAITING_APPROVAL: frozenset({HandOutStatus.RUNNING, HandOutStatus.CANCELLED}),
    HandOutStatus.RUNNING: frozenset({HandOutStatus.DONE, HandOutStatus.CANCELLED}),
    HandOutStatus.DONE: frozenset(),
    HandOutStatus.CANCELLED: frozenset(),
}


class HandOut(AudienceFields):
    """One coupon for each of its members, who are written down when it is made: who joins a segment later gets none."""

    template = models.ForeignKey(CouponTemplate, models.PROTECT, related_name="hand_outs", verbose_name=_("template"))
    note = models.CharField(_("note for colleagues"), max_length=200)
    status = models.CharField(_("status"), max_length=10, choices=HandOutStatus)
    member_count = models.PositiveIntegerField(_("members"), default=0)
    given_count = models.PositiveIntegerField(_("given"), default=0)
    refused_count = models.PositiveIntegerField(_("refused"), default=0)
    created_by = models.CharField(_("created by"), max_length=80)
    approved_by = models.CharField(_("approved by"), max_length=80, blank=True)
    created_at = models.DateTimeField(_("created at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("hand-out")
        verbose_name_plural = _("hand-outs")
        indexes = [models.Index(fields=["id"], condition=Q(status="running"), name="hand_out_running")]

    def __str__(self) -> str:
        return f"{self.template_id}: {self.note}"


class HandOutMember(models.Model):
    """`refusal` is the code of why the member got none."""

    hand_out = models.ForeignKey(HandOut, models.CASCADE, related_name="members", verbose_name=_("hand-out"))
    member = models.ForeignKey(Member, models.CASCADE, related_name="+", verbose_name=_("member"))
    is_done = models.BooleanField(_("done"), default=False)
    refusal = models.CharField(_("why not"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("member of a hand-out")
        verbose_name_plural = _("members of a hand-out")
        constraints = [models.UniqueConstraint(fields=["hand_out", "member"], name="hand_out_member_once")]
        indexes = [models.Index(fields=["hand_out", "id"], condition=Q(is_done=False), name="hand_out_to_do")]

    def __str__(self) -> str:
        return f"{self.hand_out_id}: {self.member_id}"
