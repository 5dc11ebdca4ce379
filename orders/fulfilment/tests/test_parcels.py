"""From payment to delivery: the steps after payment, and an order that follows its parcels whatever comes first."""

from datetime import timedelta
from itertools import permutations

import pytest
from django.db import transaction

from logistics.allocation.models import FulfilmentRequest
from logistics.allocation.services import FulfilmentItem, reduce_fulfilment, send_goods
from logistics.carriers.models import Carrier
from logistics.network.tests.factories import CLERK, GUANGZHOU, HANGZHOU, make_warehouse
from logistics.network.tests.factories import stock as receive
from logistics.shipments.models import Shipment, ShipmentStatus
from logistics.shipments.services import deliver, ship
from logistics.shipments.tests.factories import make_carrier
from members.tiers.models import Tier
from orders.checkout.facts import OrderPaid
from orders.checkout.invariants import waiting_orders_hold_their_stock
from orders.checkout.locks import lock_order
from orders.checkout.models import Order, OrderStatus
from orders.checkout.services.confirmation import confirm_paid
from orders.checkout.services.progress import complete_shipped
from orders.checkout.tests.making import buyer, ordered
from orders.fulfilment.after_payment import AFTER_PAYMENT, give_rewards, request_fulfilment
from orders.fulfilment.services import follow_parcels, mark_allocated
from shop.catalog.models import StockReservation
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock, outbox
from shop.core.actors import Actor
from shop.core.events import receivers, subscriptions
from shop.core.models import OutboxEntry
from shop.core.transactions import unit_of_work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(member):
    return buyer(member)


def pay(order):
    with transaction.atomic():
        confirm_paid(order=lock_order(number=order.number), actor=Actor.gateway("wechat"), now=clock.now())
    order.refresh_from_db()
    return order


def deliver_facts():
    """Run what the outbox holds, and what that publishes in turn."""
    while pending := list(OutboxEntry.objects.filter(status="pending").order_by("pk").values_list("pk", flat=True)):
        if not outbox.deliver(entry_ids=pending):
            break


@pytest.fixture
def split(client):
    """A paid order of two SKUs that lie in two warehouses, allocated and planned as two parcels."""
    tea, cup = SkuFactory(stock=0), SkuFactory(stock=0)
    receive(make_warehouse(HANGZHOU), {tea.pk: 5})
    receive(make_warehouse(GUANGZHOU), {cup.pk: 5})
    order = pay(ordered(client, (tea, 2), (cup, 1)))
    deliver_facts()
    order.refresh_from_db()
    assert order.status == OrderStatus.ALLOCATED
    return order


def report(shipment, status):
    """The courier's word, as the shipments keep it."""
    now = clock.now()
    fields = {"status": status, "shipped_at": now}
    if status == ShipmentStatus.DELIVERED:
        fields["delivered_at"] = now
    Shipment.objects.filter(pk=shipment.pk).update(**fields)


def test_payment_leaves_one_outbox_row_per_step_that_the_order_needs(client):
    order = pay(ordered(client, (SkuFactory(), 1)))
    assert order.status == OrderStatus.PAID
    assert order.paid_fen == order.payable_fen
    steps = OutboxEntry.objects.filter(fact="OrderPaid").values_list("subscriber", flat=True)
    listening = [each.handler for each in subscriptions(OrderPaid)]
    # Goods are sent, not given at once.
    needed = [step for step in listening if step is not give_rewards]
    assert sorted(steps) == sorted(f"{step.__module__}.{step.__name__}" for step in needed)
    # Only what counts orders, above them, may listen without standing in the list.
    assert [step for step in listening if not step.__module__.startswith("analytics.")] == list(AFTER_PAYMENT)


def test_what_needs_no_parcel_is_given_and_not_sent():
    paid = OrderPaid(number="D1", member_id=1, payable_fen=1, at=clock.now(), needs_parcel=False)
    told = [each.handler for each in receivers(paid)]
    assert give_rewards in told
    assert request_fulfilment not in told


