"""Points that one member gives to another.

Always: the points of a transfer that is open are held, each once; it ends once, by the recipient, the sender, the
staff or the clock, and then they are either the recipient's, with the expiry that they had, or back where they were.

A transfer is addressed to a phone, whether or not a member has it: the sender cannot learn that from us, and whoever
comes to have the phone while it is open may accept it.
"""

from collections.abc import Mapping

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members.identity.models import Member


class Transfer(models.Model):
    """`recipient` is known once somebody has answered; until then only the phone is."""

    class Status(models.TextChoices):
        PENDING = "pending", pgettext_lazy("of a transfer", "Waiting for the recipient")
        ACCEPTED = "accepted", pgettext_lazy("of a transfer", "Accepted")
        DECLINED = "declined", pgettext_lazy("of a transfer", "Declined")
        RETURNED = "returned", pgettext_lazy("of a transfer", "Returned: not accepted in time")
        CANCELLED = "cancelled", pgettext_lazy("of a transfer", "Cancelled")

    sender = models.ForeignKey(
        Member, models.PROTECT, related_name="transfers_made", verbose_name=_("sender"), db_index=False
    )
    phone = models.CharField(_("recipient's phone"), max_length=20, blank=True)
    recipient = models.ForeignKey(
        Member,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="transfers_received",
        verbose_name=_("recipient"),
        db_index=False,
    )
    points = models.PositiveIntegerField(_("points"))
    message = models.CharField(_("message"), max_length=60, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    created_at = models.DateTimeField(_("created at"))
    due_at = models.DateTimeField(_("to be accepted before"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    ended_by = models.CharField(_("ended by"), max_length=80, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("transfer of points")
        verbose_name_plural = _("transfers of points")
        constraints = [
            models.CheckConstraint(condition=Q(points__gt=0), name="transfer_of_something"),
            models.CheckConstraint(condition=Q(recipient=None) | ~Q(recipient=F("sender")), name="transfer_to_another"),
            models.CheckConstraint(
                condition=Q(status="pending", ended_at=None) | ~Q(status="pending") & Q(ended_at__isnull=False),
                name="transfer_ends_once",
            ),
            models.CheckConstraint(
                condition=~Q(status="accepted") | Q(recipient__isnull=False), name="transfer_accepted_by_somebody"
            ),
        ]
        indexes = [
            models.Index(fields=["sender", "-id"], name="transfer_by_sender"),
            models.Index(fields=["recipient", "-id"], condition=Q(recipient__isnull=False), name="transfer_received"),
            models.Index(fields=["phone", "-id"], condition=Q(status="pending"), name="transfer_waiting"),
            models.Index(fields=["due_at"], condition=Q(status="pending"), name="transfer_due"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {self.points}"

    @property
    def hold_reference(self) -> str:
        return f"transfer:{self.pk}"


# Nothing happens to a transfer that has ended.
TRANSITIONS: Mapping[str, frozenset[str]] = {
    Transfer.Status.PENDING: frozenset(
        {Transfer.Status.ACCEPTED, Transfer.Status.DECLINED, Transfer.Status.RETURNED, Transfer.Status.CANCELLED}
    ),
}
