from members.identity.models import Member
from promotions.flash_sale.tests.making import HOUR, live_item
from shop.catalog.tests.factories import SkuFactory
from tests.access import Door, Thing, Who


def coming_item(owner: Member) -> Thing:
    row = live_item(SkuFactory(price_fen=10_000, stock=20), starts_in=HOUR)
    return Thing({"item_id": row.pk}, row)


DOORS = (
    Door("GET", "flash-sales", Who.ANYBODY),
    Door(
        "POST",
        "flash-sales/items/<int:item_id>/remind",
        thing=coming_item,
        not_yours=False,
        read_only=("item_id", "asked_at", "member_id"),
    ),
    Door("DELETE", "flash-sales/items/<int:item_id>/remind", thing=coming_item, not_yours=False),
)
