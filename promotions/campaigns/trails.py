"""Steps in the life of campaigns, and what was taken note of."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from promotions.campaigns.mechanisms import mechanism_label, model_of
from promotions.campaigns.models import CampaignEvent
from shop.core.actors import actor_in_words
from shop.core.audit import Deed, Trail, address_of


def _of_event(event: CampaignEvent, known: Any) -> Deed:
    return Deed(
        at=event.happened_at,
        actor=actor_in_words(event.actor),
        what=event.get_action_display(),
        object=f"{mechanism_label(event.kind)} {event.campaign_id}",
        link=address_of(model_of(event.kind), event.campaign_id),
        after=event.finding,
        reason=event.note,
    )


TRAILS = (
    Trail(
        name="campaign",
        label=_("What happened to campaigns"),
        permission="campaigns.view_campaignevent",
        rows=CampaignEvent.objects.all,
        at="happened_at",
        by="actor",
        number="campaign_id__iexact",
        present=_of_event,
    ),
)
