"""The demo shop's flash sale: four sessions a day over three days, one of them running, with a price in points."""

from datetime import datetime, timedelta

from promotions.campaigns.services.lifecycle import findings_of, publish_campaign, save_draft
from promotions.flash_sale.models import FlashSale, FlashSaleItem, FlashSaleSession
from shop.catalog.models import Product, Sku
from shop.core.actors import Actor
from shop.core.clock import business_day, day_bounds
from shop.core.transactions import unit_of_work

MANAGER = Actor.staff("operator")
NAME = "灯会整点秒杀"
DAYS, SESSIONS, GOODS = 3, 4, 3
LENGTH = timedelta(hours=6)


def load(*, size: str, now: datetime) -> str:
    if FlashSale.objects.filter(name=NAME).exists():
        return "0 flash sales"
    start, _end = day_bounds(business_day(now))
    goods = list(
        Sku.objects.filter(
            is_active=True,
            product__on_shelf=True,
            product__kind=Product.Kind.GOODS,
            price_fen__gte=5000,
            stock__available__gte=60,
        )
        .select_related("product__category")
        .order_by("-product__sales", "pk")[: GOODS * SESSIONS]
    )
    with unit_of_work():
        sale = FlashSale(name=NAME, starts_at=start, ends_at=start + timedelta(days=DAYS), budget_fen=900_000)
        save_draft(campaign=sale, actor=MANAGER, now=now)
        for number in range(SESSIONS * DAYS):
            _session(sale, start + number * LENGTH, goods[number % SESSIONS :: SESSIONS])
    noted = {each.code for each in findings_of(sale, now=now)}
    publish_campaign(kind=sale.KIND, pk=sale.pk, actor=MANAGER, now=now, noted=noted)
    return f"1 flash sale with {SESSIONS * DAYS} sessions"


def _session(sale: FlashSale, starts_at: datetime, goods: list[Sku]) -> None:
    """Seven tenths of the price; of the last one half of that in points."""
    session = FlashSaleSession.objects.create(sale=sale, starts_at=starts_at, ends_at=starts_at + LENGTH)
    for position, sku in enumerate(goods):
        price_fen = sku.price_fen * 7 // 10 // 100 * 100
        in_points = position == len(goods) - 1
        FlashSaleItem.objects.create(
            session=session,
            sku=sku,
            price_fen=price_fen // 2 if in_points else price_fen,
            points=price_fen // 2 if in_points else 0,
            quota=50,
            limit_per_member=2,
        )