def test_after_payment_goods_are_allocated_and_sales_counted_once(client):
    sku = SkuFactory(stock=0)
    receive(make_warehouse(HANGZHOU), {sku.pk: 5})
    order = pay(ordered(client, (sku, 3)))
    deliver_facts()
    OutboxEntry.objects.filter(status="done", fact="OrderPaid").exclude(subscriber__endswith="record_sales").update(
        status="pending"
    )
    deliver_facts()
    order.refresh_from_db()
    sku.product.refresh_from_db()
    assert order.status == OrderStatus.ALLOCATED
    assert sku.product.sales == 3
    assert FulfilmentRequest.objects.get(order_number=order.number).status == "allocated"


def test_warehouses_hear_what_the_goods_are_worth_and_how_soon_the_member_is_served(client):
    Tier.objects.update(priority=7)
    order = pay(ordered(client, (SkuFactory(price_fen=12_300), 2)))
    deliver_facts()
    request = FulfilmentRequest.objects.get(order_number=order.number)
    assert (request.priority, request.lines.get().value_fen) == (7, 12_300)


def test_an_order_is_partly_shipped_then_shipped_then_delivered(split):
    first, second = Shipment.objects.filter(order_number=split.number)
    seen = []
    for shipment, status in [(first, "shipped"), (second, "shipped"), (first, "delivered"), (second, "delivered")]:
        report(shipment, status)
        seen.append(follow_parcels(order_number=split.number, now=clock.now()).status)
    assert seen == ["partly_shipped", "shipped", "shipped", "delivered"]
    assert Order.objects.get(pk=split.pk).delivered_at is not None


def send(shipment, tracking_number):
    carrier, _made = Carrier.objects.get_or_create(code="SF", defaults={"name": "SF"})
    ship(
        shipment_number=shipment.number,
        carrier_id=carrier.pk,
        tracking_number=tracking_number,
        actor=CLERK,
        now=clock.now(),
    )


def test_an_order_that_no_courier_reports_on_completes_itself_but_for_a_parcel_in_trouble(split):
    first, second = Shipment.objects.filter(order_number=split.number)
    send(first, "TYPED-WRONG")
    send(second, "TYPED-WRONG-TOO")
    deliver_facts()
    split.refresh_from_db()
    assert split.status == OrderStatus.SHIPPED
    later = split.shipped_at + timedelta(days=15)
    for trouble in (ShipmentStatus.EXCEPTION, ShipmentStatus.RETURNED):
        Shipment.objects.filter(pk=second.pk).update(status=trouble)
        assert complete_shipped(now=later) == 0
    Shipment.objects.filter(pk=second.pk).update(status=ShipmentStatus.SHIPPED)
    assert complete_shipped(now=later) == 1
    split.refresh_from_db()
    assert (split.status, split.completed_at) == (OrderStatus.COMPLETED, later)


def test_staff_bring_an_order_to_its_delivery_by_hand(split):
    for shipment in Shipment.objects.filter(order_number=split.number):
        send(shipment, f"TYPED-{shipment.pk}")
    deliver_facts()
    for shipment in Shipment.objects.filter(order_number=split.number):
        split.refresh_from_db()
        assert split.status == OrderStatus.SHIPPED
        deliver(shipment_number=shipment.number, now=clock.now())
        deliver_facts()
    split.refresh_from_db()
    assert split.status == OrderStatus.DELIVERED


def test_an_order_does_not_wait_for_units_that_were_taken_out(split):
    first, second = Shipment.objects.filter(order_number=split.number)
    gone = dict(second.lines.values_list("sku_id", "quantity"))
    report(first, ShipmentStatus.SHIPPED)
    assert follow_parcels(order_number=split.number, now=clock.now()).status == OrderStatus.PARTLY_SHIPPED
    with unit_of_work():
        reduce_fulfilment(order_number=split.number, items=gone, now=clock.now())
    deliver_facts()
    split.refresh_from_db()
    assert split.status == OrderStatus.SHIPPED
    report(first, ShipmentStatus.DELIVERED)
    assert follow_parcels(order_number=split.number, now=clock.now()).status == OrderStatus.DELIVERED
    second.refresh_from_db()
    assert second.status == ShipmentStatus.CANCELLED


def test_an_order_of_which_nothing_is_sent_is_not_delivered(split):
    for shipment in Shipment.objects.filter(order_number=split.number):
        with unit_of_work():
            units = dict(shipment.lines.values_list("sku_id", "quantity"))
            reduce_fulfilment(order_number=split.number, items=units, now=clock.now())
    deliver_facts()
    assert follow_parcels(order_number=split.number, now=clock.now()).status == OrderStatus.ALLOCATED
    assert set(Shipment.objects.values_list("status", flat=True)) == {"cancelled"}


