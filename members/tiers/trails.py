"""Tiers that staff gave or ended by hand."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from members.tiers.models import TierChange
from shop.core.actors import actor_in_words
from shop.core.audit import Deed, Trail, address_of


def _of_change(change: TierChange, known: Any) -> Deed:
    return Deed(
        at=change.changed_at,
        actor=actor_in_words(change.actor),
        what=change.get_reason_display(),
        object=str(change.member),
        link=address_of(TierChange, change.pk),
        before=str(change.from_tier),
        after=str(change.to_tier),
        reason=change.note,
    )


TRAILS = (
    Trail(
        name="tier",
        label=_("Changes of tier"),
        permission="tiers.view_tierchange",
        rows=lambda: TierChange.objects.select_related("member", "from_tier", "to_tier"),
        at="changed_at",
        by="actor",
        number="member__phone__endswith",
        present=_of_change,
    ),
)
