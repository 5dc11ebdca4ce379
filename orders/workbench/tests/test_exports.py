"""Exported files: exactly what the filter lets through, harmless, masked, whole after a kill, for who asked alone."""

import csv
import io
from datetime import datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.utils.translation import override
from openpyxl import load_workbook

from logistics.network.tests.factories import HANGZHOU, make_warehouse
from logistics.shipments.tests.factories import make_carrier
from members.identity.phones import show_phone
from orders.checkout.models import Order
from orders.fulfilment.tests.test_parcels import deliver_facts
from orders.workbench.models import ExportPiece, OrderExport
from orders.workbench.services import exporting
from orders.workbench.services.exporting import ask_export, carry_on, content_of, sweep_exports
from orders.workbench.tests.making import clerk, order_of, owner, pay, seated, to_ship
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.clock import SHANGHAI
from shop.core.models import OutboxEntry

pytestmark = pytest.mark.django_db(transaction=True)
EXPORTS = "/admin/workbench/orderexport/"
MAY = ("view_orderexport", "add_orderexport", "view_order")


@pytest.fixture
def boss():
    return owner()


def asked(boss, content="orders", file_format="csv", reveals=False, **given):
    with override("en"):
        return ask_export(
            owner_id=boss.pk, content=content, file_format=file_format, given=given, reveals=reveals, now=clock.now()
        )


def written(export):
    carry_on(export_id=export.pk)
    export.refresh_from_db()
    text = b"".join(content_of(export)).decode()
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:])))


def test_a_file_holds_exactly_what_the_filter_lets_through(boss):
    wanted = [order_of(flag="red").number for _ in range(3)]
    order_of(flag="blue")
    export = asked(boss, flag="red")
    order_of(flag="red")  # placed after the file was asked for
    rows = written(export)
    assert [row["Order number"] for row in rows] == wanted[::-1]
    assert (export.status, export.rows) == ("done", 3)


def test_sums_are_plain_numbers_in_yuan(boss):
    order = pay(order_of((SkuFactory(price_fen=123456), 2)))
    [row] = written(asked(boss))
    assert (row["Goods"], row["Paid"], row["Payment method"]) == (
        "2469.12",
        f"{order.paid_fen / 100:.2f}",
        "WeChat Pay",
    )


