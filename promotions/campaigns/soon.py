"""Campaigns that begin or end in the coming days."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from promotions.campaigns.models import PUBLISHED, CampaignStatus

SOON_DAYS = 7
SOON: Mapping[str, Any] = {
    "starting": _("Campaigns that start within 7 days"),
    "ending": _("Campaigns that end within 7 days"),
}


def soon_at(what: str, *, now: datetime) -> Q:
    """Which campaigns these are; all of them for any other word."""
    until = now + timedelta(days=SOON_DAYS)
    if what == "starting":
        return Q(status=CampaignStatus.SCHEDULED, starts_at__gte=now, starts_at__lt=until)
    return Q(status__in=PUBLISHED, ends_at__gte=now, ends_at__lt=until) if what == "ending" else Q()
