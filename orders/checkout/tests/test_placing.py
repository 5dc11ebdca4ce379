"""Placing an order through HTTP: what is written, what is held, what is refused, and what it costs."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from members.identity.tests.factories import AddressFactory, MemberFactory, client_for
from orders.cart.models import CartItem
from orders.checkout.invariants import LAWS
from orders.checkout.models import Order, OrderEvent, OrderStatus
from orders.checkout.preferences import UNPAID_MINUTES
from orders.checkout.services import placing
from orders.checkout.tests.making import buyer, items, ordered, place, quote, stock
from shop.catalog.models import Product, Sku, SkuStock, StockReservation
from shop.catalog.tests.factories import ProductFactory, SkuFactory
from shop.core import clock, preferences
from shop.core.models import IdempotencyKey, PreferenceValue

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(member):
    return buyer(member)


def assert_nothing_happened(*skus):
    assert Order.objects.count() == StockReservation.objects.count() == IdempotencyKey.objects.count() == 0
    assert not SkuStock.objects.filter(sku__in=skus, reserved__gt=0).exists()


def short(field, sku, *, quantity, available):
    """A line of which not enough is left, as a front reads it."""
    name = sku.product.name
    return {"field": field, "sku_id": sku.pk, "product_name": name, "quantity": quantity, "available": available}


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    return answer.json()


def test_an_order_is_written_down_as_it_was_agreed(client, member):
    sku = SkuFactory(price_fen=4990, stock=10, weight_g=250, options={"颜色": "红"}, product__name="龙井")
    answer = place(client, {"items": items((sku, 2)), "remark": "轻放", "expected_payable_fen": 9980})
    body = answer.json()
    assert answer.status_code == 201
    [line] = body.pop("lines")
    assert (body["status"], body["payable_fen"], body["remark"]) == ("pending_payment", 9980, "轻放")
    assert body["recipient"] == {
        "name": "张三",
        "phone": "13800138000",
        "region_code": "440305",
        "region_path": body["recipient"]["region_path"],
        "detail": "科技园路 1 号",
    }
    assert (line["product_name"], line["options"], line["quantity"], line["subtotal_fen"]) == ("龙井", "红", 2, 9980)
    order = Order.objects.get(number=body["number"])
    assert (order.member, order.phone_tail, order.lines.get().weight_g) == (member, "8000", 250)
    assert list(order.events.values_list("status", "actor")) == [("pending_payment", f"member:{member.pk}")]
    assert stock(sku) == (8, 2)
    assert [law() for law in LAWS] == [[]] * len(LAWS)


def test_the_past_is_never_recomputed(client):
    sku = SkuFactory(price_fen=1000, product__name="旧名")
    order = ordered(client, (sku, 1))
    Sku.objects.filter(pk=sku.pk).update(price_fen=9999)
    Product.objects.filter(pk=sku.product_id).update(name="新名")
    body = client.get(f"/api/v1/orders/{order.number}").json()
    assert (body["payable_fen"], body["lines"][0]["product_name"]) == (1000, "旧名")


def test_the_merchant_sets_how_long_an_order_waits(client):
    PreferenceValue.objects.update_or_create(key=UNPAID_MINUTES.key, defaults={"value": 45})
    preferences.forget_cached()
    order = ordered(client, (SkuFactory(), 1))
    assert (order.expires_at - order.placed_at).total_seconds() == 45 * 60
    assert StockReservation.objects.get(reference=order.number).expires_at == order.expires_at


def test_what_was_ordered_leaves_the_cart(client, member):
    bought, kept = SkuFactory(), SkuFactory()
    CartItem.objects.create(member=member, sku=bought, quantity=2, added_at=clock.now())
    CartItem.objects.create(member=member, sku=kept, quantity=1, selected=False, added_at=clock.now())
    assert place(client, {"from_cart": True}).status_code == 201
    assert list(CartItem.objects.values_list("sku_id", flat=True)) == [kept.pk]


def test_a_changed_price_is_shown_line_by_line_and_orders_nothing(client):
    sku = SkuFactory(price_fen=1000)
    Sku.objects.filter(pk=sku.pk).update(price_fen=1100)
    body = refused(place(client, {"items": items((sku, 2)), "expected_payable_fen": 2000}), 409, "price_changed")
    assert [(each["field"], each["message"]) for each in body["details"]] == [
        ("/items/0", "¥11.00 × 2"),
        ("/expected_payable_fen", "¥20.00 → ¥22.00"),
    ]
    new = body["data"]["quote"]
    assert (new["payable_fen"], new["lines"][0]["unit_price_fen"]) == (2200, 1100)
    assert (body["data"]["expected_payable_fen"], body["data"]["payable_fen"]) == (2000, 2200)
    assert body["data"]["lines"] == []
    assert_nothing_happened(sku)


@pytest.mark.parametrize("from_cart", [True, False])
def test_what_the_cart_remembers_names_old_and_new_price_of_the_lines_that_changed(client, from_cart):
    same, dearer, cheaper = SkuFactory(price_fen=500), SkuFactory(price_fen=1000), SkuFactory(price_fen=300)
    wanted = ((same, 1), (dearer, 2), (cheaper, 3))
    for sku, quantity in wanted:
        client.post("/api/v1/cart/items", {"sku_id": sku.pk, "quantity": quantity})
    Sku.objects.filter(pk=dearer.pk).update(price_fen=1100)
    Sku.objects.filter(pk=cheaper.pk).update(price_fen=250)
    goods = {"from_cart": True} if from_cart else {"items": items(*wanted)}
    body = refused(place(client, {**goods, "expected_payable_fen": 3400}), 409, "price_changed")
    assert [(each["field"], each["message"]) for each in body["details"]] == [
        ("/items/1", "¥10.00 → ¥11.00 × 2"),
        ("/items/2", "¥3.00 → ¥2.50 × 3"),
        ("/expected_payable_fen", "¥34.00 → ¥34.50"),
    ]
    named = ("field", "sku_id", "product_name", "quantity", "unit_price_was_fen", "unit_price_fen")
    assert [tuple(each[name] for name in named) for each in body["data"]["lines"]] == [
        ("/items/1", dearer.pk, dearer.product.name, 2, 1000, 1100),
        ("/items/2", cheaper.pk, cheaper.product.name, 3, 300, 250),
    ]
    assert CartItem.objects.count() == 3
    assert_nothing_happened(same, dearer, cheaper)


def test_a_changed_price_is_named_by_the_item_that_asked_for_it(client):
    """A SKU that is asked for twice is one line of the quote."""
    twice, other = SkuFactory(price_fen=100), SkuFactory(price_fen=200)
    asked = {"items": items((twice, 1), (twice, 1), (other, 1)), "expected_payable_fen": 1}
    body = refused(place(client, asked), 409, "price_changed")
    assert [each["field"] for each in body["details"]] == ["/items/0", "/items/2", "/expected_payable_fen"]


def test_stock_that_went_since_the_quote_is_named_and_nothing_is_held(client):
    held, gone = SkuFactory(stock=5), SkuFactory(stock=0)
    body = refused(place(client, {"items": items((held, 1), (gone, 1))}), 409, "out_of_stock")
    assert [each["field"] for each in body["details"]] == ["/items/1/quantity"]
    assert_nothing_happened(held, gone)


@pytest.mark.parametrize("ask", [place, quote])
def test_lines_that_are_short_say_how_many_units_are_left(client, ask):
    enough, few, gone = SkuFactory(stock=5), SkuFactory(stock=2), SkuFactory(stock=0)
    body = refused(ask(client, {"items": items((enough, 5), (few, 3), (gone, 1))}), 409, "out_of_stock")
    assert body["data"] == {
        "lines": [
            short("/items/1/quantity", few, quantity=3, available=2),
            short("/items/2/quantity", gone, quantity=1, available=0),
        ]
    }
    assert_nothing_happened(enough, few, gone)


@pytest.mark.parametrize(("left", "message"), [(2, "仅剩 2 件。"), (0, "已售罄。")])
def test_who_loses_the_race_for_stock_reads_what_the_winner_left(client, monkeypatch, left, message):
    """Somebody buys between the look at the stock and the moment it is taken."""
    enough, raced = SkuFactory(stock=5), SkuFactory(stock=5)
    reserve = placing.reserve_stock

    def faster(**asked):
        SkuStock.objects.filter(sku=raced).update(available=left)
        reserve(**asked)

    monkeypatch.setattr(placing, "reserve_stock", faster)
    body = refused(place(client, {"items": items((enough, 1), (raced, 3))}), 409, "out_of_stock")
    assert body["data"] == {"lines": [short("/items/1/quantity", raced, quantity=3, available=left)]}
    assert body["details"] == [{"field": "/items/1/quantity", "code": "out_of_stock", "message": message}]
    assert Order.objects.count() == 0


def test_an_order_needs_an_address(member):
    sku = SkuFactory()
    refused(place(client_for(member), {"items": items((sku, 1))}), 409, "address_required")
    assert_nothing_happened(sku)


def test_a_coupon_that_nobody_holds_does_not_vanish_silently(client):
    sku = SkuFactory(price_fen=1000)
    body = {"items": items((sku, 1)), "coupon_ids": [7]}
    refused(place(client, body), 409, "selection_rejected")
    assert_nothing_happened(sku)
    assert place(client, {**body, "expected_payable_fen": 1000}).status_code == 201


def test_a_limit_per_member_counts_orders_that_stand(client, member):
    product = ProductFactory(limit_per_member=3)
    first, second = SkuFactory(product=product), SkuFactory(product=product)
    order = ordered(client, (first, 2))
    body = refused(place(client, {"items": items((second, 2))}), 409, "limit_exceeded")
    assert [(each["field"], each["code"]) for each in body["details"]] == [("/items/0/quantity", "limit")]
    Order.objects.filter(pk=order.pk).update(status=OrderStatus.CANCELLED)
    assert place(client, {"items": items((second, 3))}).status_code == 201
    other = buyer(MemberFactory())
    assert place(other, {"items": items((first, 3))}).status_code == 201


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"items": [{"sku_id": 99_999_999, "quantity": 1}]}, 404, "sku_not_found"),
        ({"items": [{"sku_id": 1, "quantity": 10**12}]}, 400, "invalid_input"),
        ({"expected_payable_fen": "1000"}, 400, "invalid_input"),
        ({"expected_payable_fen": -1}, 400, "invalid_input"),
        ({"remark": "长" * 201}, 400, "invalid_input"),
        ({"remark": "\x00"}, 400, "invalid_input"),
        ({"remark": "轻放\u202e"}, 400, "invalid_input"),
        ({"remark": "轻放\x1b[2J"}, 400, "invalid_input"),
        ({"remark": 13800138000}, 400, "invalid_input"),
        ({"address_id": 99_999_999}, 404, "address_not_found"),
        ({"status": "paid"}, 400, "invalid_input"),
        ({"activity": {"kind": "presale", "id": 1}}, 404, "activity_not_found"),
    ],
)
def test_bad_orders_leave_nothing_behind(client, change, status, code):
    sku = SkuFactory()
    refused(place(client, {"items": items((sku, 1)), **change}), status, code)
    assert_nothing_happened(sku)


def test_a_remark_may_have_lines(client):
    answer = place(client, {"items": items((SkuFactory(), 1)), "remark": "轻放\r\n放门口 👨‍👩‍👧"})
    assert (answer.status_code, answer.json()["remark"]) == (201, "轻放\n放门口 👨‍👩‍👧")


def test_an_order_needs_an_idempotency_key(client):
    answer = client.post("/api/v1/orders", {"items": items((SkuFactory(), 1))})
    refused(answer, 400, "idempotency_key_required")
    assert Order.objects.count() == 0


def test_another_address_of_mine_can_be_chosen(client, member):
    other = AddressFactory(member=member, name="李四", is_default=False)
    answer = place(client, {"items": items((SkuFactory(), 1)), "address_id": other.pk})
    assert answer.json()["recipient"]["name"] == "李四"


def test_history_begins_with_the_order(client):
    ordered(client, (SkuFactory(), 1))
    assert OrderEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("lines", "statements"), [(1, 8), (20, 9)])
def test_an_order_takes_few_statements_however_many_lines(lines, statements):
    """The session, BEGIN, COMMIT and the idempotency key are among them."""
    client = buyer(MemberFactory())
    skus = [SkuFactory(stock=100) for _ in range(lines)]
    ordered(client, (skus[0], 1))  # brings to hand what a running process has: preferences, regions
    with CaptureQueriesContext(connection) as captured:
        assert place(client, {"items": items(*((sku, 1) for sku in skus))}).status_code == 201
    assert len(captured) == statements, [each["sql"][:80] for each in captured.captured_queries]
    # The session is looked at before, so that a refusal of it begins nothing.
    assert [captured.captured_queries[end]["sql"] for end in (1, -1)] == ["BEGIN", "COMMIT"]
