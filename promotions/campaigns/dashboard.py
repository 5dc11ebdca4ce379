"""Campaigns on the operator's home: how many act, and what they have given."""

from django.db.models import Count, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from promotions.campaigns.mechanisms import campaign_models
from promotions.campaigns.models import CampaignStatus
from shop.core.dashboard import Figure, FiguresPanel
from shop.core.money import yuan

SHOWN = (CampaignStatus.RUNNING, CampaignStatus.SCHEDULED, CampaignStatus.PAUSED, CampaignStatus.DRAFT)


def campaigns_panel(request: HttpRequest) -> FiguresPanel | None:
    """For those who run campaigns: all mechanisms together, in one question."""
    if not request.user.has_perm("campaigns.change_campaignbundle"):
        return None
    parts = [
        model._default_manager.filter(status__in=SHOWN)
        .order_by()
        .values_list("status")
        .annotate(Count("pk"), Sum("spent_fen"))
        for model in campaign_models()
    ]
    counts, spent_fen = dict.fromkeys(SHOWN, 0), 0
    for status, count, spent in parts[0].union(*parts[1:], all=True):
        counts[CampaignStatus(status)] += count
        spent_fen += spent if status == CampaignStatus.RUNNING else 0
    link = reverse("admin:campaigns_calendar")
    return FiguresPanel(
        title=_("Campaigns"),
        figures=[
            Figure(
                _("Running now"),
                str(counts[CampaignStatus.RUNNING]),
                note=_("{amount} given so far").format(amount=yuan(spent_fen)),
                link=link,
            ),
            Figure(_("Scheduled campaigns"), str(counts[CampaignStatus.SCHEDULED]), link=link),
            Figure(_("Paused campaigns"), str(counts[CampaignStatus.PAUSED]), link=link),
            Figure(_("Drafts of campaigns"), str(counts[CampaignStatus.DRAFT]), link=link),
        ],
    )
