"""Laws of lotteries on live data."""

from django.db.models import CharField, Count, Exists, F, IntegerField, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Cast, Coalesce, Concat

from promotions.lottery.models import (
    PUT_BACK,
    ChanceAccount,
    ChanceEntry,
    Draw,
    Lottery,
    OddsVersion,
    Prize,
    Win,
    WinStatus,
)
from promotions.lottery.odds import digest_of, odds_in
from promotions.lottery.services.keeping import reference_of
from shop.catalog.models import StockReservation

SHOWN = 20


def balances_are_their_entries() -> list[str]:
    mine = ChanceEntry.objects.filter(lottery=OuterRef("lottery"), member=OuterRef("member")).order_by()
    summed = Subquery(mine.values("lottery").annotate(n=Sum("amount")).values("n"), output_field=IntegerField())
    made = Draw.objects.filter(lottery=OuterRef("lottery"), member=OuterRef("member")).order_by()
    counted = Subquery(made.values("lottery").annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    rows = ChanceAccount.objects.annotate(summed=Coalesce(summed, 0), made=Coalesce(counted, 0))
    wrong = rows.exclude(balance=F("summed"), draws=F("made")).order_by("pk")
    return [
        f"lottery {row.lottery_id}, member {row.member_id}: {row.balance} chances, {row.summed} in entries; "
        f"{row.draws} draws, {row.made} made"
        for row in wrong[:SHOWN]
    ]


def prizes_are_counted_as_they_were_won() -> list[str]:
    standing = Win.objects.filter(prize=OuterRef("pk")).exclude(status__in=PUT_BACK).order_by()
    counted = Subquery(standing.values("prize").annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    limited = Prize.objects.filter(Q(stock__isnull=False) | Q(per_day__isnull=False))
    wrong = limited.annotate(counted=Coalesce(counted, 0)).exclude(won=F("counted")).order_by("pk")
    return [f"prize {row.pk}: {row.won} given, {row.counted} with winners" for row in wrong[:SHOWN]]


def budgets_count_what_was_won() -> list[str]:
    standing = Draw.objects.filter(lottery=OuterRef("pk")).exclude(win__status__in=PUT_BACK).order_by()
    spent = Subquery(
        standing.values("lottery").annotate(n=Sum("win__cost_fen")).values("n"), output_field=IntegerField()
    )
    rows = Lottery.objects.filter(budget_fen__isnull=False).exclude(status="draft")
    wrong = rows.annotate(won_fen=Coalesce(spent, 0)).exclude(spent_fen=F("won_fen")).order_by("pk")
    return [f"lottery {row.pk}: {row.spent_fen} fen spent, {row.won_fen} won" for row in wrong[:SHOWN]]


def codes_are_of_those_who_won_them() -> list[str]:
    """As many codes as the prize has, one for each that was won."""
    codes = Prize.objects.filter(kind=Prize.Kind.CODE).annotate(
        there=Count("codes"), theirs=Count("codes", filter=Q(codes__win__isnull=False))
    )
    wrong = codes.exclude(stock=F("there"), won=F("theirs")).order_by("pk")
    return [
        f"prize {row.pk}: {row.stock} in stock, {row.there} codes; {row.won} given, {row.theirs} with winners"
        for row in wrong[:SHOWN]
    ]


def draws_follow_the_published_odds() -> list[str]:
    """Every published document is the one that was hashed, and every number stands for the prize that was drawn."""
    found = []
    for version in OddsVersion.objects.order_by("pk").iterator():
        if digest_of(version.document) != version.digest:
            found.append(f"odds {version.pk}: the document is not the one that was hashed")
        odds = odds_in(version.document)
        drawn = Draw.objects.filter(odds=version).values_list("pk", "value", "total", "drawn")
        found += [
            f"draw {pk}: {value} of {total} is not prize {prize}"
            for pk, value, total, prize in drawn.iterator()
            if total != odds.total or odds.drawn(value) != prize
        ]
    return found[:SHOWN]


def goods_are_kept_for_those_who_have_won_them() -> list[str]:
    """What is ordered is held by its order, and for what has expired nothing is."""
    kept = reference_of(0).removesuffix("0")
    waiting = Win.objects.filter(status=WinStatus.WAITING, prize__sku=OuterRef("sku"))
    named = waiting.alias(named=Concat(Value(kept), Cast("pk", CharField()))).filter(named=OuterRef("reference"))
    wrong = StockReservation.objects.filter(reference__startswith=kept).exclude(Exists(named), quantity=1)
    return [f"{row.reference} keeps {row.quantity} of SKU {row.sku_id}" for row in wrong.order_by("pk")[:SHOWN]]


LAWS = (
    balances_are_their_entries,
    prizes_are_counted_as_they_were_won,
    budgets_count_what_was_won,
    codes_are_of_those_who_won_them,
    draws_follow_the_published_odds,
    goods_are_kept_for_those_who_have_won_them,
)
