"""The staff stops what members hold of a template, for a while or for good."""

from collections.abc import Mapping

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from promotions.coupons.models.templates import CouponTemplate, Halted


class HaltKind(models.TextChoices):
    SUSPEND = "suspend", _("Suspended for a while")
    RESUME = "resume", _("Usable again")
    VOID = "void", _("Made void for good")


class HaltStatus(models.TextChoices):
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    OVERTAKEN = "overtaken", _("Overtaken by a later one")


# What becomes of the coupons of a template; void is final.
RESULTS: Mapping[str, str] = {
    HaltKind.SUSPEND: Halted.SUSPENDED,
    HaltKind.RESUME: Halted.NO,
    HaltKind.VOID: Halted.VOID,
}
TRANSITIONS: Mapping[str, frozenset[str]] = {
    Halted.NO: frozenset({Halted.SUSPENDED, Halted.VOID}),
    Halted.SUSPENDED: frozenset({Halted.NO, Halted.VOID}),
    Halted.VOID: frozenset(),
}


class Halt(models.Model):
    """It acts at once, through `CouponTemplate.halted`. Telling members, and writing down coupon by coupon what is
    void, follows in batches: `last_coupon_id` is where the last one ended.
    """

    template = models.ForeignKey(CouponTemplate, models.PROTECT, related_name="halts", verbose_name=_("template"))
    kind = models.CharField(_("what"), max_length=8, choices=HaltKind)
    reason = models.CharField(_("reason"), max_length=200, help_text=_("Members read it."))
    tells_members = models.BooleanField(_("tells members"), default=True)
    status = models.CharField(_("status"), max_length=10, choices=HaltStatus, default=HaltStatus.RUNNING)
    coupon_count = models.PositiveIntegerField(_("unused coupons"))
    done_count = models.PositiveIntegerField(_("done"), default=0)
    last_coupon_id = models.BigIntegerField(default=0)
    created_by = models.CharField(_("by"), max_length=80)
    created_at = models.DateTimeField(_("at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("stop of coupons")
        verbose_name_plural = _("stops of coupons")
        constraints = [
            models.UniqueConstraint(fields=["template"], condition=Q(status="running"), name="halt_one_at_a_time")
        ]
        indexes = [models.Index(fields=["id"], condition=Q(status="running"), name="halt_running")]

    def __str__(self) -> str:
        return f"{self.template_id}: {self.get_kind_display()}"
