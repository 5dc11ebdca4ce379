"""After-sales over HTTP, as fronts meet them."""

import uuid

import pytest

from members.uploads.models import Upload
from orders.after_sales import services
from orders.after_sales.models import AfterSale
from orders.after_sales.tests.making import CLERK, ask, delivered, stocked
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order(member):
    sku = SkuFactory(price_fen=1_001, stock=0)
    stocked(sku)
    return delivered(member, (sku, 3))


def body(order, quantity=1, **more):
    line = {"line_id": order.lines.get().pk, "quantity": quantity}
    return {"kind": "return", "lines": [line], "reason": "damaged", **more}


def post(client, path, data=None, key=None):
    return client.post(f"/api/v1/{path}", data or {}, headers={"Idempotency-Key": key or uuid.uuid4().hex})


def test_from_preview_to_the_parcel_back(order, member_client, django_assert_num_queries):
    preview = post(member_client, f"orders/{order.number}/after-sales/preview", body(order, 2)).json()
    assert (preview["refund_fen"], preview["refund_points"], preview["coupons_returned"]) == (2_002, 0, [])
    assert preview["explanations"]
    answer = post(member_client, f"orders/{order.number}/after-sales", body(order, 2, description="碎了"))
    assert answer.status_code == 201
    asked = answer.json()
    assert (asked["status"], asked["refund_fen"], asked["can_cancel"], asked["return_to"]) == (
        "requested",
        2_002,
        True,
        None,
    )
    [line] = member_client.get(f"/api/v1/orders/{order.number}").json()["lines"]
    assert (line["units_for_after_sale"], line["units_refunded"]) == (1, 0)
    services.approve(number=asked["number"], actor=CLERK, now=clock.now(), answer="请寄回")
    approved = member_client.get(f"/api/v1/after-sales/{asked['number']}").json()
    assert (approved["can_send_goods"], approved["answer"]) == (True, "请寄回")
    assert approved["return_to"]["detail"] == "1 号"
    for tracking in ("SF1234567890", "SF1234567891"):
        parcel = {"carrier": "顺丰速运", "tracking_number": tracking}
        told = post(member_client, f"after-sales/{asked['number']}/return-shipment", parcel)
        assert (told.status_code, told.json()["tracking_number"]) == (200, tracking)
    refused = post(member_client, f"after-sales/{asked['number']}/cancel")
    assert (refused.status_code, refused.json()["code"], refused.json()["data"]) == (
        409,
        "after_sale_moved_on",
        {"status": "under_way"},
    )
    ask(order)
    member_client.get("/api/v1/after-sales")
    with django_assert_num_queries(3):
        items = member_client.get("/api/v1/after-sales").json()["items"]
    assert [each["status"] for each in items] == ["requested", "under_way"]
    only = member_client.get(f"/api/v1/after-sales?order={order.number}&status=requested").json()["items"]
    assert len(only) == 1


def test_asking_twice_with_one_key_asks_once(order, member_client):
    first, again = (
        post(member_client, f"orders/{order.number}/after-sales", body(order, 3), key="same-key-1") for _ in range(2)
    )
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    assert again.headers["Idempotent-Replayed"] == "true"
    other = post(member_client, f"orders/{order.number}/after-sales", body(order, 1))
    assert (other.status_code, other.json()["code"], AfterSale.objects.count()) == (409, "after_sale_units_not_left", 1)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"lines": []}, "/lines"),
        ({"lines": [{"line_id": 1, "quantity": 0}]}, "/lines/0/quantity"),
        ({"lines": [{"line_id": 1, "quantity": -1}]}, "/lines/0/quantity"),
        ({"lines": [{"line_id": 1, "quantity": 1}] * 2}, "/lines"),
        ({"kind": "gift"}, "/kind"),
        ({"reason": ""}, "/reason"),
        ({"refund_fen": 1}, "/refund_fen"),
    ],
)
def test_what_is_not_understood_is_refused(order, member_client, change, field):
    answer = post(member_client, f"orders/{order.number}/after-sales", {**body(order), **change})
    assert answer.status_code == 400
    assert field in [each["field"] for each in answer.json()["details"]]
    assert AfterSale.objects.count() == 0


def test_a_reason_in_the_members_own_words_is_kept(order, member_client):
    answer = post(member_client, f"orders/{order.number}/after-sales", body(order, reason="颜色不喜欢")).json()
    assert (answer["reason"], answer["description"]) == ("other", "颜色不喜欢")


def test_pictures_are_the_members_own_and_serve_one_thing(order, member, member_client):
    until = {
        "width": 1,
        "height": 1,
        "size": 1,
        "created_at": clock.now(),
        "expires_at": clock.now().replace(year=2099),
    }
    mine = Upload.objects.create(member=member, **until)
    missing = post(member_client, f"orders/{order.number}/after-sales", body(order, images=["0" * 32]))
    assert (missing.status_code, missing.json()["code"], AfterSale.objects.count()) == (404, "upload_not_found", 0)
    shown = post(member_client, f"orders/{order.number}/after-sales", body(order, images=[mine.pk])).json()
    assert [each["id"] for each in shown["images"]] == [mine.pk]
    mine.refresh_from_db()
    assert mine.used_for == f"after_sale:{shown['number']}"
    twice = post(member_client, f"orders/{order.number}/after-sales", body(order, images=[mine.pk]))
    assert (twice.status_code, twice.json()["code"]) == (409, "upload_in_use")
