from members.identity.models import Member
from orders.after_sales import services
from orders.after_sales.models import Kind
from orders.after_sales.tests.making import CLERK, ask, paid, stocked
from orders.checkout.models import Order
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from tests.access import Door, Thing


def order(owner: Member) -> Thing:
    sku = SkuFactory(price_fen=1_000, stock=0)
    stocked(sku)
    row = paid(owner, (sku, 1))
    row.refresh_from_db()
    return Thing({"number": row.number}, row)


def after_sale(owner: Member) -> Thing:
    row = ask(Order.objects.get(number=order(owner).address["number"]), kind=Kind.REFUND)
    row.refresh_from_db()
    return Thing({"number": row.number}, row)


def approved(owner: Member) -> Thing:
    """The goods have left before it was approved, so that they come back first."""
    row = services.turn_into_return(number=after_sale(owner).address["number"], actor=CLERK, now=clock.now())
    row.refresh_from_db()
    return Thing({"number": row.number}, row)


ASKED = b'{"kind": "refund", "lines": [{"line_id": 1, "quantity": 1}], "reason": "unwanted"}'
AMOUNTS = ("status", "refund_fen", "refund_points", "number", "member_id", "approved_by", "policy")

DOORS = (
    Door("POST", "orders/<number:number>/after-sales/preview", thing=order, body=ASKED, read_only=AMOUNTS),
    Door("POST", "orders/<number:number>/after-sales", thing=order, body=ASKED, read_only=AMOUNTS),
    Door("GET", "after-sales"),
    Door("GET", "after-sales/<number:number>", thing=after_sale),
    Door(
        "POST",
        "after-sales/<number:number>/return-shipment",
        thing=approved,
        body=b'{"carrier": "SF", "tracking_number": "SF1234567890"}',
        read_only=("status", "received_at", "warehouse"),
    ),
    Door("POST", "after-sales/<number:number>/cancel", thing=after_sale, read_only=("status", "answer")),
)
