from datetime import timedelta

from members.identity.models import Member
from orders.payments.models import Payment
from orders.payments.tests.factories import make_order
from shop.core import clock
from tests.access import Door, Thing, Who


def order(owner: Member) -> Thing:
    row = make_order(owner, payable_fen=0)
    return Thing({"number": row.number}, row)


def payment(owner: Member) -> Thing:
    row = Payment.objects.create(
        number=f"P{owner.pk}",
        order=make_order(owner),
        method="wechat",
        amount_fen=9900,
        created_at=clock.now() - timedelta(minutes=1),
    )
    return Thing({"number": row.number}, row)


DOORS = (
    Door(
        "POST",
        "orders/<number:number>/payments",
        thing=order,
        body=b'{"method": "balance_free"}',
        read_only=("amount_fen", "number", "status"),
    ),
    Door("POST", "orders/<number:number>/cancel", thing=order, read_only=("status", "reason")),
    Door("GET", "payments/<number:number>", thing=payment),
    Door("POST", "payments/wechat/notify", Who.GATEWAY),
    Door("POST", "payments/wechat/refund-notify", Who.GATEWAY),
    Door("POST", "payments/alipay/notify", Who.GATEWAY),
)
