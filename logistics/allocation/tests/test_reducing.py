"""Units taken out of what an order wants sent: before the request, while it waits, once it is allocated."""

from itertools import count
from threading import Barrier

import pytest

from logistics.allocation.engine import take_out
from logistics.allocation.errors import AllocationNotOpen, AlreadyShipped
from logistics.allocation.models import Allocation, AllocationLine, FulfilmentLine, FulfilmentRequest
from logistics.allocation.queries import units_withdrawn
from logistics.allocation.services import (
    FulfilmentItem,
    cancel_fulfilment,
    reduce_fulfilment,
    retry_fulfilment,
    send_goods,
    ship_allocation,
)
from logistics.allocation.tests.factories import fulfil, recipient, reserve
from logistics.allocation.tests.test_races import broken_laws
from logistics.allocation.tests.test_services import assert_laws, units
from logistics.network.models import StockMovement, Warehouse, WarehouseStock
from logistics.network.tests.factories import CHENGDU, CLERK, NOW, make_warehouse, stock
from shop.catalog.errors import OutOfStock
from shop.catalog.models import StockReservation
from shop.catalog.tests.factories import make_sku
from shop.core.models import OutboxEntry
from shop.core.transactions import unit_of_work
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)
Status = FulfilmentRequest.Status
_parcels = count(1)


def reduce(request: FulfilmentRequest | str, items: dict[int, int]) -> None:
    number = request if isinstance(request, str) else request.order_number
    with unit_of_work():
        reduce_fulfilment(order_number=number, items=items, now=NOW)


def ship(allocation: Allocation) -> None:
    with unit_of_work():
        ship_allocation(allocation_id=allocation.pk, reference=f"P{next(_parcels)}", actor=CLERK, now=NOW)


def sent(request: FulfilmentRequest) -> dict[int, dict[int, int]]:
    """Units by SKU id, by warehouse id, of the allocations that hold."""
    lines = AllocationLine.objects.filter(allocation__request=request).exclude(allocation__status="released")
    parcels: dict[int, dict[int, int]] = {}
    for warehouse_id, sku_id, quantity in lines.values_list("allocation__warehouse_id", "sku_id", "quantity"):
        parcels.setdefault(warehouse_id, {})[sku_id] = quantity
    return parcels


def facts(name: str) -> int:
    return OutboxEntry.objects.filter(fact=name).values("event_id").distinct().count()


@pytest.mark.parametrize(
    ("holdings", "wanted", "taken"),
    [
        ({1: {7: 3}}, {7: 2}, {1: {7: 2}}),
        # The smaller parcel vanishes.
        ({1: {7: 3}, 2: {7: 1}}, {7: 1}, {2: {7: 1}}),
        ({1: {7: 3}, 2: {7: 1}}, {7: 2}, {2: {7: 1}, 1: {7: 1}}),
        # Equal parcels: the first.
        ({2: {7: 1}, 1: {7: 1}}, {7: 1}, {1: {7: 1}}),
        ({1: {7: 1, 8: 1}, 2: {8: 1}}, {7: 1, 8: 1}, {1: {7: 1}, 2: {8: 1}}),
        ({1: {7: 1}}, {7: 2}, None),
        ({1: {7: 1}}, {8: 1}, None),
        ({}, {7: 1}, None),
    ],
)
def test_which_parcels_give_units_up(holdings, wanted, taken):
    assert take_out(holdings, wanted) == taken


def test_allocated_units_are_sold_again_and_the_rest_has_an_allocation_of_its_own():
    tea, cup = make_sku().pk, make_sku().pk
    warehouse = make_warehouse()
    stock(warehouse, {tea: 5, cup: 5})
    request = fulfil({tea: 3, cup: 1})
    old = request.allocations.get()
    reduce(request, {tea: 1, cup: 1})
    old.refresh_from_db()
    assert old.status == Allocation.Status.RELEASED
    new = request.allocations.exclude(pk=old.pk).get()
    assert (new.status, new.weight_g, new.volume_cm3) == (Allocation.Status.OPEN, 1000, 2000)
    assert (new.decision["rule"], new.decision["candidates"][0]["items"]) == ("reduced", {str(tea): 2})
    assert sent(request) == {warehouse.pk: {tea: 2}}
    assert (units(tea), units(cup)) == ((3, 0), (5, 0))
    wanted = FulfilmentLine.objects.order_by("sku_id").values_list("sku_id", "quantity", "withdrawn")
    assert sorted(wanted) == sorted([(tea, 2, 1), (cup, 0, 1)])
    assert units_withdrawn(order_number=request.order_number) == 2
    assert (facts("FulfilmentReduced"), facts("OrderAllocated"), facts("FulfilmentCancelled")) == (1, 2, 0)
    request.refresh_from_db()
    assert request.status == Status.ALLOCATED
    assert_laws()


