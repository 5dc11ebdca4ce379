"""Whether what a price takes off is still within the budgets that it would be taken from."""

from collections.abc import Collection, Sequence

from django.db.models import F

from promotions.campaigns.models import Campaign
from promotions.discounts.models import SpendOffer, TimedDiscount
from promotions.pricing.model import Adjustment

MODELS: tuple[type[Campaign], ...] = (TimedDiscount, SpendOffer)


def beyond_budget(applied: Sequence[Adjustment], budgeted: Collection[tuple[str, int]]) -> list[Adjustment]:
    """Of what is `applied` that for which less is left; one query for each kind with `budgeted` ones among them."""
    short = []
    for model in MODELS:
        counted = {
            each.id: each
            for each in applied
            if each.id and (each.kind, each.id) in budgeted and each.kind == model.KIND
        }
        if counted:
            left = model._default_manager.filter(pk__in=counted).values_list("pk", F("budget_fen") - F("spent_fen"))
            short += [counted[pk] for pk, fen in left if fen is not None and -counted[pk].amount_fen > fen]
    return short
