from threading import Barrier

import pytest
from django.db import transaction

from logistics.allocation import invariants as allocation_laws
from logistics.allocation.errors import (
    AllocationNotOpen,
    BeingPicked,
    NothingToUndo,
    RejectedUnits,
    SameWarehouse,
)
from logistics.allocation.models import Allocation, FulfilmentRequest, Intervention, Reason
from logistics.allocation.services import (
    begin_picking,
    cancel_fulfilment,
    intervening,
    reduce_fulfilment,
    reject_allocation,
    retry_fulfilment,
    send_from_elsewhere,
    take_override_back,
)
from logistics.allocation.tests.factories import fulfil
from logistics.network import invariants as network_laws
from logistics.network.errors import StockTaken
from logistics.network.models import StockMovement, WarehouseStock
from logistics.network.tests.factories import CLERK, GUANGZHOU, NOW, make_warehouse, stock
from shop.catalog import invariants as catalog_laws
from shop.catalog.models import SkuStock
from shop.catalog.tests.factories import make_sku
from shop.core.models import OutboxEntry
from shop.core.transactions import unit_of_work
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)


def assert_laws() -> None:
    laws = (*network_laws.LAWS, *allocation_laws.LAWS, catalog_laws.reserved_is_the_sum_of_reservations)
    assert [sentence for law in laws for sentence in law()] == []


def opened(request: FulfilmentRequest) -> list[Allocation]:
    return list(request.allocations.filter(status="open").order_by("pk"))


def places(request: FulfilmentRequest) -> list[int]:
    return [each.warehouse_id for each in opened(request)]


def reject(request: FulfilmentRequest, reason: Reason, units: dict[int, int] | None = None) -> FulfilmentRequest:
    number = opened(request)[0].number
    return reject_allocation(number=number, reason=reason, units=units or {}, note="货架空", actor=CLERK, now=NOW)


def sellable(sku_id: int) -> tuple[int, int]:
    row = SkuStock.objects.get(pk=sku_id)
    return row.available, row.reserved


@pytest.fixture
def two():
    """Three units near, five far."""
    sku, near, far = make_sku(), make_warehouse(), make_warehouse(GUANGZHOU)
    stock(near, {sku.pk: 3})
    stock(far, {sku.pk: 5})
    return sku.pk, near, far


def test_missing_units_are_written_off_and_the_order_comes_from_elsewhere(two):
    sku, near, far = two
    request = fulfil({sku: 2})
    assert places(request) == [near.pk]
    # One of three lies there: of the two asked for one is missing, and a second that nobody was promised.
    reject(request, Reason.MISSING, {sku: 2})
    assert places(request) == [far.pk]
    assert WarehouseStock.objects.get(warehouse=near).on_hand == 1
    assert sellable(sku) == (4, 0)
    movement = StockMovement.objects.get(kind="count")
    assert (movement.quantity, movement.reason.endswith("货架空"), movement.actor) == (-2, True, "staff:clerk")
    made = Intervention.objects.get()
    assert (made.kind, made.reason, made.corrected, made.note) == ("reject", "missing", {str(sku): 2}, "货架空")
    assert OutboxEntry.objects.filter(fact="AllocationRejected").exists()
    assert_laws()


def test_damaged_units_are_put_aside(two):
    sku, near, far = two
    request = fulfil({sku: 3})
    reject(request, Reason.DAMAGED, {sku: 1})
    row = WarehouseStock.objects.get(warehouse=near)
    assert (row.on_hand, row.damaged, places(request)) == (2, 1, [far.pk])
    assert_laws()


def test_a_warehouse_that_cannot_pack_it_is_not_asked_again(two):
    sku, near, far = two
    request = fulfil({sku: 2})
    reject(request, Reason.OVERLOADED)
    assert places(request) == [far.pk]
    reject(request, Reason.CANNOT_PACK)
    request.refresh_from_db()
    assert (request.status, sorted(request.avoid), places(request)) == ("waiting", sorted([near.pk, far.pk]), [])
    assert {each["verdict"] for each in request.obstacle["candidates"]} == {"turned_down"}
    assert sellable(sku) == (6, 2)
    assert_laws()


def test_what_nobody_else_has_is_owed_until_goods_come():
    sku, warehouse = make_sku(), make_warehouse()
    stock(warehouse, {sku.pk: 2})
    request = fulfil({sku.pk: 2})
    reject(request, Reason.MISSING, {sku.pk: 1})
    request.refresh_from_db()
    assert (request.status, request.unheld, sellable(sku.pk)) == ("waiting", {str(sku.pk): 1}, (0, 1))
    assert not retry_fulfilment(request_id=request.pk, now=NOW)
    assert_laws()
    stock(warehouse, {sku.pk: 3})
    assert retry_fulfilment(request_id=request.pk, now=NOW)
    request.refresh_from_db()
    assert (request.status, request.unheld, sellable(sku.pk)) == ("allocated", None, (2, 0))
    assert_laws()


def test_an_order_that_is_owed_units_can_be_reduced_and_cancelled():
    sku, warehouse = make_sku(), make_warehouse()
    stock(warehouse, {sku.pk: 4})
    reduced, cancelled = fulfil({sku.pk: 2}), fulfil({sku.pk: 2})
    for request in (reduced, cancelled):
        reject(request, Reason.MISSING, {sku.pk: 2})
    with unit_of_work():
        reduce_fulfilment(order_number=reduced.order_number, items={sku.pk: 1}, now=NOW)
    cancel_fulfilment(order_number=cancelled.order_number, now=NOW)
    reduced.refresh_from_db()
    assert (reduced.unheld, sellable(sku.pk)) == ({str(sku.pk): 1}, (0, 0))
    assert_laws()


