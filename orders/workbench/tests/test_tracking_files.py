"""Files of tracking numbers: the dry run row by row, shipping what is right, the file of what is not, and twice."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from logistics.network.tests.factories import HANGZHOU, make_warehouse
from logistics.shipments.models import Shipment, TrackingCorrection
from logistics.shipments.services import deliver
from logistics.shipments.tests.factories import make_carrier
from orders.fulfilment.tests.test_parcels import deliver_facts
from orders.workbench import tracking_files
from orders.workbench.models import BulkWork
from orders.workbench.services.tracking import check_tracking_file
from orders.workbench.services.working import carry_on, start_work
from orders.workbench.tests.making import STAFF, clerk, seated, to_ship
from shop.catalog.errors import ImportFileNotReadable
from shop.core import clock
from shop.core.models import OutboxEntry

pytestmark = pytest.mark.django_db(transaction=True)
HEADINGS = ["订单号", "快递公司", "运单号"]
WORKS = "/admin/workbench/bulkwork/"


@pytest.fixture
def carrier():
    return make_carrier("SF")


@pytest.fixture
def parcels(carrier):
    return to_ship(make_warehouse(HANGZHOU), 3, with_waybill=False)


def as_csv(*rows, encoding="utf-8"):
    text = io.StringIO()
    csv.writer(text).writerows([HEADINGS, *rows])
    return text.getvalue().encode(encoding)


def as_xlsx(*rows):
    book, file = Workbook(), io.BytesIO()
    for row in (HEADINGS, *rows):
        book.active.append(row)
    book.save(file)
    return file.getvalue()


def checked(content):
    return check_tracking_file(content=content, filename="运单.csv", actor=STAFF, now=clock.now())


def refused(work):
    return list(work.items.filter(status="failed").order_by("row").values_list("row", "column"))


def shipped():
    return dict(Shipment.objects.filter(status="shipped").values_list("number", "tracking_number"))


def shipped_from(work):
    start_work(work_id=work.pk, actor=STAFF, now=clock.now())
    deliver_facts()
    work.refresh_from_db()
    return work.status, work.total, work.done, work.failed


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_right_rows_are_shipped_by_order_or_parcel_number(parcels, encoding):
    first, second, _third = parcels
    rows = [[first.order_number, "SF", "SF0001"], [second.number, "sf", "SF0002"]]
    work = checked(as_csv(*rows, encoding=encoding))
    assert (work.status, work.total, work.failed) == ("checked", 2, 0)
    assert shipped() == {}
    assert shipped_from(work) == ("done", 2, 2, 0)
    assert shipped() == {first.number: "SF0001", second.number: "SF0002"}


def test_three_wrong_rows_are_told_apart_and_the_right_ones_go(parcels):
    first, second, third = (parcel.order_number for parcel in parcels)
    rows = [[first, "SF", "SF0001"], [second, "骑士", "SF0002"], ["D404", "SF", "SF0003"], [third, "SF", "1.23E+14"]]
    work = checked(as_xlsx(*rows))
    assert refused(work) == [(3, "carrier"), (4, "number"), (5, "tracking")]
    assert shipped_from(work) == ("done", 4, 1, 3)
    lines = list(tracking_files.failure_rows(work))
    assert [line[:4] for line in lines[1:]] == [[*row, str(number)] for number, row in enumerate(rows[1:], 3)]


def test_a_file_that_comes_again_ships_nothing_twice(parcels):
    content = as_csv([parcels[0].order_number, "SF", "SF0001"])
    shipped_from(checked(content))
    again = checked(content)
    assert (again.status, again.done, again.failed) == ("done", 1, 0)


def test_another_number_corrects_that_of_a_parcel_on_its_way(parcels, carrier):
    first, second, third = parcels
    arrived = [second.order_number, "SF", "SF0002"]
    shipped_from(checked(as_csv([first.order_number, "SF", "SF0001"], arrived, [third.order_number, "SF", "SF0003"])))
    deliver(shipment_number=second.number, now=clock.now())
    other = make_carrier("JD")
    file = as_csv([first.order_number, "JD", "JD0009"], [second.number, "SF", "SF0009"], [third.number, "SF", "SF0002"])
    work = checked(file)
    # What has arrived keeps its number, and nobody takes another parcel's.
    assert refused(work) == [(3, "number"), (4, "tracking")]
    assert shipped() == {first.number: "SF0001", third.number: "SF0003"}
    assert shipped_from(work) == ("done", 3, 1, 2)
    assert shipped() == {first.number: "JD0009", third.number: "SF0003"}
    [correction] = TrackingCorrection.objects.all()
    assert (correction.shipment, correction.actor) == (first, "staff:owner")
    assert (correction.wrong_carrier, correction.wrong_number) == (carrier, "SF0001")
    assert (correction.carrier, correction.tracking_number) == (other, "JD0009")
    again = checked(as_csv([first.order_number, "JD", "JD0009"]))
    assert (again.status, again.done, again.failed) == ("done", 1, 0)
    assert TrackingCorrection.objects.count() == 1
    asked = OutboxEntry.objects.filter(fact="TrackingNumberEntered", subscriber__endswith="ask_for_reports")
    assert [entry.payload["corrects"] for entry in asked.order_by("pk")] == [False, False, False, True]


def test_an_order_with_two_parcels_on_their_way_is_not_guessed_at(parcels):
    first, second, _third = parcels
    shipped_from(checked(as_csv([first.number, "SF", "SF0001"], [second.number, "SF", "SF0002"])))
    Shipment.objects.filter(pk=second.pk).update(order_number=first.order_number)
    assert refused(checked(as_csv([first.order_number, "SF", "SF0009"]))) == [(2, "number")]
    work = checked(as_csv([second.number, "SF", "SF0009"]))
    assert work.items.get().replaces == "SF0002"
    packer = seated(clerk("view_bulkwork", "change_shipment"))
    page = packer.get(f"{WORKS}{work.pk}/begin/").content.decode()
    assert "Ship 0 parcels, correct 1 tracking numbers?" in page
    assert "Takes the place of SF0002" in page
    assert shipped_from(work) == ("done", 1, 1, 0)
    fields = packer.get(f"{WORKS}{work.pk}/change/").context["adminform"].model_admin
    assert fields.refusals(work) == "–"
    assert "Takes the place of SF0002" in packer.get(f"{WORKS}{work.pk}/change/").content.decode()


def test_duplicates_inside_a_file_and_numbers_of_other_parcels_are_refused(parcels):
    first, second, third = (parcel.order_number for parcel in parcels)
    Shipment.objects.filter(order_number=third).update(tracking_number="TAKEN1")
    rows = [[first, "SF", "SF0001"], [first, "SF", "SF0002"], [second, "SF", "SF0001"], [second, "SF", "TAKEN1"]]
    assert refused(checked(as_csv(*rows))) == [(3, "number"), (4, "tracking"), (5, "number")]
    assert refused(checked(as_csv([second, "SF", "TAKEN1"]))) == [(2, "tracking")]


def test_formulas_do_nothing_here_and_nothing_in_the_file_that_comes_back(parcels):
    work = checked(as_csv(["=HYPERLINK(1)", "+SF", "@SUM(A1)"]))
    assert refused(work) == [(2, "tracking")]
    [_heading, line] = tracking_files.failure_rows(work)
    assert line[:3] == ["'=HYPERLINK(1)", "'+SF", "'@SUM(A1)"]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"a,b\n1,2\n", "文件须有且仅有一列"), (b"number,carrier,tracking\n", "文件没有数据行。")],
)
def test_a_file_that_says_nothing_is_refused_as_a_whole(content, said):
    work = checked(content)
    assert (work.status, work.total, work.failed) == ("done", 1, 1)
    assert work.items.get().reason.startswith(said)


@pytest.mark.parametrize("content", [b"\x00\x01", b"\xd0\xcf\x11\xe0", b"PK\x03\x04broken"])
def test_a_file_that_cannot_be_read_leaves_nothing(content):
    with pytest.raises(ImportFileNotReadable):
        checked(content)
    assert not BulkWork.objects.exists()


def test_a_long_file_is_checked_in_few_queries_and_bounded(parcels, monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(tracking_files, "MOST_ROWS", 2000)
    rows = [[f"D{number}", "SF", f"SF{number:06d}"] for number in range(2001)]
    with django_assert_max_num_queries(24):
        work = checked(as_csv(*rows))
    assert (work.total, work.failed) == (2001, 2001)
    assert "2000" in work.items.order_by("row").last().reason


def test_an_upload_shows_what_it_will_do_and_gives_back_what_is_wrong(parcels):
    packer = seated(clerk("view_bulkwork", "change_shipment"))
    content = as_csv([parcels[0].order_number, "SF", "SF0001"], ["D404", "SF", "SF0002"])
    answer = packer.post(f"{WORKS}import/", {"file": SimpleUploadedFile("运单.csv", content)})
    work = BulkWork.objects.get()
    assert answer.url == f"{WORKS}{work.pk}/begin/"
    page = packer.get(answer.url).content.decode()
    assert "Ship 1 parcels" in page
    assert "There is no such order or parcel to ship." in page
    assert packer.post(answer.url).url == f"{WORKS}{work.pk}/change/"
    deliver_facts()
    assert shipped() == {parcels[0].number: "SF0001"}
    file = packer.get(f"{WORKS}{work.pk}/failures/").getvalue().decode("utf-8-sig")
    assert [line.split(",")[0] for line in file.splitlines()] == ["Order or parcel", "D404"]
    assert "Order or parcel" in packer.get(f"{WORKS}template/").getvalue().decode("utf-8-sig")
    bad = packer.post(f"{WORKS}import/", {"file": SimpleUploadedFile("x.csv", b"\x00\x01")}).content.decode()
    assert "neither CSV nor XLSX" in bad


def sent_under(*numbers):
    """Parcels that have left under these numbers."""
    make_carrier("SF")
    parcels = to_ship(make_warehouse(HANGZHOU), len(numbers), with_waybill=False)
    work = checked(as_csv(*([each.number, "SF", number] for each, number in zip(parcels, numbers, strict=True))))
    shipped_from(work)
    return parcels


def numbers_of(parcels):
    return [Shipment.objects.get(pk=each.pk).tracking_number for each in parcels]


def done_with(work):
    start_work(work_id=work.pk, actor=STAFF, now=clock.now())
    carry_on(work_id=work.pk)
    work.refresh_from_db()
    return work.status, work.done, work.failed


def test_swapped_numbers_are_put_right_together_and_told_once():
    parcels = sent_under("SF0002", "SF0003", "SF0001")
    wanted = ["SF0001", "SF0002", "SF0003"]
    work = checked(as_csv(*([each.number, "SF", number] for each, number in zip(parcels, wanted, strict=True))))
    assert refused(work) == []
    told = OutboxEntry.objects.filter(fact="TrackingNumberEntered", payload__corrects=True)
    before = told.values("event_id").distinct().count()
    assert done_with(work) == ("done", 3, 0)
    assert numbers_of(parcels) == wanted
    assert told.values("event_id").distinct().count() == before + 3
    wrong = TrackingCorrection.objects.order_by("shipment").values_list("wrong_number", "tracking_number")
    assert list(wrong) == [("SF0002", "SF0001"), ("SF0003", "SF0002"), ("SF0001", "SF0003")]


@pytest.mark.parametrize("turned", [False, True])
def test_a_number_that_another_row_frees_may_be_taken_wherever_that_row_stands(turned):
    first, second = parcels = sent_under("SF0002", "SF0009")
    rows = [[first.number, "SF", "SF0001"], [second.number, "SF", "SF0002"]]
    work = checked(as_csv(*(rows[::-1] if turned else rows)))
    assert refused(work) == []
    assert done_with(work) == ("done", 2, 0)
    assert numbers_of(parcels) == ["SF0001", "SF0002"]


def test_waybills_that_were_mixed_up_while_packing_are_swapped_and_none_is_voided():
    make_carrier("SF")
    first, second = parcels = to_ship(make_warehouse(HANGZHOU), 2)
    wanted = [second.tracking_number, first.tracking_number]
    work = checked(as_csv([first.number, "SF", wanted[0]], [second.number, "SF", wanted[1]]))
    assert refused(work) == []
    assert done_with(work) == ("done", 2, 0)
    assert numbers_of(parcels) == wanted
    assert not OutboxEntry.objects.filter(fact="WaybillVoided").exists()


def test_a_number_that_its_parcel_keeps_is_refused_and_so_is_who_waits_for_it():
    first, second, third = parcels = sent_under("SF0001", "SF0002", "SF0003")
    work = checked(
        as_csv([first.number, "SF", "SF0002"], [second.number, "SF", "SF0003"], [third.number, "SF", "SF0003"])
    )
    assert [item.row for item in work.items.filter(status="failed").order_by("row")] == [2, 3, 4]
    assert numbers_of(parcels) == ["SF0001", "SF0002", "SF0003"]


def test_a_ring_that_breaks_leaves_every_number_as_it_was(monkeypatch):
    first, second = parcels = sent_under("SF0002", "SF0001")
    work = checked(as_csv([first.number, "SF", "SF0001"], [second.number, "SF", "SF0002"]))
    Shipment.objects.filter(pk=second.pk).update(status="delivered")
    assert done_with(work) == ("done", 0, 2)
    assert numbers_of(parcels) == ["SF0002", "SF0001"]
    assert not TrackingCorrection.objects.exists()
