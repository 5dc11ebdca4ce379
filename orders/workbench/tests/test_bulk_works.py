"""Shipping all that match: the prospect, the work parcel by parcel, stopping, going on, and a worker killed with -9."""

import os
import signal
import subprocess
import sys
import time

import pytest
from django.conf import settings
from django.db import connection

from logistics.network.models import StockMovement, WarehouseStock
from logistics.network.tests.factories import GUANGZHOU, HANGZHOU, make_warehouse
from logistics.shipments.models import Shipment
from logistics.shipments.services import ship
from logistics.shipments.tests.factories import make_carrier
from orders.after_sales.models import Kind
from orders.after_sales.tests.making import ask
from orders.checkout.models import Order
from orders.fulfilment.tests.test_parcels import deliver_facts
from orders.workbench.errors import NothingToShip
from orders.workbench.models import BulkWork, WorkItem
from orders.workbench.services import working
from orders.workbench.services.shipping import prospect, ship_all
from orders.workbench.services.working import carry_on, start_work, stop_work, work_on
from orders.workbench.tests.making import LIST, STAFF, clerk, order_of, owner, seated, to_ship
from shop.core import clock
from shop.core.models import OutboxEntry
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)
WORKS = "/admin/workbench/bulkwork/"


@pytest.fixture
def carrier():
    return make_carrier("SF")


@pytest.fixture
def here(carrier):
    return make_warehouse(HANGZHOU)


def begun(**given):
    return ship_all(given=given, actor=STAFF, now=clock.now())


def outcome(work):
    work.refresh_from_db()
    return work.status, work.total, work.done, work.failed


def left(warehouse):
    return StockMovement.objects.filter(warehouse=warehouse, kind="shipment").count()


def test_the_prospect_tells_what_goes_what_waits_and_what_has_no_parcel(here):
    to_ship(here, 2)
    [waiting] = to_ship(here, with_waybill=False)
    waiting.refresh_from_db()
    order_of()
    found = prospect(given={})
    assert (found.parcels, found.by_carrier) == (2, (("SF", 2),))
    assert found.held_up == ((waiting.get_problem_display(), 1),)
    assert found.without_parcel == (("待付款", 1),)
    assert prospect(given={"status": "cancelled"}).parcels == 0


def test_all_that_match_are_shipped_once_and_nothing_else(here):
    other = make_warehouse(GUANGZHOU)
    parcels, elsewhere = to_ship(here, 3), to_ship(other, 1)
    work = begun(warehouse=str(here.pk))
    late = to_ship(here, 1)
    deliver_facts()
    assert outcome(work) == ("done", 3, 3, 0)
    assert set(Shipment.objects.filter(status="shipped")) == set(parcels)
    assert left(here) == 3
    assert Order.objects.filter(status="shipped").count() == 3
    assert {each.status for each in Shipment.objects.filter(pk__in=[*(e.pk for e in elsewhere), late[0].pk])} == {
        "ready"
    }


def test_what_cannot_go_any_more_is_refused_with_its_reason_and_holds_up_nothing(here):
    first, second, third = to_ship(here, 3)
    work = begun()
    ship(shipment_number=second.number, actor=STAFF, now=clock.now())
    deliver_facts()
    assert outcome(work) == ("done", 3, 2, 1)
    refused = work.items.get(status="failed")
    assert (refused.shipment_number, refused.reason) == (second.number, "包裹当前为“已发货”，不能发货。")
    assert left(here) == 3


def refund_asked(parcel):
    order = Order.objects.get(number=parcel.order_number)
    return ask(order, kind=Kind.REFUND)


def test_a_parcel_with_a_refund_asked_for_stays_unless_it_is_ticked(here):
    parcel, other = to_ship(here, 2)
    refund_asked(parcel)
    found = prospect(given={})
    assert (found.parcels, found.refund_asked, found.held_up) == (1, 1, (("买家申请了退款", 1),))
    deliver_facts()
    work = begun()
    deliver_facts()
    assert outcome(work) == ("done", 1, 1, 0)
    assert set(Shipment.objects.filter(status="shipped")) == {other}
    desk, page = seated(owner()), f"{WORKS}ship/"
    assert "Also ship 1 parcels for which a refund is asked" in desk.get(page).content.decode()
    desk.post(page)
    assert BulkWork.objects.count() == 1
    answer = desk.post(page, {"despite_refunds": "on"})
    assert "also orders with a refund asked for" in desk.get(answer.url).content.decode()
    deliver_facts()
    assert set(Shipment.objects.filter(status="shipped")) == {parcel, other}


def test_a_refund_asked_for_while_the_work_runs_holds_its_parcel_back(here):
    [parcel] = to_ship(here, 1)
    work = begun()
    refund_asked(parcel)
    deliver_facts()
    assert outcome(work) == ("done", 1, 0, 1)
    assert work.items.get().reason == "买家申请了退款。"
    assert left(here) == 0


def test_nothing_to_ship_is_refused_and_leaves_no_work(here):
    to_ship(here, with_waybill=False)
    with pytest.raises(NothingToShip):
        begun()
    assert not BulkWork.objects.exists()
    assert not OutboxEntry.objects.filter(fact="WorkGoesOn").exists()


def test_a_work_stops_and_goes_on(here):
    to_ship(here, 3)
    work = begun()
    work_on(item_id=work.items.first().pk, now=clock.now())
    stop_work(work_id=work.pk, actor=STAFF)
    carry_on(work_id=work.pk)
    assert outcome(work) == ("stopped", 3, 1, 0)
    assert left(here) == 1
    start_work(work_id=work.pk, actor=STAFF, now=clock.now())
    deliver_facts()
    assert outcome(work) == ("done", 3, 3, 0)
    assert left(here) == 3


