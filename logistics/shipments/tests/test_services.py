from datetime import time, timedelta
from itertools import permutations
from threading import Event
from time import sleep

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from logistics.allocation.errors import AllocationNotOpen, AlreadyShipped
from logistics.allocation.services import FulfilmentItem, cancel_fulfilment, reduce_fulfilment, request_fulfilment
from logistics.allocation.tests.factories import XIHU, fulfil, recipient, reserve
from logistics.allocation.tests.test_services import assert_laws
from logistics.carriers.models import Carrier, CarrierChoice, CarrierRate
from logistics.network.models import StockMovement, WarehouseStock
from logistics.network.tests.factories import CLERK, NOW, make_warehouse, stock
from logistics.shipments.errors import NotShippable, TrackingNumberRequired, TrackingNumberUsed, UnknownShipment
from logistics.shipments.models import Problem, Shipment, ShipmentStatus
from logistics.shipments.planning import plan_shipments
from logistics.shipments.services import cancel_shipments, record_tracking, record_waybill, ship
from logistics.shipments.tests.factories import event, make_carrier, plan, ready
from shop.catalog.tests.factories import make_sku
from shop.core import outbox
from shop.core.models import OutboxEntry
from shop.core.transactions import unit_of_work
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)


def facts(name: str) -> int:
    """Published to the subscribers of logistics itself or, from above, of orders: rows per distinct event."""
    return OutboxEntry.objects.filter(fact=name).values("event_id").distinct().count()


def on_shelf() -> tuple[int, int]:
    row = WarehouseStock.objects.get()
    return row.on_hand, row.allocated


def test_a_planned_parcel_has_a_carrier_and_a_promise():
    shipment = plan()
    # 24 hours of handling and 48 on the road.
    assert shipment.promised_at == NOW + timedelta(hours=72)
    assert (shipment.status, shipment.weight_g, shipment.cost_fen) == (ShipmentStatus.PLANNED, 500, 500)
    with unit_of_work():
        assert plan_shipments(allocation_numbers=[shipment.allocation.number], now=NOW) == []
    assert Shipment.objects.count() == 1


def test_the_promise_of_a_parcel_counts_from_when_its_warehouse_picks():
    tea = make_sku()
    # NOW is noon in Shanghai.
    stock(make_warehouse(pick_cut_off=time(18)), {tea.pk: 1})
    make_carrier()
    assert plan({tea.pk: 1}).promised_at == NOW + timedelta(hours=6 + 72)


@pytest.mark.parametrize(
    ("pick_up_at", "waits"), [(None, 0), (time(12), 0), (time(12, 1), 1), (time(11, 59), 24 * 60 - 1)]
)
def test_what_is_ready_after_its_carrier_came_travels_from_the_next_day(pick_up_at, waits):
    # Allocated at noon in Shanghai, it is ready at noon on the next day.
    Carrier.objects.filter(pk=make_carrier().pk).update(pick_up_at=pick_up_at)
    shipment = plan()
    assert shipment.promised_at == NOW + timedelta(hours=72, minutes=waits)
    (offer,) = CarrierChoice.objects.get(reference=shipment.number).candidates
    assert (offer["waits_minutes"], offer["eta_hours"], offer["rejected"]) == (waits, 48, "")


def test_the_carrier_is_the_one_by_which_the_warehouse_was_chosen():
    """The cheap one takes 200 hours after 24 of handling: 128 too many at 10 fen each. It would save 1,000 only."""
    make_carrier("ZTO", eta_hours=200)
    make_carrier("SF", first_fen=1500)
    shipment = plan()
    (parcel,) = shipment.allocation.decision["parcels"]
    assert (shipment.carrier.code, parcel["carrier"]) == ("SF", "SF")
    by_code = {each["carrier_code"]: each for each in CarrierChoice.objects.get().candidates}
    assert (by_code["ZTO"]["cost_fen"], by_code["ZTO"]["late_fen"], by_code["SF"]["late_fen"]) == (500, 1280, 0)


