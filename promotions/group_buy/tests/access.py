from members.identity.models import Member
from promotions.group_buy.tests.making import make_group_buy, seated, team_of
from shop.catalog.tests.factories import SkuFactory
from tests.access import Door, Thing, Who


def group_buy(owner: Member) -> Thing:
    row = make_group_buy((SkuFactory(), 900))
    return Thing({"group_buy_id": row.pk}, row)


def team(owner: Member) -> Thing:
    sku = SkuFactory(stock=5)
    row = team_of(seated(make_group_buy((sku, 900)), sku, member=owner))
    return Thing({"team_id": row.pk}, row)


DOORS = (
    Door("GET", "group-buys", Who.ANYBODY),
    Door("GET", "group-buys/<int:group_buy_id>", Who.ANYBODY, thing=group_buy),
    Door("GET", "group-buys/<int:group_buy_id>/teams", Who.ANYBODY, thing=group_buy),
    Door("GET", "teams/<int:team_id>", Who.ANYBODY, thing=team),
)