def test_a_slice_that_is_over_leaves_the_rest_to_the_next(here):
    to_ship(here, 2)
    work = begun()
    OutboxEntry.objects.filter(fact="WorkGoesOn").delete()
    carry_on(work_id=work.pk, seconds=0)
    assert outcome(work) == ("running", 2, 0, 0)
    assert OutboxEntry.objects.filter(fact="WorkGoesOn").count() == 1
    deliver_facts()
    assert outcome(work) == ("done", 2, 2, 0)


def unguarded(item_id):
    """What a parcel would be without the lock on its item: looked at, shipped, then counted."""
    item = WorkItem.objects.get(pk=item_id)
    if item.status == "waiting":
        time.sleep(0.2)
        WorkItem.objects.filter(pk=item_id).update(status="done")
        BulkWork.objects.filter(pk=item.work_id).update(done=working.F("done") + 1)
        return "done"
    return "seen"


@pytest.mark.parametrize("guarded", [True, False])
def test_two_workers_do_each_parcel_once(here, guarded):
    to_ship(here, 1)
    to_ship(here, 1)
    work = begun()
    item = work.items.first().pk
    act = (lambda: work_on(item_id=item, now=clock.now())) if guarded else (lambda: unguarded(item))
    run_together(*[act] * 4)
    if guarded:
        assert outcome(work) == ("running", 2, 1, 0)
        assert left(here) == 1
    else:
        # Two are all that the work has: the check behind it stops the third count.
        assert outcome(work)[2] == 2


def test_a_worker_killed_with_9_loses_and_doubles_nothing(here):
    parcels = to_ship(here, 30)
    work = begun()
    database = connection.settings_dict
    url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)
    code = f"from orders.workbench.services.working import carry_on; carry_on(work_id={work.pk})"
    worker = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", code],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "shop.settings.test"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while worker.poll() is None and BulkWork.objects.get(pk=work.pk).done < 5:
        time.sleep(0.01)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    done = BulkWork.objects.get(pk=work.pk).done
    assert 5 <= done < 30
    assert left(here) == done == work.items.filter(status="done").count()
    carry_on(work_id=work.pk)
    assert outcome(work) == ("done", 30, 30, 0)
    assert left(here) == 30
    assert set(Shipment.objects.filter(status="shipped")) == set(parcels)
    assert WarehouseStock.objects.get(warehouse=here).on_hand == 0


def test_the_warehouse_ships_all_that_match_in_the_admin(here):
    to_ship(here, 2)
    packer = seated(clerk("view_bulkwork", "change_shipment", name="packer"))
    page = f"{WORKS}ship/?warehouse={here.pk}"
    shown = packer.get(page).content.decode()
    assert "Ship 2 parcels" in shown
    assert "¥" not in shown
    answer = packer.post(page)
    work = BulkWork.objects.get()
    assert (answer.url, work.asked_by) == (f"{WORKS}{work.pk}/change/", "staff:packer")
    assert "0 of 2 shipped, 0 refused" in packer.get(answer.url).content.decode()
    assert packer.post(f"{WORKS}{work.pk}/stop/").status_code == 302
    assert packer.post(f"{WORKS}{work.pk}/begin/").status_code == 302
    assert "not possible" in packer.post(f"{WORKS}{work.pk}/begin/", follow=True).content.decode()
    deliver_facts()
    assert "2 of 2 shipped, 0 refused" in packer.get(f"{WORKS}").content.decode()


def test_the_list_of_orders_leads_to_shipping_what_it_shows(here):
    to_ship(here, 1)
    link = f"{WORKS}ship/?status=allocated"
    assert link in seated(owner()).get(LIST, {"status": "allocated"}).content.decode()
    assert link not in seated(clerk("view_order")).get(LIST, {"status": "allocated"}).content.decode()


def test_only_who_ships_may_begin_or_stop(here):
    to_ship(here, 1)
    work = begun()
    viewer = seated(clerk("view_bulkwork"))
    for page in ("ship/", "import/", f"{work.pk}/begin/", f"{work.pk}/stop/"):
        assert viewer.post(f"{WORKS}{page}").status_code == 403
    assert outcome(work) == ("running", 1, 0, 0)


def test_who_may_not_see_orders_learns_nothing_of_people_or_money_by_counting(here):
    [order] = [parcel.order_number for parcel in to_ship(here, 1)]
    phone = Order.objects.get(number=order).member.phone
    boss, packer = seated(owner()), seated(clerk("view_bulkwork", "change_shipment", name="packer"))
    refused = "You may narrow by what the warehouse needs only."
    for asked in ({"member": phone}, {"member": "13900000000"}, {"q": order}, {"amount_from": "9999"}):
        page = packer.get(f"{WORKS}ship/", asked)
        assert page.context["found"] == packer.get(f"{WORKS}ship/").context["found"]
        assert refused in page.content.decode()
        address = f"{WORKS}ship/?" + "&".join(f"{name}={value}" for name, value in asked.items())
        assert refused in packer.post(address).content.decode()
    assert not BulkWork.objects.exists()
    assert boss.get(f"{WORKS}ship/", {"amount_from": "9999"}).context["found"].parcels == 0
    address = f"{WORKS}ship/?member={phone.replace('+', '%2B')}"
    assert boss.post(address).status_code == 302
    work = BulkWork.objects.get()
    page = f"{WORKS}{work.pk}/change/"
    assert phone in boss.get(page).content.decode()
    hidden = packer.get(page).content.decode()
    assert phone not in hidden
    assert "Some orders" in hidden
    assert phone not in packer.get(f"{WORKS}{work.pk}/history/").content.decode()
