import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook

from logistics.network.map import project
from logistics.network.models import StockMovement, StockTransfer, WarehouseStock
from logistics.network.tests.factories import CLERK, GUANGZHOU, NOW, make_store, make_warehouse, stock
from logistics.network.transfers import send_transfer
from shop.catalog.models import SkuStock
from shop.catalog.tests.factories import make_product

pytestmark = pytest.mark.django_db(transaction=True)
RECEIVE = "admin:network_warehousestock_receive"
COUNT = "admin:network_warehousestock_count"
BY_FILE = "admin:network_warehousestock_receive_file"


@pytest.fixture
def warehouse():
    return make_warehouse()


@pytest.fixture
def sku():
    return make_product(code="TEA").skus.get()


def paper(warehouse, **fields) -> dict:
    return {"warehouse": warehouse.pk, "reference": "DN-1", "reason": "到货", **fields}


def on_hand() -> list[int]:
    return list(WarehouseStock.objects.order_by("sku_id").values_list("on_hand", flat=True))


@pytest.mark.parametrize("model", ["warehouse", "store", "warehousestock", "stockmovement", "stocktransfer"])
def test_lists_open(admin_client, warehouse, sku, model):
    make_store()
    stock(warehouse, {sku.pk: 3})
    sent = {"origin_id": warehouse.pk, "destination_id": make_warehouse().pk, "items": {sku.pk: 1}}
    send_transfer(**sent, reason="调拨", actor=CLERK, now=NOW)
    page = admin_client.get(reverse(f"admin:network_{model}_changelist"))
    assert page.status_code == 200
    assert warehouse.name in page.content.decode()


@pytest.mark.parametrize("page", [RECEIVE, COUNT, BY_FILE])
def test_form_pages_open(admin_client, page):
    answer = admin_client.get(reverse(page))
    assert answer.status_code == 200
    assert 'name="reference"' in answer.content.decode()


def test_goods_typed_in_are_received_and_named_after_the_clerk(admin_client, warehouse, sku):
    answer = admin_client.post(reverse(RECEIVE), paper(warehouse, lines="TEA-1 12\n\n"))
    assert answer.status_code == 302
    movement = StockMovement.objects.get()
    assert (movement.quantity, movement.reason, movement.actor) == (12, "到货", "staff:admin")
    assert SkuStock.objects.get(pk=sku.pk).available == 12


@pytest.mark.parametrize(
    "lines",
    ["", "TEA-1", "TEA-1 0", "TEA-1 -1", "TEA-1 1.5", "TEA-1 x", "NONE 1", "TEA-1 1\nTEA-1 2", "TEA-1 99999999"],
)
def test_lines_that_make_no_sense_are_refused(admin_client, warehouse, sku, lines):
    answer = admin_client.post(reverse(RECEIVE), paper(warehouse, lines=lines))
    assert answer.status_code == 200
    assert not StockMovement.objects.exists()


def test_the_same_paper_is_not_booked_twice(admin_client, warehouse, sku):
    for _time in range(2):
        answer = admin_client.post(reverse(RECEIVE), paper(warehouse, lines="TEA-1 12"))
    assert answer.status_code == 200
    assert "DN-1" in answer.content.decode()
    assert on_hand() == [12]


def test_a_stock_take_is_booked(admin_client, warehouse, sku):
    stock(warehouse, {sku.pk: 5})
    answer = admin_client.post(reverse(COUNT), paper(warehouse, lines="TEA-1 0", reason="盘亏"))
    assert answer.status_code == 302
    assert on_hand() == [0]


def upload(admin_client, warehouse, content: bytes, do: str = "receive", name: str = "goods.csv"):
    return admin_client.post(reverse(BY_FILE), paper(warehouse, file=SimpleUploadedFile(name, content), do=do))


def test_a_file_is_checked_without_effect_and_then_received(admin_client, warehouse, sku):
    content = "SKU编码,数量\nTEA-1,40\n".encode("gbk")
    assert upload(admin_client, warehouse, content, do="check").status_code == 200
    assert on_hand() == []
    assert upload(admin_client, warehouse, content).status_code == 302
    assert on_hand() == [40]


def test_a_workbook_is_received(admin_client, warehouse, sku):
    book = Workbook()
    for row in (["sku", "quantity"], ["TEA-1", 7]):
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    assert upload(admin_client, warehouse, content.getvalue(), name="goods.xlsx").status_code == 302
    assert on_hand() == [7]


def test_every_problem_of_a_file_is_named_and_nothing_is_received(admin_client, warehouse, sku):
    content = b"sku,quantity\nTEA-1,5\nNONE,1\nTEA-1,2\n,3\nTEA-2,1.5\n"
    page = upload(admin_client, warehouse, content)
    assert page.status_code == 200
    rows = page.context["table"]["rows"]
    assert sorted((row, column) for row, column, _reason in rows) == [
        (3, "sku"),
        (4, "sku"),
        (5, "sku"),
        (6, "quantity"),
    ]
    assert on_hand() == []