def test_a_parcel_that_loses_everything_goes_and_the_others_stay_as_they_are():
    tea, cup = make_sku().pk, make_sku().pk
    near, far = make_warehouse(), make_warehouse(CHENGDU)
    stock(near, {tea: 2})
    stock(far, {cup: 2})
    request = fulfil({tea: 2, cup: 1})
    kept = request.allocations.get(warehouse=near)
    reduce(request, {cup: 1})
    assert [each.pk for each in request.allocations.filter(status="open")] == [kept.pk]
    assert facts("OrderAllocated") == 1
    assert units(cup) == (2, 0)
    assert_laws()


def test_units_that_wait_are_given_back_and_the_rest_is_allocated_later():
    sku = make_sku().pk
    stock(make_warehouse(is_active=False), {sku: 3})
    request = fulfil({sku: 3})
    reduce(request, {sku: 2})
    assert units(sku) == (2, 1)
    Warehouse.objects.update(is_active=True)
    assert retry_fulfilment(request_id=request.pk, now=NOW)
    assert AllocationLine.objects.get().quantity == 1
    assert units(sku) == (2, 0)
    assert_laws()


@pytest.mark.parametrize("allocated", [True, False])
def test_nothing_left_is_a_cancellation(allocated):
    sku = make_sku().pk
    stock(make_warehouse(is_active=allocated), {sku: 3})
    request = fulfil({sku: 2})
    reduce(request, {sku: 1})
    reduce(request, {sku: 1})
    request.refresh_from_db()
    assert (request.status, request.retry_at) == (Status.CANCELLED, None)
    assert units(sku) == (3, 0)
    assert WarehouseStock.objects.get().allocated == 0
    assert (facts("FulfilmentReduced"), facts("FulfilmentCancelled")) == (1, 1)
    with pytest.raises(AllocationNotOpen):
        reduce(request, {sku: 1})
    assert_laws()


def test_a_reduction_that_comes_before_the_request_is_heeded_by_it():
    tea, cup = make_sku().pk, make_sku().pk
    stock(make_warehouse(), {tea: 5, cup: 5})
    number = reserve({tea: 3, cup: 1})
    reduce(number, {tea: 1})
    reduce(number, {tea: 1, cup: 1})
    assert FulfilmentRequest.objects.get().status == Status.EXPECTED
    assert (units(tea), units(cup)) == ((4, 1), (5, 0))
    request = fulfil({tea: 3, cup: 1}, order_number=number)
    again = fulfil({tea: 3, cup: 1}, order_number=number)
    assert (request.status, again.pk) == (Status.ALLOCATED, request.pk)
    assert request.recipient == recipient()
    assert list(AllocationLine.objects.values_list("sku_id", "quantity")) == [(tea, 1)]
    assert units_withdrawn(order_number=number) == 3
    assert_laws()


def test_a_request_for_what_was_all_taken_out_is_cancelled():
    sku = make_sku().pk
    stock(make_warehouse(), {sku: 5})
    number = reserve({sku: 2})
    reduce(number, {sku: 2})
    assert fulfil({sku: 2}, order_number=number).status == Status.CANCELLED
    assert not Allocation.objects.exists()
    assert units(sku) == (5, 0)
    assert_laws()


def test_an_expected_request_can_be_cancelled():
    sku = make_sku().pk
    stock(make_warehouse(), {sku: 5})
    number = reserve({sku: 2})
    reduce(number, {sku: 1})
    cancel_fulfilment(order_number=number, now=NOW)
    assert fulfil({sku: 2}, order_number=number).status == Status.CANCELLED
    assert units(sku) == (5, 0)
    assert_laws()


def test_what_has_shipped_is_refused_and_the_other_parcel_is_not_touched():
    tea, cup = make_sku().pk, make_sku().pk
    near, far = make_warehouse(), make_warehouse(CHENGDU)
    stock(near, {tea: 2})
    stock(far, {cup: 2})
    request = fulfil({tea: 2, cup: 1})
    ship(request.allocations.get(warehouse=near))
    for items in ({tea: 1}, {tea: 1, cup: 1}, {cup: 2}):
        with pytest.raises(AlreadyShipped):
            reduce(request, items)
    assert sent(request) == {near.pk: {tea: 2}, far.pk: {cup: 1}}
    assert units_withdrawn(order_number=request.order_number) == 0
    reduce(request, {cup: 1})
    request.refresh_from_db()
    assert (request.status, sent(request)) == (Status.ALLOCATED, {near.pk: {tea: 2}})
    assert_laws()


@pytest.mark.parametrize("quantity", [0, -1])
def test_only_positive_units_are_taken_out(quantity):
    sku = make_sku().pk
    stock(make_warehouse(), {sku: 5})
    request = fulfil({sku: 2})
    for items in ({sku: quantity}, {}):
        with pytest.raises(ValueError, match="positive"):
            reduce(request, items)
    assert AllocationLine.objects.get().quantity == 2


def test_more_than_waits_is_refused():
    sku = make_sku().pk
    stock(make_warehouse(is_active=False), {sku: 3})
    request = fulfil({sku: 2})
    with pytest.raises(AlreadyShipped):
        reduce(request, {sku: 3})
    assert units(sku) == (1, 2)
    assert units_withdrawn(order_number=request.order_number) == 0


