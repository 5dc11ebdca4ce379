"""What campaigns spend: counted in the transaction of the order that takes the discount.

A campaign without a budget is not counted here, so that its row does not hold up every order.
"""

from collections.abc import Mapping
from datetime import datetime

from django.db.models import F, Q

from promotions.campaigns.errors import BudgetSpent, CampaignNotLive
from promotions.campaigns.models import Campaign
from promotions.campaigns.queries import live_at


def spend_budgets(*, model: type[Campaign], amounts_fen: Mapping[int, int], now: datetime) -> None:
    """Take each campaign's discount, by campaign id, out of its budget; inside the transaction of the order.

    Raises BudgetSpent, CampaignNotLive; the campaign goes on, because what unpaid orders hold may come back.
    """
    budgeted = model._default_manager.filter(pk__in=amounts_fen, budget_fen__isnull=False).values_list("pk", flat=True)
    for pk in sorted(budgeted):
        fen = amounts_fen[pk]
        fits = model._default_manager.filter(live_at(now), Q(spent_fen__lte=F("budget_fen") - fen), pk=pk)
        if not fits.update(spent_fen=F("spent_fen") + fen):
            campaign = model._default_manager.get(pk=pk)
            raise (BudgetSpent if campaign.is_live(now=now) else CampaignNotLive)(name=campaign.name)


def give_back_budgets(*, model: type[Campaign], amounts_fen: Mapping[int, int]) -> None:
    """What was spent for an order that does not come about. A campaign that has ended stays ended."""
    for pk in sorted(amounts_fen):
        fen = amounts_fen[pk]
        model._default_manager.filter(pk=pk, spent_fen__gte=fen, budget_fen__isnull=False).update(
            spent_fen=F("spent_fen") - fen
        )
