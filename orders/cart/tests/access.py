from members.identity.models import Member
from orders.cart.models import CartItem
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from tests.access import Door, Thing


def item(owner: Member) -> Thing:
    row = CartItem.objects.create(member=owner, sku=SkuFactory(), quantity=1, added_at=clock.now())
    return Thing({"item_id": row.pk}, row)


DOORS = (
    Door("GET", "cart"),
    Door("DELETE", "cart"),
    Door("POST", "cart/items", read_only=("id", "price_fen", "member_id", "selected")),
    Door("PUT", "cart/items/<int:item_id>", thing=item, read_only=("id", "sku_id", "price_fen", "member_id")),
    Door("DELETE", "cart/items/<int:item_id>", thing=item),
)
