from members.identity.models import Member
from orders.checkout.models import OrderStatus
from orders.checkout.tests.making import buyer, ordered
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from tests.access import Door, Thing


def order(owner: Member) -> Thing:
    """Shipped, so that its owner may receive it."""
    row = ordered(buyer(owner), (SkuFactory(), 1))
    row.status, row.paid_at, row.paid_fen = OrderStatus.SHIPPED, clock.now(), row.payable_fen
    row.save()
    return Thing({"number": row.number}, row)


PRICES = ("goods_fen", "discount_fen", "freight_fen", "payable_fen", "unit_price_fen", "points_used", "member_id")

DOORS = (
    Door("POST", "checkout/quote", read_only=PRICES),
    Door("GET", "orders"),
    Door("POST", "orders", read_only=(*PRICES, "number", "status", "paid_fen", "expires_at", "staff_remark", "lines")),
    Door("GET", "orders/<number:number>", thing=order),
    Door("POST", "orders/<number:number>/receive", thing=order, read_only=("status", "delivered_at")),
    Door("POST", "orders/<number:number>/buy-again", thing=order, read_only=("quantity", "member_id")),
)