def test_a_parcel_to_a_remote_city_and_one_worth_too_much_go_with_others():
    tea = make_sku()
    stock(make_warehouse(), {tea.pk: 9})
    cheap, careful = make_carrier("ZTO"), make_carrier("SF", first_fen=1200)
    type(cheap).objects.filter(pk=cheap.pk).update(max_value_fen=1_000)
    # Kangding in Garzê, which ZTO bills apart.
    make_carrier("ZTO", first_fen=5000, destination_province="513300")
    shipments = []
    for code, fen in ((XIHU, 500), (XIHU, 501), ("513301", 500)):
        items = [FulfilmentItem(sku_id=tea.pk, quantity=2, weight_g=100, volume_cm3=0, value_fen=fen)]
        to = {"order_number": reserve({tea.pk: 2}), "recipient": recipient(code)}
        request = request_fulfilment(lines=items, now=NOW, **to)
        with unit_of_work():
            numbers = list(request.allocations.values_list("number", flat=True))
            shipments += plan_shipments(allocation_numbers=numbers, now=NOW)
    assert [each.carrier_id for each in shipments] == [cheap.pk, careful.pk, careful.pk]
    assert [each.cost_fen for each in shipments] == [500, 1200, 1200]


def test_a_parcel_that_nobody_takes_waits_for_a_person():
    make_carrier(max_weight_g=100)
    shipment = plan()
    assert (shipment.carrier, shipment.problem) == (None, Problem.NO_CARRIER)
    with pytest.raises(TrackingNumberRequired):
        ship(shipment_number=shipment.number, tracking_number="X1", actor=CLERK, now=NOW)
    carrier = CarrierRate.objects.get().carrier
    ship(shipment_number=shipment.number, tracking_number="X1", carrier_id=carrier.pk, actor=CLERK, now=NOW)
    shipment.refresh_from_db()
    assert (shipment.status, shipment.problem, shipment.carrier) == (ShipmentStatus.SHIPPED, "", carrier)
    assert_laws()


def test_shipping_takes_the_units_once():
    shipment = ready()
    assert on_shelf() == (5, 1)
    ship(shipment_number=shipment.number, actor=CLERK, now=NOW)
    with pytest.raises(NotShippable):
        ship(shipment_number=shipment.number, actor=CLERK, now=NOW)
    record_tracking(tracking_number=shipment.tracking_number, events=[event("picked_up", hours=1)], now=NOW)
    assert on_shelf() == (4, 0)
    movement = StockMovement.objects.get(kind="shipment")
    assert (movement.quantity, movement.reference) == (-1, shipment.number)
    assert_laws()


def test_a_parcel_without_waybill_ships_with_a_number_of_ones_own():
    shipment = plan()
    with pytest.raises(TrackingNumberRequired):
        ship(shipment_number=shipment.number, actor=CLERK, now=NOW)
    assert on_shelf() == (5, 1)
    ship(shipment_number=shipment.number, tracking_number="MINE1", actor=CLERK, now=NOW)
    late = record_waybill(shipment_number=shipment.number, tracking_number="ZTO9", now=NOW)
    assert (late.tracking_number, late.status) == ("MINE1", ShipmentStatus.SHIPPED)


def test_two_parcels_never_share_a_tracking_number():
    first, second = ready(), plan()
    with pytest.raises(TrackingNumberUsed):
        ship(shipment_number=second.number, tracking_number=first.tracking_number, actor=CLERK, now=NOW)
    second.refresh_from_db()
    assert (second.status, second.tracking_number) == (ShipmentStatus.PLANNED, "")
    assert_laws()


