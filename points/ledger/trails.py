"""Points by hand: who asked for them, and who decided."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from points.ledger.models import ManualGrant
from shop.core.actors import actor_in_words
from shop.core.audit import Deed, Trail, address_of

WAITING = ManualGrant.Status.WAITING


def _object(grant: ManualGrant) -> str:
    return f"{grant.member} {grant.points:+,}"


def _asked(grant: ManualGrant, known: Any) -> Deed:
    # What the limit let through was booked at once, by who asked for it.
    at_once = not grant.decided_by and grant.status != WAITING
    return Deed(
        at=grant.requested_at,
        actor=actor_in_words(grant.requested_by),
        what=_("Asked for points by hand"),
        object=_object(grant),
        link=address_of(ManualGrant, grant.pk),
        after=grant.get_status_display() if at_once else WAITING.label,
        reason=grant.reason,
    )


def _decided(grant: ManualGrant, known: Any) -> Deed:
    return Deed(
        at=grant.decided_at or grant.requested_at,
        actor=actor_in_words(grant.decided_by),
        what=_("Decided on points by hand"),
        object=_object(grant),
        link=address_of(ManualGrant, grant.pk),
        before=WAITING.label,
        after=grant.get_status_display(),
        reason=grant.reason,
    )


TRAILS = (
    Trail(
        name="grant",
        label=_("Points by hand, asked for"),
        permission="ledger.view_manualgrant",
        rows=lambda: ManualGrant.objects.select_related("member"),
        at="requested_at",
        by="requested_by",
        number="reference",
        present=_asked,
    ),
    Trail(
        name="grant.decided",
        label=_("Points by hand, decided"),
        permission="ledger.view_manualgrant",
        rows=lambda: ManualGrant.objects.filter(decided_at__isnull=False).select_related("member"),
        at="decided_at",
        by="decided_by",
        number="reference",
        present=_decided,
    ),
)
