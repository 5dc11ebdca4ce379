"""The job centre, through its page: whose jobs are seen, how far they are, stopping half-way, and going on."""

import csv
import io
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from logistics.network.tests.factories import HANGZHOU, make_warehouse
from logistics.shipments.tests.factories import make_carrier
from members.identity.tests.factories import MemberFactory
from orders.workbench.models import BulkWork, ExportPiece, OrderExport, WorkItem
from orders.workbench.services import exporting
from orders.workbench.services.exporting import ask_export
from orders.workbench.services.shipping import ship_all
from orders.workbench.services.working import work_on
from orders.workbench.tests.making import order_of, to_ship
from points.accounts.models import GrantFile
from points.accounts.services import request_file, upload_file, work_files
from points.accounts.services.filing import work_batch
from points.ledger.tests.making import balance, violations
from shop.catalog.models import Product, ProductImport
from shop.catalog.services.import_files import check_product_file
from shop.catalog.tests.factories import make_category
from shop.core import clock, outbox
from shop.core.actors import Actor
from shop.core.job_centre import kinds
from shop.core.models import OutboxEntry, StaffUser

pytestmark = pytest.mark.django_db(transaction=True)
CENTRE = "/admin/core/jobrun/centre/"
GRANTS = ("view_grantfile", "change_grantfile")


class Seat:
    """Somebody of the staff before the job centre."""

    def __init__(self, name, *permissions, is_owner=False):
        make = StaffUser.objects.create_superuser if is_owner else StaffUser.objects.create_user
        self.user = make(name, password="x", is_staff=True)
        self.user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        self.actor = Actor.staff(name)
        self.client = Client(headers={"Accept-Language": "en"})
        self.client.force_login(self.user)

    def sees(self):
        return self.client.get(CENTRE).content.decode()

    def does(self, kind, pk, verb):
        return self.client.post(f"{CENTRE}{kind}/{pk}/{verb}/").status_code


@pytest.fixture
def boss(db):
    return Seat("boss", is_owner=True)


@pytest.fixture
def mei(db):
    return Seat("mei", *GRANTS)


def gift(seat, count=5, *, asked=True):
    members = [MemberFactory(phone=f"+861390000000{n}") for n in range(1, count + 1)]
    rows = "".join(f"1390000000{n},{10 * n},节日\n" for n in range(1, count + 1))
    content, now = f"手机号,积分,原因\n{rows}".encode(), clock.now()
    file = upload_file(content=content, filename="gift.csv", actor=seat.actor, now=now)
    if asked:
        request_file(file_id=file.pk, actor=seat.actor, now=now)
    file.refresh_from_db()
    return file, members


def test_each_sees_their_own_jobs_and_the_owner_those_of_all(boss, mei):
    file, _members = gift(mei)
    colleague = Seat("bo", *GRANTS)
    assert "gift.csv" in mei.sees()
    assert "gift.csv" in boss.sees()
    assert "gift.csv" not in colleague.sees()
    assert colleague.does("grant-file", file.pk, "stop") == 404
    assert colleague.client.get(f"{CENTRE}grant-file/{file.pk}/refusals/").status_code == 404
    assert Seat("guest").client.get(CENTRE).status_code == 403
    file.refresh_from_db()
    assert file.status == "running"


def test_who_may_only_look_stops_nothing(mei):
    file, _members = gift(mei)
    mei.user.user_permissions.remove(Permission.objects.get(codename="change_grantfile"))
    assert "/stop/" not in mei.sees()
    assert mei.does("grant-file", file.pk, "stop") == 403
    file.refresh_from_db()
    assert file.status == "running"


def test_a_gift_stopped_half_way_goes_on_and_gives_nobody_twice(mei):
    file, members = gift(mei)
    assert work_batch(file_id=file.pk, now=clock.now(), batch_size=2) == 2
    assert 'aria-valuenow="40"' in mei.sees()
    assert "Stop with 3 of 5 rows left?" in mei.client.get(f"{CENTRE}grant-file/{file.pk}/stop/").content.decode()
    assert mei.does("grant-file", file.pk, "stop") == 302
    assert work_files(now=clock.now()) == 0
    assert sum(balance(member)[0] > 0 for member in members) == 2
    assert 'data-state="stopped"' in mei.sees()
    assert "2 of 5 rows, 0 refused" in mei.sees()
    for _ in range(2):
        mei.does("grant-file", file.pk, "retry")
    work_files(now=clock.now())
    assert [balance(member)[0] for member in members] == [10, 20, 30, 40, 50]
    assert 'data-state="done"' in mei.sees()
    assert mei.does("grant-file", file.pk, "stop") == 302
    file.refresh_from_db()
    assert file.status == GrantFile.Status.DONE
    assert violations() == {}


