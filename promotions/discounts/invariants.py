"""Laws of discounts on live data."""

from typing import Any

from django.db.models import F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from promotions.campaigns.models import PUBLISHED
from promotions.discounts.models import (
    DiscountUse,
    MemberTally,
    SpendOffer,
    SpendOfferTier,
    TimedDiscount,
    TimedDiscountItem,
)

SHOWN = 20


def quotas_count_what_was_taken() -> list[str]:
    items = _counted(TimedDiscountItem.objects.filter(quota__isnull=False, discount__status__in=PUBLISHED), "item")
    tiers = _counted(SpendOfferTier.objects.filter(gift_quota__isnull=False, offer__status__in=PUBLISHED), "tier")
    return [
        f"discounted goods {row.pk}: {row.taken} taken, {row.used} in uses"
        for row in items.exclude(taken=F("used"))[:SHOWN]
    ] + [
        f"tier {row.pk}: {row.gifts_given} gifts given, {row.used} in uses"
        for row in tiers.exclude(gifts_given=F("used"))[:SHOWN]
    ]


def tallies_count_what_members_took() -> list[str]:
    used = DiscountUse.objects.filter(item=OuterRef("item"), member=OuterRef("member"), released_at=None)
    sums = used.order_by().values("item").annotate(n=Sum("units")).values("n")
    rows = MemberTally.objects.filter(item__limit_per_member__isnull=False, item__discount__status__in=PUBLISHED)
    wrong = rows.annotate(used=Coalesce(Subquery(sums), 0)).exclude(units=F("used"))
    return [
        f"member {row.member_id}: {row.units} units of item {row.item_id}, {row.used} in uses" for row in wrong[:SHOWN]
    ]


def budgets_count_what_was_given() -> list[str]:
    found = []
    for model in (TimedDiscount, SpendOffer):
        used = DiscountUse.objects.filter(kind=model.KIND, campaign_id=OuterRef("pk"), released_at=None).order_by()
        sums = used.values("campaign_id").annotate(n=Sum("cost_fen")).values("n")
        rows = model._default_manager.filter(Q(budget_fen__isnull=False), status__in=PUBLISHED)
        wrong = rows.annotate(used=Coalesce(Subquery(sums), 0)).exclude(spent_fen=F("used"))
        found += [f"{model.KIND} {row.pk}: {row.spent_fen} fen spent, {row.used} in uses" for row in wrong[:SHOWN]]
    return found


LAWS = (quotas_count_what_was_taken, tallies_count_what_members_took, budgets_count_what_was_given)


def _counted(rows: QuerySet[Any], by: str) -> QuerySet[Any]:
    used = DiscountUse.objects.filter(**{by: OuterRef("pk")}, released_at=None).order_by()
    sums = used.values(by).annotate(n=Sum("units")).values("n")
    return rows.annotate(used=Coalesce(Subquery(sums, output_field=IntegerField()), 0))