def test_what_was_reduced_can_still_be_cancelled_unless_a_parcel_has_left():
    sku = make_sku().pk
    stock(make_warehouse(), {sku: 5})
    request, other = fulfil({sku: 2}), fulfil({sku: 2})
    reduce(request, {sku: 1})
    reduce(other, {sku: 1})
    cancel_fulfilment(order_number=request.order_number, now=NOW)
    assert units(sku) == (4, 0)
    ship(other.allocations.get(status="open"))
    with pytest.raises(AlreadyShipped):
        cancel_fulfilment(order_number=other.order_number, now=NOW)
    assert_laws()


def test_goods_of_an_exchange_have_a_reservation_of_their_own():
    sku = make_sku().pk
    warehouse = make_warehouse()
    stock(warehouse, {sku: 3})
    line = FulfilmentItem(sku_id=sku, quantity=2, weight_g=500, volume_cm3=0)

    def send(reference: str) -> FulfilmentRequest:
        with unit_of_work():
            return send_goods(reference=reference, recipient=recipient(), lines=[line], now=NOW)

    request = send("AS1")
    assert send("AS1").pk == request.pk
    assert (request.status, sent(request)) == (Status.ALLOCATED, {warehouse.pk: {sku: 2}})
    assert units(sku) == (1, 0)
    with pytest.raises(OutOfStock):
        send("AS2")
    assert not FulfilmentRequest.objects.filter(order_number="AS2").exists()
    cancel_fulfilment(order_number="AS1", now=NOW)
    assert units(sku) == (3, 0)
    assert_laws()


def test_goods_of_an_exchange_wait_for_a_warehouse_and_stay_reserved():
    sku = make_sku().pk
    stock(make_warehouse(is_active=False), {sku: 3})
    line = FulfilmentItem(sku_id=sku, quantity=2, weight_g=500, volume_cm3=0)
    with unit_of_work():
        request = send_goods(reference="AS1", recipient=recipient(), lines=[line], now=NOW)
    assert (request.status, units(sku)) == (Status.WAITING, (1, 2))
    held = StockReservation.objects.get(reference="AS1")
    assert (held.quantity, held.expires_at) == (2, None)
    assert_laws()


@pytest.mark.parametrize("guarded", [True, False])
def test_units_are_either_shipped_or_taken_out(guarded):
    """Of one parcel with two units, four want to ship it and four want one unit out of it."""
    sku = make_sku().pk
    stock(make_warehouse(), {sku: 2})
    request = fulfil({sku: 2})
    [allocation] = request.allocations.all()
    everybody_has_read = Barrier(8, timeout=30)

    def still_open() -> bool:
        opened = Allocation.objects.get(pk=allocation.pk).status == Allocation.Status.OPEN
        everybody_has_read.wait()
        return opened

    def send() -> str:
        if not guarded:
            return "shipped" if still_open() else "refused"
        ship(allocation)
        return "shipped"

    def take() -> str:
        if not guarded:
            return "taken" if still_open() else "refused"
        reduce(request, {sku: 1})
        return "taken"

    results = run_together(*[send, take] * 4)
    if not guarded:
        assert results.count("shipped") == results.count("taken") == 4
        return
    shipped, taken = results.count("shipped"), results.count("taken")
    # The whole parcel has left, or both of its units were taken out one after the other.
    assert (shipped, taken) in {(1, 0), (0, 2)}
    assert -sum(StockMovement.objects.filter(kind="shipment").values_list("quantity", flat=True)) == 2 * shipped
    assert units_withdrawn(order_number=request.order_number) == taken
    assert all(isinstance(each, str | AlreadyShipped | AllocationNotOpen) for each in results), results
    assert broken_laws() == []


@pytest.mark.parametrize("guarded", [True, False])
def test_a_waiting_request_is_reduced_before_or_after_it_is_allocated(guarded):
    """Retried and reduced at once; without the lock both act on the request that they have read as waiting."""
    sku = make_sku().pk
    warehouse = make_warehouse(is_active=False)
    stock(warehouse, {sku: 3})
    request = fulfil({sku: 3})
    Warehouse.objects.update(is_active=True)
    both_have_read = Barrier(2, timeout=30)

    def waits() -> bool:
        waiting = FulfilmentRequest.objects.get(pk=request.pk).status == Status.WAITING
        both_have_read.wait()
        return waiting

    def retry() -> bool:
        return retry_fulfilment(request_id=request.pk, now=NOW) if guarded else waits()

    def take() -> bool:
        if not guarded:
            return waits()
        reduce(request, {sku: 1})
        return True

    retried, taken = run_together(retry, take)
    if not guarded:
        assert (retried, taken) == (True, True)
        return
    assert taken is True
    # A request that the reduction held was left alone, and is tried again.
    assert retried is True or retry_fulfilment(request_id=request.pk, now=NOW)
    assert sent(request) == {warehouse.pk: {sku: 2}}
    assert units(sku) == (1, 0)
    assert broken_laws() == []
