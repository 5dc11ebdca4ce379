"""The demo shop's group buy: three friends buy a tea together. The orders of the demo open and complete teams of it."""

from datetime import datetime, timedelta

from promotions.campaigns.services.lifecycle import findings_of, publish_campaign, save_draft
from promotions.group_buy.models import GroupBuy, GroupBuyItem
from shop.catalog.models import Sku
from shop.core.actors import Actor
from shop.core.transactions import unit_of_work

MANAGER = Actor.staff("operator")
NAME = "好茶三人团"
GOODS = 3


def load(*, size: str, now: datetime) -> str:
    if GroupBuy.objects.filter(name=NAME).exists():
        return "0 group buys"
    tea = Sku.objects.filter(product__category__slug="tea", product__on_shelf=True, is_active=True).order_by(
        "product__sales", "pk"
    )
    with unit_of_work():
        group_buy = GroupBuy(
            name=NAME,
            size=3,
            hours=24,
            limit_per_member=5,
            units_per_order=2,
            budget_fen=1_000_000,
            starts_at=now - timedelta(days=2),
            ends_at=now + timedelta(days=20),
        )
        save_draft(campaign=group_buy, actor=MANAGER, now=now)
        for sku in tea.order_by("product__sales", "pk")[:GOODS]:
            price_fen = max(sku.price_fen * 7 // 10 // 100 * 100, 100)
            GroupBuyItem.objects.create(
                group_buy=group_buy, sku=sku, price_fen=price_fen, leader_price_fen=price_fen * 9 // 10 // 10 * 10
            )
    noted = {each.code for each in findings_of(group_buy, now=now)}
    publish_campaign(kind=GroupBuy.KIND, pk=group_buy.pk, actor=MANAGER, now=now, noted=noted)
    return "1 group buy"
