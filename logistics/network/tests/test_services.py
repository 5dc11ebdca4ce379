import pytest

from logistics.network.errors import CountBelowAllocated, ReferenceUsed, StockTaken, UnknownWarehouse
from logistics.network.invariants import LAWS
from logistics.network.models import StockMovement, WarehouseStock
from logistics.network.services import (
    allocate_stock,
    count_stock,
    receive_return,
    receive_stock,
    release_allocation,
    ship_stock,
)
from logistics.network.tests.factories import CLERK, NOW, make_warehouse, stock
from shop.catalog.errors import OutOfStock
from shop.catalog.models import SkuStock
from shop.catalog.services.stock import consume_reservation, reserve_stock
from shop.catalog.tests.factories import make_sku
from shop.core.models import OutboxEntry
from shop.core.transactions import unit_of_work

pytestmark = pytest.mark.django_db(transaction=True)


def state(sku_id: int) -> tuple[int, int, int]:
    """On hand, allocated, available."""
    row = WarehouseStock.objects.get(sku_id=sku_id)
    return row.on_hand, row.allocated, SkuStock.objects.get(pk=sku_id).available


def count(warehouse_id: int, counts: dict[int, int], reference: str = "C1") -> dict[int, int]:
    return count_stock(
        warehouse_id=warehouse_id, counts=counts, reference=reference, reason="盘点", actor=CLERK, now=NOW
    )


@pytest.fixture
def shelf():
    """A warehouse with ten units of a SKU, three of them allocated to an order."""
    sku, warehouse = make_sku(), make_warehouse()
    stock(warehouse, {sku.pk: 10})
    with unit_of_work():
        reserve_stock(reference="O1", items={sku.pk: 3}, expires_at=None)
        consume_reservation(reference="O1", items={sku.pk: 3})
        allocate_stock(warehouse_id=warehouse.pk, items={sku.pk: 3})
    return warehouse, sku.pk


def assert_laws() -> None:
    for law in LAWS:
        assert law() == []


def test_a_receipt_is_booked_once(shelf):
    warehouse, sku = shelf
    receipt = {"warehouse_id": warehouse.pk, "items": {sku: 5}, "reference": "R-1", "actor": CLERK, "now": NOW}
    receive_stock(**receipt)
    with pytest.raises(ReferenceUsed):
        receive_stock(**receipt)
    assert state(sku) == (15, 3, 12)
    assert_laws()


def test_a_receipt_for_an_unknown_warehouse_changes_nothing(shelf):
    _warehouse, sku = shelf
    with pytest.raises(UnknownWarehouse):
        receive_stock(warehouse_id=10**9, items={sku: 5}, reference="R-1", actor=CLERK, now=NOW)
    assert state(sku) == (10, 3, 7)


def give_back(warehouse_id: int, *, sound: dict[int, int], damaged: dict[int, int], reference: str = "A1") -> None:
    with unit_of_work():
        receive_return(
            warehouse_id=warehouse_id, sound=sound, damaged=damaged, reference=reference, actor=CLERK, now=NOW
        )


def test_sound_goods_that_come_back_can_be_sold_again_and_damaged_ones_not(shelf):
    warehouse, sku = shelf
    broken = make_sku().pk
    give_back(warehouse.pk, sound={sku: 2}, damaged={sku: 1, broken: 4})
    assert state(sku) == (12, 3, 9)
    put_aside = WarehouseStock.objects.get(sku_id=broken)
    assert (put_aside.on_hand, put_aside.damaged) == (0, 4)
    booked = StockMovement.objects.filter(reference="A1").order_by("kind", "sku_id")
    assert list(booked.values_list("kind", "sku_id", "quantity")) == [
        ("damage", sku, -1),
        ("damage", broken, -4),
        ("return", sku, 3),
        ("return", broken, 4),
    ]
    [woken] = OutboxEntry.objects.filter(fact="StockReceived", payload__sku_ids=[sku]).order_by("-pk")[:1]
    assert woken.payload["warehouse_id"] == warehouse.pk
    assert_laws()