@pytest.mark.parametrize("asked_for", [False, True])
def test_a_paid_order_may_lack_what_was_withdrawn_and_nothing_else(client, asked_for):
    sku = SkuFactory(stock=0)
    receive(make_warehouse(HANGZHOU, is_active=False), {sku.pk: 5})
    order = pay(ordered(client, (sku, 3)))
    if asked_for:
        deliver_facts()
    with unit_of_work():
        reduce_fulfilment(order_number=order.number, items={sku.pk: 1}, now=clock.now())
    assert waiting_orders_hold_their_stock() == []
    StockReservation.objects.update(quantity=1)
    assert len(waiting_orders_hold_their_stock()) == 1


def test_goods_that_travel_under_another_number_move_no_order(split):
    sku = SkuFactory(stock=0)
    receive(make_warehouse(HANGZHOU), {sku.pk: 5})
    line = FulfilmentItem(sku_id=sku.pk, quantity=1, weight_g=1, volume_cm3=1)
    with unit_of_work():
        send_goods(reference="AS1", recipient=split.recipient, lines=[line], now=clock.now())
    deliver_facts()
    shipment = Shipment.objects.get(order_number="AS1")
    ship(
        shipment_number=shipment.number,
        tracking_number="MINE1",
        carrier_id=make_carrier().pk,
        actor=CLERK,
        now=clock.now(),
    )
    deliver_facts()
    assert not OutboxEntry.objects.exclude(status="done").exists()
    split.refresh_from_db()
    assert split.status == OrderStatus.ALLOCATED


@pytest.mark.parametrize("order_of_arrival", list(permutations(["allocated", "shipped", "delivered"])), ids="-".join)
def test_messages_may_come_in_any_order_and_twice(client, order_of_arrival):
    sku = SkuFactory(stock=0)
    receive(make_warehouse(HANGZHOU), {sku.pk: 5})
    order = pay(ordered(client, (sku, 1)))
    [step] = OutboxEntry.objects.filter(subscriber__endswith="request_fulfilment").values_list("pk", flat=True)
    outbox.deliver(entry_ids=[step])
    plan = OutboxEntry.objects.filter(subscriber__startswith="logistics.shipments", status="pending")
    outbox.deliver(entry_ids=list(plan.values_list("pk", flat=True)))
    report(Shipment.objects.get(order_number=order.number), ShipmentStatus.DELIVERED)
    for message in [*order_of_arrival, *order_of_arrival]:
        told = mark_allocated if message == "allocated" else follow_parcels
        told(order_number=order.number, now=clock.now())
    order.refresh_from_db()
    assert order.status == OrderStatus.DELIVERED
    history = list(order.events.values_list("status", flat=True))
    assert history == ["pending_payment", "paid", "allocated", "shipped", "delivered"]


@pytest.mark.parametrize("status", [OrderStatus.COMPLETED, OrderStatus.REFUNDED])
def test_late_news_do_not_move_an_order_that_is_done(split, status):
    for shipment in Shipment.objects.filter(order_number=split.number):
        report(shipment, ShipmentStatus.DELIVERED)
    Order.objects.filter(pk=split.pk).update(status=status)
    assert follow_parcels(order_number=split.number, now=clock.now()).status == status
    assert mark_allocated(order_number=split.number, now=clock.now()).status == status


def test_members_see_their_parcels(client, split, django_assert_num_queries):
    first = Shipment.objects.filter(order_number=split.number).first()
    report(first, ShipmentStatus.SHIPPED)
    first.events.create(
        event_id="e1",
        state="picked_up",
        description="已揽收",
        place="杭州",
        happened_at=clock.now(),
        received_at=clock.now(),
    )
    with django_assert_num_queries(5):
        body = client.get(f"/api/v1/orders/{split.number}/shipments").json()
    assert len(body["items"]) == 2
    parcel = next(each for each in body["items"] if each["number"] == first.number)
    assert (parcel["status"], parcel["lines"][0]["quantity"]) == ("shipped", 2)
    assert [(event["state"], event["place"]) for event in parcel["events"]] == [("picked_up", "杭州")]