def test_text_that_a_spreadsheet_would_run_is_made_harmless(boss):
    for start in "=+-@\t\r\n＝＋－＠":
        order_of(remark=f"{start}cmd|' /C calc'!A0", staff_remark=f"{start}1")
    rows = written(asked(boss))
    assert {row["Remark"][:2] for row in rows} == {f"'{start}" for start in "=+-@\t\r\n＝＋－＠"}
    assert all(row["Staff remark"].startswith("'") for row in rows)
    export = asked(boss, file_format="xlsx")
    carry_on(export_id=export.pk)
    sheet = load_workbook(io.BytesIO(b"".join(content_of(export)))).active
    cells = [cell for row in sheet.iter_rows(min_row=2) for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n"}


def test_people_are_masked_unless_they_may_be_named(boss):
    order = order_of()
    to = order.recipient
    [masked], [named] = written(asked(boss)), written(asked(boss, reveals=True))
    assert (masked["Recipient"], masked["Address"]) == (f"{to['name'][0]}**", f"{to['detail'][:2]}***")
    assert masked["Phone"].endswith(to["phone"][-4:])
    assert to["phone"] not in masked.values()
    assert (named["Recipient"], named["Phone"], named["Address"]) == (to["name"], show_phone(to["phone"]), to["detail"])


def test_lines_and_parcels_are_files_of_their_own(boss):
    make_carrier("SF")
    [parcel] = to_ship(make_warehouse(HANGZHOU))
    order_of((SkuFactory(code="TEA-1"), 2), (SkuFactory(code="CUP-1"), 1))
    lines = written(asked(boss, content="lines", product="TEA-1"))
    assert [(row["SKU"], row["Quantity"]) for row in lines] == [("TEA-1", "2"), ("CUP-1", "1")]
    [row] = written(asked(boss, content="parcels"))
    assert (row["Parcel"], row["Tracking number"], row["Warehouse"]) == (
        parcel.number,
        parcel.tracking_number,
        str(parcel.warehouse),
    )


def test_pieces_are_written_once_each_also_when_a_worker_is_killed_between_them(boss, monkeypatch):
    monkeypatch.setattr(exporting, "ORDERS_A_PIECE", 2)
    numbers = [order_of().number for _ in range(5)]
    export = asked(boss)
    exporting._write_piece(export_id=export.pk)  # the worker dies here
    assert ExportPiece.objects.count() == 1
    carry_on(export_id=export.pk, seconds=0)  # a slice that is over at once
    deliver_facts()
    assert [row["Order number"] for row in written(export)] == numbers[::-1]
    assert export.rows == 5


def test_a_page_of_orders_costs_the_same_queries_however_many(boss, django_assert_num_queries):
    for _ in range(2):
        order_of()
    export = asked(boss)
    for _ in range(6):
        order_of()
    other = asked(boss)
    for each in (export, other):
        with django_assert_num_queries(15):
            carry_on(export_id=each.pk)


def test_a_workbook_has_numbers_and_a_bound(boss, monkeypatch):
    order = order_of((SkuFactory(price_fen=4990), 1))
    export = asked(boss, file_format="xlsx")
    carry_on(export_id=export.pk)
    sheet = load_workbook(io.BytesIO(b"".join(content_of(export)))).active
    heading, row = sheet.iter_rows(values_only=True)
    told = dict(zip(heading, row, strict=True))
    assert (told["Order number"], told["Goods"]) == (order.number, 49.9)
    monkeypatch.setattr(exporting, "MOST_XLSX_ROWS", 0)
    long = asked(boss, file_format="xlsx")
    carry_on(export_id=long.pk)
    long.refresh_from_db()
    assert (long.status, long.pieces.count()) == ("too_long", 0)


def test_a_character_that_no_workbook_holds_is_left_out_of_it(boss):
    order_of(staff_remark="call\x0bback")
    export = asked(boss, file_format="xlsx")
    carry_on(export_id=export.pk)
    export.refresh_from_db()
    assert export.status == "done"
    heading, row = load_workbook(io.BytesIO(b"".join(content_of(export)))).active.iter_rows(values_only=True)
    assert dict(zip(heading, row, strict=True))["Staff remark"] == "callback"


def test_such_a_character_is_not_taken_into_a_remark(boss):
    order = order_of(staff_remark="before")
    page = f"/admin/checkout/order/{order.pk}/change/"
    answer = seated(boss).post(page, {"flag": "", "staff_remark": "call\x0bback"})
    assert "Control characters are not allowed." in answer.content.decode()
    order.refresh_from_db()
    assert order.staff_remark == "before"
    assert seated(boss).post(page, {"flag": "", "staff_remark": "call\nback"}).status_code == 302


def test_a_file_that_cannot_be_written_says_so_and_is_tried_again(boss, monkeypatch):
    order_of()
    export = asked(boss, file_format="xlsx")
    desk, again = seated(boss), f"{EXPORTS}{export.pk}/again/"

    def broken(*_args):
        raise ValueError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(exporting, "_write_book", broken)
        deliver_facts()
    export.refresh_from_db()
    assert (export.status, export.finished_at is None) == ("failed", False)
    assert not OutboxEntry.objects.filter(status="pending", fact="ExportGoesOn").exists()
    assert "Not written: try again" in desk.get(EXPORTS).content.decode()
    assert seated(owner("second")).post(again).status_code == 404
    assert desk.get(again).status_code == 200
    desk.post(again)
    deliver_facts()
    export.refresh_from_db()
    assert (export.status, export.rows) == ("done", 1)
    assert "Only a file that was not written is tried again." in desk.post(again, follow=True).content.decode()
    assert LogEntry.objects.get().get_change_message() == "Tried again"


def test_old_files_are_deleted_and_remembered(boss):
    order_of()
    old, new = asked(boss), asked(boss)
    for export in (old, new):
        carry_on(export_id=export.pk)
    OrderExport.objects.filter(pk=old.pk).update(asked_at=clock.now() - timedelta(days=7, seconds=1))
    assert sweep_exports(now=clock.now()) == 1
    assert sweep_exports(now=clock.now()) == 0
    assert list(OrderExport.objects.order_by("pk").values_list("status", flat=True)) == ["deleted", "done"]
    assert set(ExportPiece.objects.values_list("export", flat=True)) == {new.pk}


def test_staff_ask_wait_download_and_delete_and_all_is_written_down(boss):
    wanted, _other = order_of(flag="red"), order_of()
    desk = seated(clerk(*MAY))
    page = f"{EXPORTS}ask/?flag=red"
    shown = desk.get(page).content.decode()
    assert "flag: Red flag" in shown
    assert "streets" not in shown
    assert desk.post(page, {"content": "orders", "file_format": "csv", "reveals": "on"}).url == EXPORTS
    export = OrderExport.objects.get()
    assert (export.given, export.reveals) == ({"flag": "red"}, False)
    assert desk.get(f"{EXPORTS}{export.pk}/download/").status_code == 302
    deliver_facts()
    listed = desk.get(EXPORTS).content.decode()
    assert "Ready" in listed
    assert f'href="{EXPORTS}{export.pk}/download/"' in listed
    answer = desk.get(f"{EXPORTS}{export.pk}/download/")
    assert "no-store" in answer.headers["Cache-Control"]
    assert wanted.number in answer.getvalue().decode()
    desk.post(f"{EXPORTS}{export.pk}/forget/")
    assert not ExportPiece.objects.exists()
    told = [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]
    assert told[0].endswith("flag: Red flag")
    assert told[1:] == ["Downloaded", "Deleted"]


def test_a_file_is_nobody_else_s(boss):
    order_of()
    export = asked(boss, reveals=True)
    carry_on(export_id=export.pk)
    for stranger in (seated(clerk(*MAY)), seated(owner("second"))):
        for page in ("download/", "forget/", "change/"):
            assert stranger.get(f"{EXPORTS}{export.pk}/{page}").status_code in (302, 404)
        assert stranger.post(f"{EXPORTS}{export.pk}/forget/").status_code == 404
        assert f"#{export.pk}" not in stranger.get(EXPORTS).content.decode()
    assert seated(boss).get(f"{EXPORTS}{export.pk}/download/").status_code == 200
    assert seated(clerk("view_order", name="viewer")).get(f"{EXPORTS}ask/").status_code == 403


@pytest.mark.parametrize(
    ("given", "has_it"),
    [
        ({"placed": "today"}, True),
        ({"placed": "week", "placed_at_from": "2026-11-20", "placed_at_to": "2026-12-31"}, True),
        ({"placed": "yesterday"}, False),
        ({"placed": "week", "placed_at_to": "2026-11-19"}, False),
        ({"placed": "today", "placed_at_from": "soon"}, False),
        ({"placed": "ever"}, False),
    ],
)
def test_today_is_the_day_on_which_the_file_was_asked_for(boss, given, has_it):
    late = datetime(2026, 11, 20, 23, 59, 30, tzinfo=SHANGHAI)
    order = order_of()
    Order.objects.filter(pk=order.pk).update(placed_at=late - timedelta(hours=3))
    with clock.fixed(late):
        export = asked(boss, **given)
    with clock.fixed(late + timedelta(minutes=1)):
        rows = written(export)
    assert [row["Order number"] for row in rows] == [order.number] * has_it
