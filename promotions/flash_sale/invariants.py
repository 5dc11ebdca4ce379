"""Laws of flash sales on live data."""

from django.db.models import F, IntegerField, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from promotions.campaigns.models import PUBLISHED
from promotions.flash_sale.models import FlashSale, FlashSaleItem, FlashSaleTally, FlashSaleUse

SHOWN = 20


def quotas_count_what_was_taken() -> list[str]:
    used = FlashSaleUse.objects.filter(item=OuterRef("pk"), released_at=None).order_by().values("item")
    sums = Subquery(used.annotate(n=Sum("units")).values("n"), output_field=IntegerField())
    wrong = FlashSaleItem.objects.annotate(used=Coalesce(sums, 0)).exclude(taken=F("used"))
    return [f"flash sale item {row.pk}: {row.taken} taken, {row.used} in uses" for row in wrong.order_by("pk")[:SHOWN]]


def tallies_count_what_members_took() -> list[str]:
    used = FlashSaleUse.objects.filter(item=OuterRef("item"), member=OuterRef("member"), released_at=None)
    sums = Subquery(used.order_by().values("item").annotate(n=Sum("units")).values("n"), output_field=IntegerField())
    wrong = FlashSaleTally.objects.annotate(used=Coalesce(sums, 0)).exclude(units=F("used"))
    return [
        f"member {row.member_id}: {row.units} units of flash sale item {row.item_id}, {row.used} in uses"
        for row in wrong.order_by("pk")[:SHOWN]
    ]


def budgets_count_what_was_given() -> list[str]:
    used = FlashSaleUse.objects.filter(item__session__sale=OuterRef("pk"), released_at=None).order_by()
    sums = Subquery(used.values("item__session__sale").annotate(n=Sum("discount_fen")).values("n"))
    published = FlashSale.objects.filter(Q(budget_fen__isnull=False), status__in=PUBLISHED)
    wrong = published.annotate(used=Coalesce(sums, 0)).exclude(spent_fen=F("used"))
    return [f"flash sale {row.pk}: {row.spent_fen} fen spent, {row.used} in uses" for row in wrong[:SHOWN]]


LAWS = (quotas_count_what_was_taken, tallies_count_what_members_took, budgets_count_what_was_given)