def test_reports_in_any_order_and_repeated_end_alike():
    reports = [event("picked_up", hours=1), event("in_transit", hours=2), event("delivered", hours=9)]
    for arrived in permutations(reports):
        shipment = ready()
        for each in (*arrived, *arrived):
            record_tracking(tracking_number=shipment.tracking_number, events=[each], now=NOW)
        shipment.refresh_from_db()
        assert shipment.status == ShipmentStatus.DELIVERED
        assert shipment.shipped_at is not None
        assert (shipment.delivered_at, shipment.news) == (NOW + timedelta(hours=9), "delivered words")
        assert shipment.events.count() == 3
    assert StockMovement.objects.filter(kind="shipment").count() == 6
    assert_laws()


def test_a_late_report_does_not_move_a_delivered_parcel_back():
    shipment = ready()
    record_tracking(tracking_number=shipment.tracking_number, events=[event("delivered", hours=9)], now=NOW)
    record_tracking(tracking_number=shipment.tracking_number, events=[event("in_transit", hours=10)], now=NOW)
    shipment.refresh_from_db()
    assert (shipment.status, shipment.events.count()) == (ShipmentStatus.DELIVERED, 2)


def test_an_exception_is_over_when_the_parcel_goes_on():
    shipment = ready()
    for each in (event("picked_up", hours=1), event("exception", hours=2)):
        record_tracking(tracking_number=shipment.tracking_number, events=[each], now=NOW)
    shipment.refresh_from_db()
    assert (shipment.status, shipment.news) == (ShipmentStatus.EXCEPTION, "exception words")
    record_tracking(tracking_number=shipment.tracking_number, events=[event("out_for_delivery", hours=3)], now=NOW)
    shipment.refresh_from_db()
    assert shipment.status == ShipmentStatus.SHIPPED


def test_an_unknown_state_is_left_out():
    shipment = ready()
    record_tracking(tracking_number=shipment.tracking_number, events=[event("teleported", hours=1)], now=NOW)
    shipment.refresh_from_db()
    assert (shipment.status, shipment.events.count()) == (ShipmentStatus.READY, 0)


def test_a_tracking_number_that_is_not_ours_is_refused():
    with pytest.raises(UnknownShipment):
        record_tracking(tracking_number="NOBODYS", events=[event("picked_up", hours=1)], now=NOW)


def test_a_waybill_that_the_courier_cancelled_is_shown():
    shipment = ready()
    record_tracking(tracking_number=shipment.tracking_number, events=[event("cancelled", hours=1)], now=NOW)
    shipment.refresh_from_db()
    assert (shipment.status, shipment.problem) == (ShipmentStatus.READY, Problem.WAYBILL_CANCELLED)


def test_a_cancelled_order_voids_its_waybill_and_cannot_be_shipped():
    shipment = ready()
    cancel_fulfilment(order_number=shipment.order_number, now=NOW)
    with pytest.raises(AllocationNotOpen):
        ship(shipment_number=shipment.number, actor=CLERK, now=NOW)
    assert cancel_shipments(order_number=shipment.order_number, now=NOW) == 1
    assert facts("WaybillVoided") == 1
    shipment.refresh_from_db()
    assert shipment.status == ShipmentStatus.CANCELLED
    with pytest.raises(NotShippable):
        ship(shipment_number=shipment.number, actor=CLERK, now=NOW)
    assert on_shelf() == (5, 0)
    assert_laws()


def test_a_parcel_picked_up_although_cancelled_is_shown_and_moves_no_stock():
    shipment = ready()
    cancel_fulfilment(order_number=shipment.order_number, now=NOW)
    record_tracking(tracking_number=shipment.tracking_number, events=[event("picked_up", hours=1)], now=NOW)
    shipment.refresh_from_db()
    assert (shipment.status, shipment.problem) == (ShipmentStatus.READY, Problem.PICKED_UP_CANCELLED)
    assert on_shelf() == (5, 0)
    assert_laws()


