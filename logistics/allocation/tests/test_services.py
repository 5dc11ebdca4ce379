from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from logistics.allocation import invariants as allocation_laws
from logistics.allocation.errors import AlreadyShipped
from logistics.allocation.jobs import retry_waiting
from logistics.allocation.models import Allocation, FulfilmentRequest
from logistics.allocation.services import cancel_fulfilment, retry_fulfilment, ship_allocation
from logistics.allocation.tests.factories import fulfil, reserve
from logistics.network import invariants as network_laws
from logistics.network.models import Warehouse, WarehouseStock
from logistics.network.tests.factories import CHENGDU, CLERK, GUANGZHOU, NOW, make_warehouse, stock
from shop.catalog.models import SkuStock
from shop.catalog.tests.factories import make_sku
from shop.core import clock, outbox
from shop.core.models import JobRun, OutboxEntry
from shop.core.transactions import unit_of_work

pytestmark = pytest.mark.django_db(transaction=True)


def assert_laws() -> None:
    for law in (*network_laws.LAWS, *allocation_laws.LAWS):
        assert law() == []


def units(sku_id: int) -> tuple[int, int]:
    row = SkuStock.objects.get(pk=sku_id)
    return row.available, row.reserved


def test_the_nearest_warehouse_with_everything_sends_it():
    sku = make_sku()
    near, far = make_warehouse(), make_warehouse(GUANGZHOU)
    stock(near, {sku.pk: 5})
    stock(far, {sku.pk: 5})
    request = fulfil({sku.pk: 3})
    allocation = Allocation.objects.get(request=request)
    assert allocation.warehouse == near
    assert (allocation.weight_g, allocation.volume_cm3) == (1500, 3000)
    assert [c["verdict"] for c in allocation.decision["candidates"]] == ["chosen", "dearer"]
    assert units(sku.pk) == (7, 0)
    assert_laws()


def test_an_order_is_split_only_when_no_warehouse_has_everything():
    one, two = make_sku(), make_sku()
    near, far = make_warehouse(), make_warehouse(CHENGDU)
    stock(near, {one.pk: 1})
    stock(far, {two.pk: 1})
    request = fulfil({one.pk: 1, two.pk: 1})
    taken = {a.warehouse_id: {ln.sku_id: ln.quantity for ln in a.lines.all()} for a in request.allocations.all()}
    assert taken == {near.pk: {one.pk: 1}, far.pk: {two.pk: 1}}
    assert_laws()


def test_a_second_request_changes_nothing():
    sku = make_sku()
    stock(make_warehouse(), {sku.pk: 5})
    first = fulfil({sku.pk: 2})
    again = fulfil({sku.pk: 2}, order_number=first.order_number)
    assert again.pk == first.pk
    assert Allocation.objects.count() == 1
    assert_laws()


def test_it_waits_while_the_only_stock_is_in_a_closed_warehouse_and_is_allocated_when_it_opens():
    sku = make_sku()
    warehouse = make_warehouse(is_active=False)
    stock(warehouse, {sku.pk: 1})
    request = fulfil({sku.pk: 1})
    assert request.status == FulfilmentRequest.Status.WAITING
    assert request.obstacle["short"] == {str(sku.pk): 1}
    assert request.obstacle["candidates"][0]["verdict"] == "closed"
    assert units(sku.pk) == (0, 1)
    warehouse.is_active = True
    warehouse.save()
    assert retry_fulfilment(request_id=request.pk, now=NOW + timedelta(minutes=10))
    request.refresh_from_db()
    assert (request.status, request.obstacle) == (FulfilmentRequest.Status.ALLOCATED, {})
    assert units(sku.pk) == (0, 0)
    assert_laws()


