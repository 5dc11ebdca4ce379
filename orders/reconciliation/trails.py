"""How differences with bills were explained, and by whom."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from orders.reconciliation.models import Difference, DifferenceEvent
from shop.core.actors import actor_in_words
from shop.core.audit import Deed, Trail, address_of


def _of_event(event: DifferenceEvent, known: Any) -> Deed:
    return Deed(
        at=event.happened_at,
        actor=actor_in_words(event.actor),
        what=_("Moved"),
        object=str(event.difference),
        link=address_of(Difference, event.difference_id),
        after=event.get_state_display(),
        reason=event.reason,
    )


TRAILS = (
    Trail(
        name="difference",
        label=_("Differences with bills"),
        permission="reconciliation.view_difference",
        rows=lambda: DifferenceEvent.objects.select_related("difference"),
        at="happened_at",
        by="actor",
        number="difference__number",
        present=_of_event,
    ),
)