def test_a_waybill_that_comes_after_the_cancellation_is_voided():
    shipment = plan()
    cancel_fulfilment(order_number=shipment.order_number, now=NOW)
    cancel_shipments(order_number=shipment.order_number, now=NOW)
    record_waybill(shipment_number=shipment.number, tracking_number="ZTO77", now=NOW)
    assert facts("WaybillVoided") == 1


def test_a_reduced_parcel_is_planned_anew_without_the_units_and_its_waybill_voided():
    tea, cup = make_sku().pk, make_sku().pk
    stock(make_warehouse(), {tea: 5, cup: 5})
    old = ready(items={tea: 2, cup: 1})
    with unit_of_work():
        reduce_fulfilment(order_number=old.order_number, items={tea: 1, cup: 1}, now=NOW)
    with pytest.raises(AllocationNotOpen):
        ship(shipment_number=old.number, actor=CLERK, now=NOW)
    pending = OutboxEntry.objects.filter(fact__in=["FulfilmentReduced", "OrderAllocated"], status="pending")
    outbox.deliver(entry_ids=list(pending.values_list("pk", flat=True)))
    old.refresh_from_db()
    assert (old.status, facts("WaybillVoided")) == (ShipmentStatus.CANCELLED, 1)
    new = Shipment.objects.exclude(pk=old.pk).get()
    assert (new.status, new.weight_g, new.recipient) == (ShipmentStatus.PLANNED, 500, old.recipient)
    assert list(new.lines.values_list("sku_id", "quantity")) == [(tea, 1)]
    ship(shipment_number=new.number, tracking_number="MINE7", actor=CLERK, now=NOW)
    moved = StockMovement.objects.filter(kind="shipment").values_list("sku_id", "quantity")
    assert list(moved) == [(tea, -1)]
    assert_laws()


def test_a_parcel_is_not_planned_for_units_that_are_being_taken_out():
    """Planning waits for the reduction, and then finds nothing to plan."""
    make_carrier()
    sku = make_sku().pk
    stock(make_warehouse(), {sku: 5})
    request = fulfil({sku: 1})
    numbers = list(request.allocations.values_list("number", flat=True))
    reduced = Event()

    def reduce() -> None:
        with unit_of_work():
            reduce_fulfilment(order_number=request.order_number, items={sku: 1}, now=NOW)
            reduced.set()
            sleep(0.3)

    def plan_it() -> int:
        assert reduced.wait(timeout=30)
        with unit_of_work():
            return len(plan_shipments(allocation_numbers=numbers, now=NOW))

    assert run_together(reduce, plan_it) == [None, 0]
    assert not Shipment.objects.exists()


def test_what_is_on_its_way_cannot_be_cancelled():
    shipment = ready()
    ship(shipment_number=shipment.number, actor=CLERK, now=NOW)
    with pytest.raises(AlreadyShipped):
        cancel_fulfilment(order_number=shipment.order_number, now=NOW)
    assert on_shelf() == (4, 0)


@pytest.mark.parametrize("lines", [1, 5])
def test_a_paid_order_becomes_a_parcel_in_few_statements(lines):
    make_carrier()
    skus = [make_sku() for _ in range(lines)]
    stock(make_warehouse(), {sku.pk: 5 for sku in skus})
    # What is kept for some seconds has been read.
    plan()
    number = reserve({sku.pk: 1 for sku in skus})
    items = [FulfilmentItem(sku_id=sku.pk, quantity=1, weight_g=500, volume_cm3=0) for sku in skus]
    with CaptureQueriesContext(connection) as queries, unit_of_work():
        request = request_fulfilment(order_number=number, recipient=recipient(), lines=items, now=NOW)
        numbers = [allocation.number for allocation in request.allocations.all()]
        plan_shipments(allocation_numbers=numbers, now=NOW)
    statements = [query["sql"] for query in queries]
    # One of them is this test's own read of the numbers.
    assert len(statements) <= 25, "\n".join(sql[:150] for sql in statements)
