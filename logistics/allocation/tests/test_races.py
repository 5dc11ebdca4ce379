"""Two orders, one unit: the conditional statement decides, and the same race without it oversells."""

from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import pytest
from django.db import transaction

from logistics.allocation import invariants as allocation_laws
from logistics.allocation.models import Allocation, FulfilmentRequest
from logistics.allocation.services import allocating, cancel_fulfilment, choosing, ship_allocation
from logistics.allocation.tests.factories import fulfil, reserve
from logistics.network import invariants as network_laws
from logistics.network.errors import StockTaken
from logistics.network.models import StockMovement, WarehouseStock
from logistics.network.services import allocate_stock
from logistics.network.tests.factories import CLERK, GUANGZHOU, NOW, make_warehouse, stock
from shop.catalog.tests.factories import make_sku
from shop.core.transactions import unit_of_work
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)


def broken_laws() -> list[str]:
    return [sentence for law in (*network_laws.LAWS, *allocation_laws.LAWS) for sentence in law()]


@pytest.mark.parametrize(("guarded", "taken"), [(True, 1), (False, 8)])
def test_the_last_unit_of_a_warehouse_is_allocated_once(guarded, taken):
    sku, warehouse = make_sku(), make_warehouse()
    stock(warehouse, {sku.pk: 1})
    everybody_has_read = Barrier(8, timeout=30)

    def read_then_write() -> None:
        row = WarehouseStock.objects.get(warehouse=warehouse, sku=sku)
        everybody_has_read.wait()
        if row.on_hand - row.allocated < 1:
            raise StockTaken
        WarehouseStock.objects.filter(pk=row.pk).update(allocated=row.allocated + 1)

    def take() -> bool:
        with transaction.atomic():
            if guarded:
                allocate_stock(warehouse_id=warehouse.pk, items={sku.pk: 1})
            else:
                read_then_write()
        return True

    results = run_together(*[take] * 8)
    assert results.count(True) == taken
    assert sum(isinstance(result, StockTaken) for result in results) == 8 - taken


@pytest.mark.parametrize("guarded", [True, False])
def test_two_orders_plan_the_last_unit_of_the_near_warehouse(monkeypatch, guarded):
    """Both see the near unit free. The loser plans again and takes the far one; unguarded both take the near one."""
    sku, near, far = make_sku(), make_warehouse(), make_warehouse(GUANGZHOU)
    stock(near, {sku.pk: 1})
    stock(far, {sku.pk: 1})
    orders = [reserve({sku.pk: 1}) for _ in range(2)]
    both_have_read = Barrier(2, timeout=5)
    read = choosing.read_inputs

    def read_at_the_same_time(**arguments):
        network = read(**arguments)
        # A second plan after a lost race finds nobody to wait for.
        with suppress(BrokenBarrierError):
            both_have_read.wait()
        return network

    monkeypatch.setattr(choosing, "read_inputs", read_at_the_same_time)
    if not guarded:
        monkeypatch.setattr(allocating, "allocate_stock", lambda *, warehouse_id, items: None)
    results = run_together(*[lambda number=number: fulfil({sku.pk: 1}, order_number=number) for number in orders])
    assert [request.status for request in results] == [FulfilmentRequest.Status.ALLOCATED] * 2
    chosen = sorted(Allocation.objects.values_list("warehouse_id", flat=True))
    if guarded:
        assert chosen == [near.pk, far.pk]
        assert broken_laws() == []
    else:
        assert chosen == [near.pk, near.pk]
        assert broken_laws() != []


@pytest.mark.parametrize("guarded", [True, False])
def test_a_parcel_is_either_shipped_or_cancelled(guarded):
    sku = make_sku()
    stock(make_warehouse(), {sku.pk: 1})
    request = fulfil({sku.pk: 1})
    allocation = request.allocations.get()
    everybody_has_read = Barrier(8, timeout=30)

    def ship() -> str:
        if not guarded:
            opened = Allocation.objects.get(pk=allocation.pk).status == Allocation.Status.OPEN
            everybody_has_read.wait()
            return "shipped" if opened else "refused"
        with unit_of_work():
            ship_allocation(allocation_id=allocation.pk, reference="S1", actor=CLERK, now=NOW)
        return "shipped"

    def cancel() -> str:
        if not guarded:
            opened = Allocation.objects.get(pk=allocation.pk).status == Allocation.Status.OPEN
            everybody_has_read.wait()
            return "cancelled" if opened else "refused"
        cancel_fulfilment(order_number=request.order_number, now=NOW)
        return "cancelled"

    results = run_together(*[ship, cancel] * 4)
    both = "shipped" in results and "cancelled" in results
    assert both is not guarded
    if guarded:
        assert results.count("shipped") <= 1
        assert StockMovement.objects.filter(kind="shipment").count() == results.count("shipped")
        assert broken_laws() == []


def test_the_same_request_at_once_is_one_request():
    sku = make_sku()
    stock(make_warehouse(), {sku.pk: 9})
    number = reserve({sku.pk: 2})
    results = run_together(*[lambda: fulfil({sku.pk: 2}, order_number=number)] * 6)
    assert len({request.pk for request in results}) == 1
    assert Allocation.objects.count() == 1
    assert broken_laws() == []
