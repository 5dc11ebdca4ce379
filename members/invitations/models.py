"""Who brought whom. The pair itself is `Member.inviter`, bound at registration; here is what became of it."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from members.identity.models import Member


class Suspicion(models.TextChoices):
    """Why an invitation may not be an honest one."""

    SELF = "self", _("Both are the same person")
    LOOP = "loop", _("They invited each other in a circle")
    DEVICE = "device", _("Same device")
    ADDRESS = "address", _("Same network address")
    PACE = "pace", _("Too many in a day")


class Invitation(models.Model):
    """Always: no reward is announced while it is held or after it was refused, and each at most once."""

    class Review(models.TextChoices):
        CLEAR = "clear", _("Clear")
        HELD = "held", _("Held")
        REFUSED = "refused", _("Refused")

    inviter = models.ForeignKey(Member, models.PROTECT, related_name="invitations", verbose_name=_("invited by"))
    invitee = models.OneToOneField(Member, models.PROTECT, related_name="invitation", verbose_name=_("invited member"))
    registered_at = models.DateTimeField(_("registered at"))
    settled_at = models.DateTimeField(_("first order settled at"), null=True, blank=True)
    order_number = models.CharField(_("first settled order"), max_length=40, blank=True)
    review = models.CharField(_("review"), max_length=10, choices=Review)
    suspicions = models.JSONField(_("suspicions"), default=list, blank=True)
    reviewed_at = models.DateTimeField(_("reviewed at"), null=True, blank=True)
    reviewed_by = models.CharField(_("reviewed by"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.CheckConstraint(condition=~Q(inviter=F("invitee")), name="invitation_of_another"),
        ]
        indexes = [
            models.Index(fields=["inviter", "-id"], name="invitation_by_inviter"),
            models.Index(fields=["-id"], condition=Q(review="held"), name="invitation_held"),
        ]

    def __str__(self) -> str:
        return f"{self.inviter_id} → {self.invitee_id}"