@pytest.mark.parametrize("content", [b"", b"sku\nTEA-1\n", b"sku,quantity\n", b"\x00\x01", b"PK\x03\x04junk"])
def test_a_file_that_cannot_be_read_is_refused(admin_client, warehouse, sku, content):
    assert upload(admin_client, warehouse, content).status_code == 200
    assert on_hand() == []


def test_staff_without_the_permission_cannot_book(client, django_user_model, warehouse, sku):
    client.force_login(django_user_model.objects.create_user("viewer", is_staff=True))
    assert client.post(reverse(RECEIVE), paper(warehouse, lines="TEA-1 12")).status_code == 403
    assert on_hand() == []


def test_goods_are_sent_to_another_warehouse_and_received_with_a_difference(admin_client, warehouse, sku):
    stock(warehouse, {sku.pk: 5})
    other = make_warehouse(name="白云仓")
    form = {"warehouse": warehouse.pk, "destination": other.pk, "reason": "补货", "lines": "TEA-1 3"}
    send = reverse("admin:network_stocktransfer_send")
    assert admin_client.post(send, {**form, "destination": warehouse.pk}).status_code == 200
    assert admin_client.post(send, {**form, "lines": "TEA-1 9"}).status_code == 200
    assert not StockTransfer.objects.exists()
    assert admin_client.post(send, form).status_code == 302
    transfer = StockTransfer.objects.get()
    receive = reverse("admin:network_stocktransfer_arrive", args=[transfer.pk])
    assert "TEA-1 3" in admin_client.get(receive).content.decode()
    assert admin_client.post(receive, {"lines": "TEA-1 2"}).status_code == 200
    assert SkuStock.objects.get(pk=sku.pk).available == 2
    assert admin_client.post(receive, {"lines": "TEA-1 2", "difference": "破损"}).status_code == 302
    assert SkuStock.objects.get(pk=sku.pk).available == 4
    page = admin_client.get(reverse("admin:network_stocktransfer_change", args=[transfer.pk])).content.decode()
    assert "破损" in page
    back = reverse("admin:network_stocktransfer_call_back", args=[transfer.pk])
    assert admin_client.post(back).status_code == 302
    transfer.refresh_from_db()
    assert (transfer.status, SkuStock.objects.get(pk=sku.pk).available) == ("received", 4)


def test_a_transfer_is_called_back(admin_client, warehouse, sku):
    stock(warehouse, {sku.pk: 5})
    sent = {"origin_id": warehouse.pk, "destination_id": make_warehouse().pk, "items": {sku.pk: 3}}
    transfer = send_transfer(**sent, reason="调拨", actor=CLERK, now=NOW)
    back = reverse("admin:network_stocktransfer_call_back", args=[transfer.pk])
    assert admin_client.get(back).status_code == 200
    assert admin_client.post(back).status_code == 302
    assert SkuStock.objects.get(pk=sku.pk).available == 5


def test_damage_is_booked_and_who_has_too_little_is_shown_with_who_has_more(admin_client, warehouse, sku):
    stock(warehouse, {sku.pk: 5})
    donor = make_warehouse(name="白云仓")
    stock(donor, {sku.pk: 40})
    form = {"what": "aside", **paper(warehouse, lines="TEA-1 2")}
    assert admin_client.post(reverse("admin:network_warehousestock_damage"), form).status_code == 302
    safety = {"warehouse": warehouse.pk, "lines": "TEA-1 8"}
    assert admin_client.post(reverse("admin:network_warehousestock_safety_stock"), safety).status_code == 302
    row = WarehouseStock.objects.get(warehouse=warehouse)
    assert (row.on_hand, row.damaged, row.safety) == (3, 2, 8)
    page = admin_client.get(reverse("admin:network_warehousestock_fill_up")).content.decode()
    assert "TEA-1" in page
    assert "白云仓" in page
    for state, found in (("low", 1), ("damaged", 1), ("", 2)):
        answer = admin_client.get(reverse("admin:network_warehousestock_changelist"), {"state": state})
        assert answer.context["cl"].result_count == found


def test_the_map_draws_every_place(admin_client, warehouse, django_assert_max_num_queries):
    make_store(name="武林店")
    make_warehouse(GUANGZHOU, name="白云仓", is_active=False)
    with django_assert_max_num_queries(12):
        page = admin_client.get(reverse("admin:network_warehouse_map")).content.decode()
    for words in (warehouse.name, "武林店", "白云仓", "<svg", "<circle"):
        assert words in page


def test_the_map_projects_the_middle_to_the_middle_and_north_is_up():
    assert project(104.5, 54.0) == (450.0, 0.0)
    hangzhou, guangzhou = project(120.0, 30.4), project(113.3, 23.3)
    assert hangzhou[0] > guangzhou[0]
    assert hangzhou[1] < guangzhou[1]