def test_a_return_is_booked_once_whatever_it_is_said_to_hold(shelf):
    warehouse, sku = shelf
    give_back(warehouse.pk, sound={sku: 1}, damaged={})
    other, elsewhere = make_sku().pk, make_warehouse()
    for again in ({sku: 1}, {other: 1}):
        for place in (warehouse, elsewhere):
            with pytest.raises(ReferenceUsed):
                give_back(place.pk, sound=again, damaged={})
    assert state(sku) == (11, 3, 8)
    assert_laws()


def test_a_return_to_nowhere_or_of_nothing_changes_nothing(shelf):
    warehouse, sku = shelf
    with pytest.raises(UnknownWarehouse):
        give_back(10**9, sound={sku: 1}, damaged={})
    for sound, damaged in (({}, {}), ({sku: 0}, {}), ({sku: 2}, {sku: -1})):
        with pytest.raises(ValueError, match="positive"):
            give_back(warehouse.pk, sound=sound, damaged=damaged)
    assert state(sku) == (10, 3, 7)
    assert not StockMovement.objects.filter(kind="return").exists()


@pytest.mark.parametrize("quantity", [0, -1])
def test_quantities_are_positive(shelf, quantity):
    warehouse, sku = shelf
    for change in (allocate_stock, release_allocation):
        with pytest.raises(ValueError, match="positive"), unit_of_work():
            change(warehouse_id=warehouse.pk, items={sku: quantity})
    assert state(sku) == (10, 3, 7)


def test_only_free_units_are_allocated_all_or_none(shelf):
    warehouse, sku = shelf
    other = make_sku().pk
    stock(warehouse, {other: 1})
    with pytest.raises(StockTaken), unit_of_work():
        allocate_stock(warehouse_id=warehouse.pk, items={sku: 7, other: 2})
    assert state(sku) == (10, 3, 7)
    assert state(other) == (1, 0, 1)


def test_no_more_is_shipped_or_released_than_is_allocated(shelf):
    warehouse, sku = shelf
    with pytest.raises(StockTaken), unit_of_work():
        ship_stock(warehouse_id=warehouse.pk, items={sku: 4}, reference="S1", actor=CLERK, now=NOW)
    with pytest.raises(StockTaken), unit_of_work():
        release_allocation(warehouse_id=warehouse.pk, items={sku: 4})
    with unit_of_work():
        ship_stock(warehouse_id=warehouse.pk, items={sku: 3}, reference="S1", actor=CLERK, now=NOW)
    assert state(sku) == (7, 0, 7)
    assert_laws()


def test_a_stock_take_books_the_differences(shelf):
    warehouse, sku = shelf
    new = make_sku().pk
    assert count(warehouse.pk, {sku: 8, new: 4}) == {sku: -2, new: 4}
    assert (state(sku), state(new)) == ((8, 3, 5), (4, 0, 4))
    booked = StockMovement.objects.filter(kind="count").order_by("sku_id").values_list("sku_id", "quantity", "reason")
    assert list(booked) == [(sku, -2, "盘点"), (new, 4, "盘点")]
    assert_laws()


def test_a_stock_take_that_finds_what_is_there_books_nothing(shelf):
    warehouse, sku = shelf
    assert count(warehouse.pk, {sku: 10}) == {}
    assert not StockMovement.objects.filter(kind="count").exists()


def test_a_stock_take_below_what_orders_were_promised_is_refused(shelf):
    warehouse, sku = shelf
    with pytest.raises(CountBelowAllocated):
        count(warehouse.pk, {sku: 2})
    assert state(sku) == (10, 3, 7)


def test_a_stock_take_below_what_is_sold_but_not_allocated_is_refused(shelf):
    warehouse, sku = shelf
    with unit_of_work():
        reserve_stock(reference="O2", items={sku: 6}, expires_at=None)
    with pytest.raises(OutOfStock):
        count(warehouse.pk, {sku: 8})
    assert state(sku) == (10, 3, 1)
    assert_laws()


def test_movements_are_never_changed(shelf):
    with pytest.raises(Exception, match="append_only"):
        StockMovement.objects.update(quantity=1)


def test_the_laws_notice_a_broken_stock(shelf):
    _warehouse, sku = shelf
    WarehouseStock.objects.filter(sku_id=sku).update(on_hand=11)
    promised, moved, *_others = LAWS
    assert len(promised()) == 1
    assert len(moved()) == 1