def test_what_is_not_to_go_before_an_hour_waits_for_it_with_its_stock_reserved():
    sku = make_sku()
    stock(make_warehouse(), {sku.pk: 3})
    request = fulfil({sku.pk: 2}, not_before=NOW + timedelta(hours=1))
    assert (request.status, request.obstacle) == (FulfilmentRequest.Status.WAITING, {})
    assert request.retry_at == NOW + timedelta(hours=1)
    assert units(sku.pk) == (1, 2)
    assert retry_fulfilment(request_id=request.pk, now=request.retry_at)
    assert units(sku.pk) == (1, 0)
    assert_laws()


def test_cancelling_gives_allocated_units_back():
    sku = make_sku()
    warehouse = make_warehouse()
    stock(warehouse, {sku.pk: 3})
    request = fulfil({sku.pk: 2})
    cancel_fulfilment(order_number=request.order_number, now=NOW)
    cancel_fulfilment(order_number=request.order_number, now=NOW)
    assert units(sku.pk) == (3, 0)
    assert WarehouseStock.objects.get().allocated == 0
    assert OutboxEntry.objects.filter(fact="FulfilmentCancelled").count() == 1
    assert_laws()


def test_a_cancellation_before_the_request_wins_over_it():
    sku = make_sku()
    stock(make_warehouse(), {sku.pk: 3})
    number = reserve({sku.pk: 2})
    cancel_fulfilment(order_number=number, now=NOW)
    request = fulfil({sku.pk: 2}, order_number=number)
    assert request.status == FulfilmentRequest.Status.CANCELLED
    assert units(sku.pk) == (3, 0)
    assert not Allocation.objects.exists()
    assert_laws()


def test_what_has_left_cannot_be_cancelled():
    sku = make_sku()
    stock(make_warehouse(), {sku.pk: 3})
    request = fulfil({sku.pk: 2})
    with unit_of_work():
        ship_allocation(allocation_id=request.allocations.get().pk, reference="S1", actor=CLERK, now=NOW)
    with pytest.raises(AlreadyShipped):
        cancel_fulfilment(order_number=request.order_number, now=NOW)
    request.refresh_from_db()
    assert request.status == FulfilmentRequest.Status.ALLOCATED
    row = WarehouseStock.objects.get()
    assert (row.on_hand, row.allocated, *units(sku.pk)) == (1, 0, 1, 0)
    assert_laws()


@pytest.mark.parametrize("lines", [1, 6])
def test_allocation_costs_the_same_for_any_number_of_lines(lines):
    skus = [make_sku() for _ in range(lines)]
    stock(make_warehouse(), {sku.pk: 5 for sku in skus})
    items = {sku.pk: 1 for sku in skus}
    # What is kept for some seconds has been read.
    fulfil({skus[0].pk: 1})
    number = reserve(items)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        fulfil(items, order_number=number)
    assert len(queries) <= 17, "\n".join(q["sql"][:160] for q in queries)


def test_a_receipt_serves_the_orders_that_wait():
    sku = make_sku()
    stock(make_warehouse(is_active=False), {sku.pk: 1})
    waiting = fulfil({sku.pk: 1})
    stock(make_warehouse(), {sku.pk: 3})
    outbox.deliver(entry_ids=list(OutboxEntry.objects.filter(fact="StockReceived").values_list("pk", flat=True)))
    waiting.refresh_from_db()
    assert waiting.status == FulfilmentRequest.Status.ALLOCATED
    assert_laws()


def test_the_job_tries_waiting_orders_when_they_are_due():
    sku = make_sku()
    warehouse = make_warehouse(is_active=False)
    stock(warehouse, {sku.pk: 1})
    waiting = fulfil({sku.pk: 1})
    Warehouse.objects.update(is_active=True)
    with clock.fixed(NOW + timedelta(minutes=9)):
        retry_waiting.run()
    waiting.refresh_from_db()
    assert waiting.status == FulfilmentRequest.Status.WAITING
    with clock.fixed(NOW + timedelta(minutes=10)):
        retry_waiting.run()
    waiting.refresh_from_db()
    assert waiting.status == FulfilmentRequest.Status.ALLOCATED
    assert JobRun.objects.get(job="allocation.retry_waiting").effect == {"tried": 1, "allocated": 1}
