"""Campaigns of all mechanisms that wait for somebody else's approval, and what the calendar brings next."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from promotions.campaigns.mechanisms import campaign_models
from promotions.campaigns.models import Campaign, CampaignStatus
from promotions.campaigns.soon import SOON, soon_at
from shop.core.queues import Queue

FIELDS = {"starting": "starts_at", "ending": "ends_at"}
ICONS = {"starting": "event_upcoming", "ending": "event_busy"}


def _in_all(what: str) -> Callable[[datetime], Sequence[QuerySet[Any]]]:
    return lambda now: [model._default_manager.filter(soon_at(what, now=now)) for model in campaign_models()]


def _soon(what: str) -> Queue:
    return Queue(
        name=f"campaigns.{what}",
        label=SOON[what],
        permission="campaigns.change_campaignbundle",
        waiting=_in_all(what),
        since=FIELDS[what],
        page="campaigns_calendar",
        where=f"soon={what}",
        icon=ICONS[what],
        is_ahead=True,
    )


def _to_approve(model: type[Campaign]) -> Queue:
    return Queue(
        name=f"campaigns.approve.{model.KIND}",
        label=format_lazy("{}{}", _("To approve: "), model._meta.verbose_name_plural),
        permission=f"{model._meta.app_label}.change_{model._meta.model_name}",
        waiting=lambda now: [model._default_manager.filter(status=CampaignStatus.AWAITING_APPROVAL)],
        since="starts_at",
        page=f"{model._meta.app_label}_{model._meta.model_name}_changelist",
        where="status__exact=awaiting",
        icon="approval",
        is_ahead=True,
    )


QUEUES = (*map(_to_approve, campaign_models()), *map(_soon, SOON))
