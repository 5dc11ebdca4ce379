"""Laws of presales on live data."""

from django.db.models import F, IntegerField, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from promotions.campaigns.models import PUBLISHED
from promotions.presale.models import Presale, PresaleItem, PresaleTally, PresaleUse

SHOWN = 20


def items_count_what_was_taken() -> list[str]:
    used = PresaleUse.objects.filter(item=OuterRef("pk"), released_at=None).order_by().values("item")
    sums = Subquery(used.annotate(n=Sum("units")).values("n"), output_field=IntegerField())
    wrong = PresaleItem.objects.annotate(used=Coalesce(sums, 0)).exclude(taken=F("used")).order_by("pk")
    return [f"presale item {row.pk}: {row.taken} taken, {row.used} in uses" for row in wrong[:SHOWN]]


def tallies_count_what_members_took() -> list[str]:
    used = PresaleUse.objects.filter(item=OuterRef("item"), member=OuterRef("member"), released_at=None)
    sums = used.order_by().values("item").annotate(n=Sum("units")).values("n")
    wrong = PresaleTally.objects.annotate(used=Coalesce(Subquery(sums), 0)).exclude(units=F("used")).order_by("pk")
    return [
        f"member {row.member_id}: {row.units} units of presale item {row.item_id}, {row.used} in uses"
        for row in wrong[:SHOWN]
    ]


def budgets_count_what_was_taken_off() -> list[str]:
    used = PresaleUse.objects.filter(item__presale=OuterRef("pk"), released_at=None).order_by()
    sums = used.values("item__presale").annotate(n=Sum("discount_fen")).values("n")
    rows = Presale.objects.filter(budget_fen__isnull=False, status__in=PUBLISHED)
    wrong = rows.annotate(used=Coalesce(Subquery(sums), 0)).exclude(spent_fen=F("used")).order_by("pk")
    return [f"presale {row.pk}: {row.spent_fen} fen spent, {row.used} in uses" for row in wrong[:SHOWN]]


LAWS = (items_count_what_was_taken, tallies_count_what_members_took, budgets_count_what_was_taken_off)
