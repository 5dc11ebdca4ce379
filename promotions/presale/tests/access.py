from members.identity.models import Member
from promotions.presale.tests.making import make_item
from shop.catalog.tests.factories import SkuFactory
from tests.access import Door, Thing, Who


def presale(owner: Member) -> Thing:
    row = make_item(SkuFactory(price_fen=9800)).presale
    return Thing({"presale_id": row.pk}, row)


DOORS = (
    Door("GET", "presales", Who.ANYBODY),
    Door("GET", "presales/<int:presale_id>", Who.ANYBODY, thing=presale),
)
