from threading import Barrier

import pytest
from django.db import transaction

from logistics.network import transfers
from logistics.network.errors import ReferenceUsed, StockTaken, TransferDiffers, TransferEnded
from logistics.network.invariants import LAWS
from logistics.network.models import StockMovement, StockTransfer, WarehouseStock
from logistics.network.putting_aside import find_sound, put_aside, throw_away
from logistics.network.services import receive_return
from logistics.network.tests.factories import CLERK, GUANGZHOU, NOW, make_warehouse, stock
from logistics.network.transfers import call_transfer_back, receive_transfer, send_transfer
from shop.catalog.errors import OutOfStock
from shop.catalog.models import SkuStock
from shop.catalog.services.stock import reserve_stock
from shop.catalog.tests.factories import make_sku
from shop.core.models import OutboxEntry
from shop.core.transactions import unit_of_work
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def places():
    """Ten units in Hangzhou, none in Guangzhou."""
    sku, here, there = make_sku(), make_warehouse(), make_warehouse(GUANGZHOU)
    stock(here, {sku.pk: 10})
    return sku.pk, here, there


def send(places, units: int) -> StockTransfer:
    sku, here, there = places
    return send_transfer(
        origin_id=here.pk, destination_id=there.pk, items={sku: units}, reason="调拨", actor=CLERK, now=NOW
    )


def receive(transfer: StockTransfer, received: dict[int, int], difference: str = "") -> StockTransfer:
    return receive_transfer(number=transfer.number, received=received, difference=difference, actor=CLERK, now=NOW)


def on_hand(sku: int, warehouse) -> int:
    row = WarehouseStock.objects.filter(sku_id=sku, warehouse=warehouse).first()
    return row.on_hand if row else 0


def available(sku: int) -> int:
    return SkuStock.objects.get(pk=sku).available


def assert_laws() -> None:
    for law in LAWS:
        assert law() == []


def test_what_is_on_its_way_cannot_be_sold_and_what_arrives_can(places):
    sku, here, there = places
    transfer = send(places, 4)
    assert (on_hand(sku, here), on_hand(sku, there), available(sku)) == (6, 0, 6)
    assert_laws()
    receive(transfer, {sku: 4})
    assert (on_hand(sku, here), on_hand(sku, there), available(sku)) == (6, 4, 10)
    woken = OutboxEntry.objects.filter(fact="StockReceived", payload__warehouse_id=there.pk)
    assert woken.exists()
    assert_laws()


def test_fewer_than_were_sent_arrive_only_with_a_reason(places):
    sku, _here, there = places
    transfer = send(places, 4)
    for received, why in (({sku: 3}, ""), ({sku: 5}, "多了"), ({sku: 3, sku + 1: 1}, "别的")):
        with pytest.raises(TransferDiffers):
            receive(transfer, received, why)
        assert (on_hand(sku, there), available(sku)) == (0, 6)
    receive(transfer, {sku: 3}, "破损一件")
    assert (on_hand(sku, there), available(sku)) == (3, 9)
    transfer.refresh_from_db()
    line = transfer.lines.get()
    assert (transfer.status, transfer.difference, line.sent, line.received) == ("received", "破损一件", 4, 3)
    assert_laws()


def test_a_transfer_ends_once(places):
    sku, here, there = places
    transfer = send(places, 4)
    call_transfer_back(number=transfer.number, actor=CLERK, now=NOW)
    with pytest.raises(TransferEnded):
        receive(transfer, {sku: 4})
    assert (on_hand(sku, here), on_hand(sku, there), available(sku)) == (10, 0, 10)
    assert_laws()


def test_what_orders_were_promised_does_not_leave(places):
    sku, here, there = places
    with unit_of_work():
        reserve_stock(reference="O1", items={sku: 7}, expires_at=None)
    with pytest.raises(OutOfStock):
        send(places, 4)
    stock(there, {sku: 5})
    with pytest.raises(StockTaken):
        send_transfer(origin_id=there.pk, destination_id=here.pk, items={sku: 6}, reason="调拨", actor=CLERK, now=NOW)
    assert not StockTransfer.objects.exists()
    assert (on_hand(sku, here), on_hand(sku, there), available(sku)) == (10, 5, 8)


@pytest.mark.parametrize(("guarded", "arrived"), [(True, 4), (False, 8)])
def test_received_and_received_again_at_once_counts_once(places, guarded, arrived):
    """Unguarded both have seen the transfer on its way before either has ended it."""
    sku, _here, there = places
    transfer = send(places, 4)
    both_have_seen = Barrier(2, timeout=10)

    def naive(reference: str) -> None:
        with transaction.atomic():
            seen = StockTransfer.objects.get(pk=transfer.pk)
            both_have_seen.wait()
            assert seen.status == "sent"
            transfers._put(there.pk, {sku: 4}, reference, "", CLERK, NOW)
            transfers._end(seen, "received", CLERK, NOW)

    if guarded:
        results = run_together(*[lambda: receive(transfer, {sku: 4})] * 2)
        assert sorted(type(each).__name__ for each in results) == ["StockTransfer", "TransferEnded"]
        assert_laws()
    else:
        run_together(*[lambda name=name: naive(name) for name in ("A", "B")])
    assert on_hand(sku, there) == arrived


def test_damaged_units_are_put_aside_found_sound_and_thrown_away(places):
    sku, here, _there = places
    booked = {"warehouse_id": here.pk, "reason": "进水", "actor": CLERK, "now": NOW}
    put_aside(items={sku: 3}, reference="D-1", **booked)
    find_sound(items={sku: 1}, reference="D-2", **booked)
    throw_away(items={sku: 1}, reference="D-3", **booked)
    row = WarehouseStock.objects.get(warehouse=here)
    assert (row.on_hand, row.damaged, available(sku)) == (8, 1, 8)
    kinds = StockMovement.objects.order_by("pk").values_list("kind", "quantity")
    assert list(kinds) == [("receipt", 10), ("damage", -3), ("repair", 1), ("scrap", -1)]
    for verb in (find_sound, throw_away):
        with pytest.raises(StockTaken):
            verb(items={sku: 2}, reference="D-4", **booked)
    with pytest.raises(ReferenceUsed):
        put_aside(items={sku: 1}, reference="D-1", **booked)
    row.refresh_from_db()
    assert (row.on_hand, row.damaged, available(sku)) == (8, 1, 8)
    assert_laws()


def test_what_comes_back_damaged_lies_aside(places):
    sku, _here, there = places
    with unit_of_work():
        receive_return(warehouse_id=there.pk, sound={}, damaged={sku: 2}, reference="B-1", actor=CLERK, now=NOW)
    row = WarehouseStock.objects.get(warehouse=there)
    assert (row.on_hand, row.damaged, available(sku)) == (0, 2, 10)
    assert_laws()


def test_the_laws_notice_lost_damage_and_lost_transfers(places):
    sku, here, _there = places
    transfer = send(places, 4)
    transfer.lines.update(sent=5)
    WarehouseStock.objects.filter(warehouse=here).update(damaged=1)
    broken = [sentence for law in LAWS[2:] for sentence in law()]
    assert len(broken) == 2
    assert sku
