"""Orders that were paid, shipped and received, and after-sales of them; the gateway's word is given by hand."""

from collections.abc import Mapping
from itertools import count
from typing import Any

from django.db.models import QuerySet

from logistics.carriers.models import Carrier
from logistics.network.models import Warehouse
from logistics.network.tests.factories import make_warehouse
from logistics.network.tests.factories import stock as receive
from logistics.shipments.models import Shipment
from logistics.shipments.services import record_tracking, ship
from logistics.shipments.tests.factories import event
from members.identity.models import Member
from orders.after_sales import services
from orders.after_sales.invariants import LAWS
from orders.after_sales.models import AfterSale, Kind, Reason
from orders.after_sales.services import Wanted, Wish
from orders.checkout.invariants import LAWS as ORDER_LAWS
from orders.checkout.locks import lock_order
from orders.checkout.models import Order
from orders.checkout.services.confirmation import confirm_paid
from orders.checkout.tests.making import buyer, ordered
from orders.payments.gateways.base import GatewayRefund, GatewayRefundState
from orders.payments.invariants import LAWS as PAYMENT_LAWS
from orders.payments.models import Payment, Refund, RefundStatus
from orders.payments.services.refunding import record_refund
from shop.catalog.models import Sku
from shop.core import clock, outbox
from shop.core.actors import Actor
from shop.core.models import OutboxEntry
from shop.core.transactions import unit_of_work

CLERK, BOSS = Actor.staff("clerk"), Actor.staff("boss")
NETWORK = "orders.payments.subscribers.send_to_gateway"
_numbers = count(1)


def settle_payment(order: Order) -> Order:
    """Paid in full, by one payment where there is money to pay."""
    now = clock.now()
    with unit_of_work():
        Payment.objects.create(
            number=f"PAY{order.pk}",
            order=order,
            method="wechat" if order.payable_fen else "balance_free",
            status="succeeded",
            amount_fen=order.payable_fen,
            settles_order=True,
            transaction_id=f"T{order.pk}",
            created_at=now,
            succeeded_at=now,
        )
        confirm_paid(order=lock_order(number=order.number), actor=Actor.gateway("wechat"), now=now)
    order.refresh_from_db()
    return order


def paid(member: Member, *wanted: tuple[Sku, int]) -> Order:
    """Paid by `member`, nothing delivered of the outbox yet."""
    return settle_payment(ordered(buyer(member), *wanted))


def stocked(*skus: Sku, units: int = 20) -> Warehouse:
    """So many units of each in one warehouse."""
    warehouse = make_warehouse()
    receive(warehouse, {sku.pk: units for sku in skus})
    return warehouse


def deliver_facts() -> None:
    """Run what the outbox holds and what that publishes in turn, but for calls to the gateway."""
    while True:
        due = OutboxEntry.objects.filter(status="pending").exclude(subscriber=NETWORK).order_by("pk")
        if not outbox.deliver(entry_ids=list(due.values_list("pk", flat=True))):
            return


def send_parcels(number: str, among: QuerySet[Shipment] | None = None) -> None:
    """Everything that is allocated to the number leaves, or what is `among` these."""
    deliver_facts()
    carrier, _made = Carrier.objects.get_or_create(code="ZTO", defaults={"name": "ZTO"})
    waiting = Shipment.objects.all() if among is None else among
    for parcel in waiting.filter(order_number=number, shipped_at=None).exclude(status="cancelled"):
        tracking_number = f"ZTO{next(_numbers):013d}"
        ship(
            shipment_number=parcel.number,
            tracking_number=tracking_number,
            carrier_id=carrier.pk,
            actor=CLERK,
            now=clock.now(),
        )
    deliver_facts()


def bring_parcels(number: str) -> None:
    """Everything that was sent under the number arrives."""
    for parcel in Shipment.objects.filter(order_number=number, delivered_at=None).exclude(shipped_at=None):
        record_tracking(tracking_number=parcel.tracking_number, events=[event("delivered", hours=1)], now=clock.now())
    deliver_facts()


def delivered(member: Member, *wanted: tuple[Sku, int]) -> Order:
    """Paid, shipped and delivered."""
    order = paid(member, *wanted)
    send_parcels(order.number)
    bring_parcels(order.number)
    order.refresh_from_db()
    assert order.status == "delivered"
    return order


def wish(order: Order, units: Mapping[int, int] | None = None, *, kind: Kind = Kind.RETURN, **more: Any) -> Wish:
    """Of the order's lines, by position; one unit of the first without."""
    lines = {line.position: line.pk for line in order.lines.all()}
    wanted = [Wanted(lines[position], count) for position, count in (units or {0: 1}).items()]
    return Wish(kind=kind, lines=wanted, reason=more.pop("reason", Reason.UNWANTED), **more)


def ask(order: Order, units: Mapping[int, int] | None = None, **more: Any) -> AfterSale:
    return services.ask(
        number=order.number, wish=wish(order, units, **more), actor=Actor.member(order.member_id), now=clock.now()
    )


def sent_back(after_sale: AfterSale) -> AfterSale:
    """Approved, and the goods are on their way."""
    number = after_sale.number
    services.approve(number=number, actor=CLERK, now=clock.now())
    return services.record_return_shipment(
        number=number, carrier="顺丰", tracking_number="SF1234567890", actor=CLERK, now=clock.now()
    )


def received(after_sale: AfterSale, sound: Mapping[int, int], damaged: Mapping[int, int] | None = None) -> AfterSale:
    """Came back and was looked at: units by position."""
    broken = damaged or {}
    counts = {
        line.order_line_id: (sound.get(line.order_line.position, 0), broken.get(line.order_line.position, 0))
        for line in after_sale.lines.select_related("order_line")
    }
    return services.receive_goods(number=after_sale.number, received=counts, actor=CLERK, now=clock.now())


def money_arrives(after_sale: AfterSale, state: GatewayRefundState = GatewayRefundState.SUCCEEDED) -> None:
    """The gateway says so of every refund of it that has not succeeded."""
    refunds = Refund.objects.filter(reference=after_sale.number).exclude(status=RefundStatus.SUCCEEDED)
    for refund in refunds.select_related("payment"):
        told = GatewayRefund(
            number=refund.number,
            payment_number=refund.payment.number,
            state=state,
            raw_state=state.value.upper(),
            amount_fen=refund.amount_fen,
            payment_amount_fen=refund.payment.amount_fen,
            refund_id=f"5{refund.pk}",
        )
        record_refund(told=told, now=clock.now())
    deliver_facts()
    after_sale.refresh_from_db()


def assert_lawful() -> None:
    """Every law of orders, money and after-sales holds."""
    assert [law() for law in (*ORDER_LAWS, *PAYMENT_LAWS, *LAWS) if law()] == []
