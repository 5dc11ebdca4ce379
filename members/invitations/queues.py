"""Invitations that look dishonest, held until somebody has looked at them."""

from django.utils.translation import gettext_lazy as _

from members.invitations.models import Invitation
from shop.core.queues import Queue

QUEUES = (
    Queue(
        name="invitations.held",
        label=_("Held invitations"),
        permission="invitations.change_invitation",
        waiting=lambda now: [Invitation.objects.filter(review=Invitation.Review.HELD)],
        since="registered_at",
        page="invitations_invitation_changelist",
        where="review__exact=held",
        icon="person_alert",
    ),
)