def test_of_a_split_order_only_what_was_turned_down_is_planned_anew():
    tea, cup = make_sku(), make_sku()
    near, far, spare = make_warehouse(), make_warehouse(GUANGZHOU), make_warehouse("510116")
    stock(near, {tea.pk: 1})
    stock(far, {cup.pk: 1})
    request = fulfil({tea.pk: 1, cup.pk: 1})
    kept = request.allocations.get(warehouse=far)
    rejected = request.allocations.get(warehouse=near)
    reject_allocation(number=rejected.number, reason=Reason.OTHER, units={}, actor=CLERK, now=NOW)
    request.refresh_from_db()
    assert (request.status, opened(request)) == ("waiting", [kept])
    assert_laws()
    # What waits is taken out of the order: nothing of it waits any more.
    with transaction.atomic():
        reduce_fulfilment(order_number=request.order_number, items={tea.pk: 1}, now=NOW)
        request.refresh_from_db()
        assert request.status == "allocated"
        transaction.set_rollback(True)
    stock(spare, {tea.pk: 1})
    request.refresh_from_db()
    assert retry_fulfilment(request_id=request.pk, now=NOW)
    assert sorted(places(request)) == sorted([far.pk, spare.pk])
    assert_laws()


def test_a_rejection_that_makes_no_sense_changes_nothing(two):
    sku, near, _far = two
    request = fulfil({sku: 2})
    for reason, units in ((Reason.MISSING, {}), (Reason.MISSING, {sku: 3}), (Reason.OTHER, {sku: 1})):
        with pytest.raises(RejectedUnits):
            reject(request, reason, units)
    assert (places(request), sellable(sku)) == ([near.pk], (6, 0))
    assert not Intervention.objects.exists()


def test_a_person_sends_it_from_elsewhere_and_takes_that_back_while_nobody_picks(two):
    sku, near, far = two
    request = fulfil({sku: 2})
    first = opened(request)[0]
    moved = send_from_elsewhere(number=first.number, warehouse_id=far.pk, note="客户急用", actor=CLERK, now=NOW)
    assert (places(request), moved.decision["rule"]) == ([far.pk], "by_hand")
    assert moved.decision["by_hand"] == {"by": "staff:clerk", "note": "客户急用", "from": near.code, "to": far.code}
    assert OutboxEntry.objects.filter(fact="FulfilmentRepacked").exists()
    with pytest.raises(AllocationNotOpen):
        take_override_back(number=first.number, actor=CLERK, now=NOW)
    back = take_override_back(number=moved.number, actor=CLERK, now=NOW)
    assert places(request) == [near.pk]
    with pytest.raises(NothingToUndo):
        take_override_back(number=back.number, actor=CLERK, now=NOW)
    assert [each.kind for each in Intervention.objects.order_by("pk")] == ["override", "undo"]
    assert_laws()


def test_what_is_picked_stays_and_what_is_not_there_is_not_sent(two):
    sku, near, far = two
    request = fulfil({sku: 3})
    number = opened(request)[0].number
    with pytest.raises(SameWarehouse):
        send_from_elsewhere(number=number, warehouse_id=near.pk, note="-", actor=CLERK, now=NOW)
    WarehouseStock.objects.filter(warehouse=far).update(allocated=4)
    with pytest.raises(StockTaken):
        send_from_elsewhere(number=number, warehouse_id=far.pk, note="-", actor=CLERK, now=NOW)
    WarehouseStock.objects.filter(warehouse=far).update(allocated=0)
    assert begin_picking(allocation_ids=[opened(request)[0].pk], now=NOW) == 1
    with pytest.raises(BeingPicked):
        send_from_elsewhere(number=number, warehouse_id=far.pk, note="-", actor=CLERK, now=NOW)
    assert places(request) == [near.pk]
    assert not Intervention.objects.exists()
    assert_laws()


@pytest.mark.parametrize("guarded", [True, False])
def test_turned_down_twice_at_once_it_is_taken_back_once(monkeypatch, two, guarded):
    """Unguarded both have seen the allocation open before either has released it: the second releases what another
    order was promised."""
    sku, near, _far = two
    stock(near, {sku: 1})
    request, other = fulfil({sku: 2}), fulfil({sku: 2})
    assert places(other) == [near.pk]
    number = opened(request)[0].number
    if not guarded:
        both_have_seen = Barrier(2, timeout=10)

        def look(number):
            allocation = Allocation.objects.select_related("request", "warehouse").get(number=number)
            both_have_seen.wait()
            return allocation.request, allocation, {sku: 2}

        monkeypatch.setattr(intervening, "_lock", look)
        monkeypatch.setattr(intervening, "write_off", lambda **_arguments: None)
        monkeypatch.setattr(intervening, "try_again", lambda request, now: False)
    rejection = {"number": number, "reason": Reason.MISSING, "units": {sku: 1}, "actor": CLERK, "now": NOW}
    results = run_together(*[lambda: reject_allocation(**rejection)] * 2)
    refused = [each for each in results if isinstance(each, Exception)]
    if guarded:
        assert [type(each) for each in refused] == [AllocationNotOpen]
        assert WarehouseStock.objects.get(warehouse=near).on_hand == 3
        assert_laws()
    else:
        assert refused == []
        assert WarehouseStock.objects.get(warehouse=near).allocated == 0
        assert allocation_laws.allocated_equals_open_lines() != []