def test_what_a_file_has_wrong_is_told_row_by_row_and_downloaded(mei):
    wrong = "手机号,积分\n13900000001,0\n13900000002,x\n".encode()
    file = upload_file(content=wrong, filename="wrong.csv", actor=mei.actor, now=clock.now())
    assert 'data-state="failed"' in mei.sees()
    answer = mei.client.get(f"{CENTRE}grant-file/{file.pk}/refusals/")
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert rows[0] == ["row", "column", "reason"]
    assert [row[0] for row in rows[1:]] == [str(each["row"]) for each in file.problems]


def test_a_bulk_work_is_stopped_and_goes_on_from_the_page(boss):
    make_carrier("SF")
    parcels = to_ship(make_warehouse(HANGZHOU), 4)
    work = ship_all(given={}, actor=boss.actor, now=clock.now())
    first, *_others = work.items.order_by("pk")
    work_on(item_id=first.pk, now=clock.now())
    assert 'aria-valuenow="25"' in boss.sees()
    assert boss.does("bulk-work", work.pk, "stop") == 302
    outbox.deliver_due(now=clock.now() + timedelta(minutes=1))
    work.refresh_from_db()
    assert (work.status, work.done) == ("stopped", 1)
    assert WorkItem.objects.filter(status="waiting").count() == 3
    assert boss.does("bulk-work", work.pk, "retry") == 302
    outbox.deliver_due(now=clock.now() + timedelta(minutes=1))
    work.refresh_from_db()
    assert (work.status, work.done, work.failed) == ("done", 4, 0)
    for parcel in parcels:
        parcel.refresh_from_db()
        assert parcel.shipped_at is not None
    assert BulkWork.objects.count() == 1


def test_an_export_that_is_stopped_leaves_no_half_file(boss, monkeypatch):
    monkeypatch.setattr(exporting, "ORDERS_A_PIECE", 1)
    for _ in range(3):
        order_of()
    export = ask_export(
        owner_id=boss.user.pk, content="orders", file_format="csv", given={}, reveals=False, now=clock.now()
    )
    exporting.carry_on(export_id=export.pk, seconds=-1)
    assert ExportPiece.objects.count() == 1
    assert boss.does("order-export", export.pk, "stop") == 302
    exporting.carry_on(export_id=export.pk)
    export.refresh_from_db()
    assert (export.status, ExportPiece.objects.count()) == (OrderExport.Status.DELETED, 0)
    assert boss.does("order-export", export.pk, "stop") == 302
    assert 'data-state="stopped"' in boss.sees()


def confirmed(seat):
    make_category("茶叶")
    text = "商品编码,商品名称,分类,规格编码,售价\nT1,龙井,茶叶,S1,12.5\n"
    upload = check_product_file(
        content=text.encode(), filename="tea.csv", create_missing=False, actor=seat.actor, now=clock.now()
    )
    upload.save()
    seat.client.post(f"/admin/catalog/productimport/{upload.pk}/import/")
    return upload


def test_what_a_killed_worker_left_is_taken_up_again(boss):
    upload = confirmed(boss)
    later = clock.now() + timedelta(minutes=30)
    OutboxEntry.objects.filter(fact="ProductFileConfirmed").update(leased_until=clock.now(), due_at=later)
    outbox.deliver_due(now=clock.now())
    assert not Product.objects.exists()
    assert 'data-state="running"' in boss.sees()
    outbox.deliver_due(now=later)
    upload.refresh_from_db()
    assert (upload.status, Product.objects.count()) == (ProductImport.Status.IMPORTED, 1)


def test_what_was_given_up_is_shown_as_failed_and_done_once_when_tried_again(boss):
    upload = confirmed(boss)
    OutboxEntry.objects.filter(fact="ProductFileConfirmed").update(status="parked", last_error="OSError: no disk")
    page = boss.sees()
    assert 'data-state="failed"' in page
    assert "no disk" in page
    assert boss.does("product-import", upload.pk, "retry") == 302
    outbox.deliver_due(now=clock.now() + timedelta(minutes=1))
    assert Product.objects.count() == 1
    assert 'data-state="done"' in boss.sees()
    boss.does("product-import", upload.pk, "retry")
    outbox.deliver_due(now=clock.now() + timedelta(minutes=2))
    assert Product.objects.count() == 1


def test_every_kind_can_be_listed(boss, django_assert_max_num_queries):
    assert len(kinds()) >= 9
    boss.sees()
    with django_assert_max_num_queries(45):
        boss.sees()
    assert boss.client.get(f"{CENTRE}?state=active&kind=hand-out").status_code == 200
    assert boss.client.get(f"{CENTRE}?before=nonsense").status_code == 200
