"""Laws of the catalogue on live data."""

from datetime import timedelta

from django.db.models import Count, F, Min, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from shop.catalog.models import Product, Sku, SkuStock, StockReservation
from shop.core import clock

SHOWN = 20
RELEASE_GRACE = timedelta(minutes=10)


def every_sku_has_stock() -> list[str]:
    codes = Sku.objects.filter(stock__isnull=True).values_list("code", flat=True)[:SHOWN]
    return [f"SKU {code} has no stock row" for code in codes]


def stock_is_never_negative() -> list[str]:
    rows = SkuStock.objects.filter(Q(available__lt=0) | Q(reserved__lt=0)).values_list(
        "sku__code", "available", "reserved"
    )
    return [f"SKU {code}: available {available}, reserved {reserved}" for code, available, reserved in rows[:SHOWN]]


def reserved_is_the_sum_of_reservations() -> list[str]:
    held = (
        StockReservation.objects.filter(sku_id=OuterRef("sku_id"))
        .order_by()
        .values("sku_id")
        .annotate(n=Sum("quantity"))
    )
    rows = (
        SkuStock.objects.annotate(held=Coalesce(Subquery(held.values("n")), 0))
        .exclude(reserved=F("held"))
        .values_list("sku__code", "reserved", "held")
    )
    return [f"SKU {code}: reserved {reserved}, reservations {held}" for code, reserved, held in rows[:SHOWN]]


def no_reservation_outlives_its_time() -> list[str]:
    overdue = StockReservation.objects.filter(expires_at__lt=clock.now() - RELEASE_GRACE)
    rows = overdue.order_by("expires_at").values_list("reference", "expires_at")
    return [
        f"{reference} holds stock since it expired at {expired:%Y-%m-%d %H:%M:%S}"
        for reference, expired in rows[:SHOWN]
    ]


def lists_know_the_lowest_price() -> list[str]:
    rows = (
        Product.objects.annotate(lowest=Coalesce(Min("skus__price_fen", filter=Q(skus__is_active=True)), 0))
        .exclude(min_price_fen=F("lowest"))
        .values_list("code", "min_price_fen", "lowest")
    )
    return [
        f"product {code}: lists sort by {kept} fen, lowest price {lowest} fen" for code, kept, lowest in rows[:SHOWN]
    ]


def lists_know_what_is_in_stock() -> list[str]:
    sold = Q(skus__is_active=True, skus__stock__available__gt=F("skus__stock__safety_stock"))
    rows = (
        Product.objects.annotate(counted=Count("skus", filter=sold))
        .exclude(skus_in_stock=F("counted"))
        .values_list("code", "skus_in_stock", "counted")
    )
    return [f"product {code}: {kept} SKUs in stock kept, {counted} counted" for code, kept, counted in rows[:SHOWN]]


LAWS = (
    every_sku_has_stock,
    stock_is_never_negative,
    reserved_is_the_sum_of_reservations,
    no_reservation_outlives_its_time,
    lists_know_the_lowest_price,
    lists_know_what_is_in_stock,
)
