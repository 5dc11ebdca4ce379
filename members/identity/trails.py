"""Phones that staff changed; shown masked, whoever looks."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from members.identity.models import Member, PhoneChange
from members.identity.phones import mask_phone
from shop.core.actors import actor_in_words
from shop.core.audit import Deed, Trail, address_of


def _of_change(change: PhoneChange, known: Any) -> Deed:
    return Deed(
        at=change.changed_at,
        actor=actor_in_words(change.actor),
        what=_("Changed the phone"),
        object=str(change.member),
        link=address_of(Member, change.member_id),
        before=mask_phone(change.old_phone) if change.old_phone else "–",
        after=mask_phone(change.new_phone) if change.new_phone else "–",
        reason=change.reason,
    )


TRAILS = (
    Trail(
        name="phone",
        label=_("Changes of phones"),
        permission="identity.view_member",
        rows=lambda: PhoneChange.objects.select_related("member"),
        at="changed_at",
        by="actor",
        number="member__phone__endswith",
        present=_of_change,
    ),
)
