"""The demo shop's presale: a new harvest with a deposit of ¥10 that counts for ¥20."""

from datetime import datetime, timedelta

from promotions.campaigns.services.lifecycle import findings_of, publish_campaign, save_draft
from promotions.presale.models import Presale, PresaleItem
from shop.catalog.models import Sku
from shop.core.actors import Actor
from shop.core.transactions import unit_of_work

MANAGER = Actor.staff("operator")
NAME = "明前新茶预售"
DAY = timedelta(days=1)
DEPOSIT_FEN, COUNTS_FOR_FEN = 1000, 2000
QUOTA = 20


def load(*, size: str, now: datetime) -> str:
    if Presale.objects.filter(name=NAME).exists():
        return "0 presales"
    tea = Sku.objects.filter(
        product__category__slug="tea", is_active=True, stock__available__gte=QUOTA, price_fen__gte=4 * COUNTS_FOR_FEN
    )
    with unit_of_work():
        presale = Presale(
            name=NAME,
            starts_at=now - DAY,
            ends_at=now + 10 * DAY,
            balance_from=now + 10 * DAY,
            balance_until=now + 13 * DAY,
            ships_at=now + 15 * DAY,
            budget_fen=200_000,
        )
        save_draft(campaign=presale, actor=MANAGER, now=now)
        for sku in tea.order_by("-price_fen", "pk")[:2]:
            PresaleItem.objects.create(
                presale=presale,
                sku=sku,
                price_fen=sku.price_fen,
                deposit_fen=DEPOSIT_FEN,
                expanded_fen=COUNTS_FOR_FEN,
                quota=QUOTA,
                limit_per_member=3,
            )
    noted = {each.code for each in findings_of(presale, now=now)}
    publish_campaign(kind=Presale.KIND, pk=presale.pk, actor=MANAGER, now=now, noted=noted)
    return f"1 presale of {presale.items.count()} goods"
