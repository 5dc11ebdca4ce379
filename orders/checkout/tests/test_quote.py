"""The quote through HTTP: the contract's keys, the sums by hand, and every bad input with its code."""

from datetime import UTC, datetime, time, timedelta

import pytest

from logistics.allocation.models import AllocationPolicy, AllocationRule
from logistics.allocation.policies import LIVE
from logistics.carriers.models import Carrier, CarrierRate
from logistics.freight.models import FreightTemplate, FreightZone, ProductFreight
from logistics.freight.queries import KNOWN
from logistics.network.models import Store, Warehouse
from logistics.network.tests.factories import GUANGZHOU, HANGZHOU, make_warehouse
from logistics.network.tests.factories import stock as receive
from members.identity.tests.factories import AddressFactory, MemberFactory, client_for
from orders.cart.models import CartItem
from orders.checkout.models import Order
from orders.checkout.tests.making import buyer, items, place, quote
from shop.catalog.models import Product
from shop.catalog.tests.factories import ProductFactory, SkuFactory
from shop.core import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(member):
    return buyer(member)


@pytest.fixture
def freight():
    """¥12 for the first kilogram and ¥5 for each begun one above, free from ¥200; nothing goes to Tibet."""
    template = FreightTemplate.objects.create(name="默认", is_default=True, free_from_fen=20_000)
    rates = {"first_size": 1000, "first_fen": 1200, "step_size": 1000, "step_fen": 500}
    FreightZone.objects.create(template=template, name="全国", **rates)
    FreightZone.objects.create(template=template, name="西藏", regions=["540000"], delivers=False, **rates)


def refusal(answer):
    body = answer.json()
    return answer.status_code, body["code"], [(each["field"], each["code"]) for each in body["details"]]


def test_a_quote_has_the_contract_s_keys_and_adds_up(client, freight):
    tea, cup = SkuFactory(price_fen=3990, weight_g=600), SkuFactory(price_fen=1250, weight_g=500)
    answer = quote(client, {"items": items((tea, 2), (cup, 1))})
    assert answer.status_code == 200

    def line(sku, quantity, unit_price_fen, fen):
        prices = {"unit_price_fen": unit_price_fen, "subtotal_fen": fen, "payable_fen": fen}
        return {"sku_id": sku.pk, "quantity": quantity, "adjustments": [], **prices}

    assert answer.json() == {
        "lines": [line(tea, 2, 3990, 7980), line(cup, 1, 1250, 1250)],
        "gifts": [],
        "goods_fen": 9230,
        "discount_fen": 0,
        "freight_fen": 1700,  # 1700 g: the first kilogram and one begun
        "freight_adjustments": [],
        "freight_parts": [
            {"template": "默认", "zone": "全国", "sku_ids": sorted([tea.pk, cup.pk]), "amount_fen": 1700}
        ],
        "points_used": 0,
        "points_discount_fen": 0,
        "payable_fen": 10_930,
        "applied": [],
        "rejected": [],
        "points_to_earn": 92,  # a point for each yuan of goods
        "usable_coupons": [],
        "promised_at": None,
        "address_required": False,
        # Paid at once, sent at once.
        "deposit_fen": 0,
        "balance_fen": 0,
        "balance_from": None,
        "balance_until": None,
        "deposit_back_if_missed": None,
        "deposit_back_on_request": None,
        "ships_at": None,
    }


def test_without_an_address_freight_waits(freight):
    client = client_for(MemberFactory())
    body = quote(client, {"items": items((SkuFactory(price_fen=500), 1))}).json()
    assert (body["address_required"], body["freight_fen"], body["payable_fen"]) == (True, 0, 500)


def test_a_quote_orders_nothing(client):
    sku = SkuFactory(stock=3)
    quote(client, {"items": items((sku, 2))})
    sku.stock.refresh_from_db()
    assert (sku.stock.available, sku.stock.reserved, Order.objects.count()) == (3, 0, 0)


def test_duplicates_are_one_line(client):
    sku = SkuFactory(price_fen=100)
    body = quote(client, {"items": items((sku, 2), (sku, 3))}).json()
    assert [(line["quantity"], line["subtotal_fen"]) for line in body["lines"]] == [(5, 500)]


def test_the_selected_lines_of_the_cart_are_quoted(client, member):
    chosen, other = SkuFactory(price_fen=700), SkuFactory()
    CartItem.objects.create(member=member, sku=chosen, quantity=3, added_at=clock.now())
    CartItem.objects.create(member=member, sku=other, quantity=1, selected=False, added_at=clock.now())
    body = quote(client, {"from_cart": True}).json()
    assert [(line["sku_id"], line["quantity"]) for line in body["lines"]] == [(chosen.pk, 3)]


def test_an_empty_cart_cannot_be_quoted(client):
    assert refusal(quote(client, {"from_cart": True}))[:2] == (409, "cart_empty")


def test_picking_up_costs_no_freight(client, freight):
    store = Store.objects.create(
        code="S1", name="西湖店", region_id=HANGZHOU, detail="湖滨路 1 号", longitude=120.1, latitude=30.2
    )
    body = quote(client, {"items": items((SkuFactory(price_fen=500), 1)), "pickup_store_id": store.pk}).json()
    assert (body["freight_fen"], body["payable_fen"], body["address_required"]) == (0, 500, False)


def test_selections_that_nobody_has_are_rejected_in_words(client):
    body = quote(
        client, {"items": items((SkuFactory(price_fen=500), 1)), "coupon_ids": [41, 42], "points_to_use": 10}
    ).json()
    assert [(each["kind"], each["id"], each["code"]) for each in body["rejected"]] == [
        ("coupon", 41, "coupon_not_found"),
        ("coupon", 42, "coupon_not_found"),
        ("points", None, "points_insufficient"),
    ]
    assert all(each["message"] for each in body["rejected"])
    assert body["payable_fen"] == 500


def test_best_and_max_of_nothing_are_fine(client):
    body = quote(client, {"items": items((SkuFactory(), 1)), "coupon_ids": "best", "points_to_use": "max"}).json()
    assert body["rejected"] == []


@pytest.mark.parametrize("quantity", [0, -1, 10**12, 10**20, 1.5, "2", "two", True, None, [], {}])
def test_a_quantity_that_is_none_is_pointed_at(client, quantity):
    answer = quote(client, {"items": [{"sku_id": SkuFactory().pk, "quantity": quantity}]})
    status, code, details = refusal(answer)
    assert (status, code, [field for field, _code in details]) == (400, "invalid_input", ["/items/0/quantity"])


def test_merged_duplicates_keep_to_the_bound(client):
    sku = SkuFactory()
    answer = quote(client, {"items": items((SkuFactory(), 1), (sku, 600), (sku, 600))})
    assert refusal(answer) == (409, "too_many_units", [("/items/1/quantity", "too_many_units")])


def test_more_units_than_the_merchant_allows_are_refused_as_the_cart_refuses_them(client):
    wanted = {"sku_id": SkuFactory().pk, "quantity": 1000}
    by_quote = quote(client, {"items": [wanted]})
    by_cart = client.post("/api/v1/cart/items", wanted)
    assert refusal(by_quote) == (409, "too_many_units", [("/items/0/quantity", "too_many_units")])
    assert (by_cart.status_code, by_cart.json()["code"]) == (409, "too_many_units")
    message = by_cart.json()["message"]
    assert "999" in message
    assert [by_quote.json()["message"], by_quote.json()["details"][0]["message"]] == [message, message]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"items": None}, "/items"),
        ({"items": []}, "/items"),
        ({"items": "all"}, "/items"),
        ({"items": [{"sku_id": 1}]}, "/items/0/quantity"),
        ({"items": [{"sku_id": 10**30, "quantity": 1}]}, "/items/0/sku_id"),
        ({"items": [{"sku_id": 1, "quantity": 1, "unit_price_fen": 1}]}, "/items/0/unit_price_fen"),
        ({"from_cart": True}, "/items"),
        ({"items": None, "from_cart": "yes"}, "/from_cart"),
        ({"from_cart": 0}, "/from_cart"),
        ({"discount_fen": 100}, "/discount_fen"),
        ({"coupon_ids": "worst"}, "/coupon_ids"),
        ({"coupon_ids": [1, "2"]}, "/coupon_ids/1"),
        ({"points_to_use": -1}, "/points_to_use"),
        ({"points_to_use": "all"}, "/points_to_use"),
        ({"address_id": 1, "pickup_store_id": 1}, "/pickup_store_id"),
        ({"activity": {"kind": "giveaway"}}, "/activity/kind"),
    ],
)
def test_bad_bodies_are_pointed_at(client, change, field):
    body = {"items": [{"sku_id": 1, "quantity": 1}], **change}
    status, code, details = refusal(quote(client, {name: value for name, value in body.items() if value is not None}))
    assert (status, code) == (400, "invalid_input")
    assert field in [pointer for pointer, _code in details]


def test_neither_items_nor_cart_is_refused(client):
    assert refusal(quote(client, {})) == (400, "invalid_input", [("/items", "either")])


def test_an_unknown_sku_is_named(client):
    answer = quote(client, {"items": [*items((SkuFactory(), 1)), {"sku_id": 99_999_999, "quantity": 1}]})
    assert refusal(answer) == (404, "sku_not_found", [("/items/1/sku_id", "sku_not_found")])


@pytest.mark.parametrize(
    "product",
    [
        {"on_shelf": False},
        {"shelf_from": clock.now() + timedelta(hours=1)},
        {"shelf_until": clock.now() - timedelta(hours=1)},
    ],
)
def test_an_unlisted_product_is_named(client, product):
    sku = SkuFactory(product=ProductFactory(**product))
    assert refusal(quote(client, {"items": items((sku, 1))})) == (409, "off_shelf", [("/items/0/sku_id", "off_shelf")])


def test_every_short_line_is_named(client):
    short, good, gone = SkuFactory(stock=1), SkuFactory(), SkuFactory(stock=5, stock__safety_stock=5)
    answer = quote(client, {"items": items((short, 2), (good, 1), (gone, 1))})
    assert refusal(answer) == (
        409,
        "out_of_stock",
        [("/items/0/quantity", "out_of_stock"), ("/items/2/quantity", "out_of_stock")],
    )


def test_a_limit_per_order_counts_the_whole_product(client):
    product = ProductFactory(limit_per_order=3)
    first, second = SkuFactory(product=product), SkuFactory(product=product)
    status, code, details = refusal(quote(client, {"items": items((first, 2), (second, 2))}))
    assert (status, code) == (409, "limit_exceeded")
    assert details == [("/items/0/quantity", "limit"), ("/items/1/quantity", "limit")]
    assert quote(client, {"items": items((first, 2), (second, 1))}).status_code == 200


@pytest.mark.parametrize("kind", [Product.Kind.SERVICE, Product.Kind.VIRTUAL])
def test_what_cannot_be_shipped_cannot_be_ordered(client, kind):
    sku = SkuFactory(product=ProductFactory(kind=kind))
    assert refusal(quote(client, {"items": items((sku, 1))}))[:2] == (409, "kind_not_sold")


def test_where_nothing_is_delivered_is_said(member, freight):
    AddressFactory(member=member, region_id="540102")
    assert refusal(quote(client_for(member), {"items": items((SkuFactory(), 1))}))[:2] == (409, "not_deliverable")


def test_another_member_s_address_does_not_exist(client):
    theirs = AddressFactory(member=MemberFactory())
    answer = quote(client, {"items": items((SkuFactory(), 1)), "address_id": theirs.pk})
    assert refusal(answer)[:2] == (404, "address_not_found")


def test_an_unknown_store_does_not_exist(client):
    answer = quote(client, {"items": items((SkuFactory(), 1)), "pickup_store_id": 4242})
    assert refusal(answer)[:2] == (404, "pickup_store_not_found")


@pytest.mark.parametrize(
    "activity", [{"kind": "flash_sale", "id": 1}, {"kind": "bargain", "attempt_id": 1}, {"kind": "prize", "draw_id": 1}]
)
def test_activities_that_do_not_run_do_not_exist(client, activity):
    answer = quote(client, {"items": items((SkuFactory(), 1)), "activity": activity})
    assert refusal(answer)[:2] == (404, "activity_not_found")


@pytest.mark.parametrize(
    ("activity", "field", "code"),
    [
        ({"kind": "bargain", "id": 1}, "/activity/attempt_id", "needed"),
        ({"kind": "prize"}, "/activity/draw_id", "needed"),
        ({"kind": "flash_sale", "id": 1, "team_id": 2}, "/activity/team_id", "foreign"),
        ({"kind": "bargain", "attempt_id": 1, "id": 1}, "/activity/id", "foreign"),
    ],
)
def test_an_activity_is_named_by_the_field_of_its_kind(client, activity, field, code):
    answer = quote(client, {"items": items((SkuFactory(), 1)), "activity": activity})
    assert answer.status_code == 400
    assert {(each["field"], each["code"]) for each in answer.json()["details"]} >= {(field, code)}


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b'{"items": [', "application/json", 400, "malformed_body"),
        (b"items=1", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b'{"remark": "' + b"x" * 10_000_000 + b'"}', "application/json", 413, "body_too_large"),
    ],
)
def test_bodies_that_are_no_json_are_refused(client, body, content_type, status, code):
    answer = client.generic("POST", "/api/v1/checkout/quote", body, content_type=content_type)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_quoting_is_for_members(api):
    assert api.post("/api/v1/checkout/quote", {"from_cart": True}).status_code == 401


@pytest.fixture
def hangzhou():
    """A warehouse that hands parcels over after 24 hours, to a carrier that takes 48 to anywhere."""
    carrier = Carrier.objects.create(code="ZTO", name="中通")
    CarrierRate.objects.create(carrier=carrier, first_fen=300, step_fen=100, eta_hours=48)
    return make_warehouse(HANGZHOU, handling_hours=24)


def test_the_day_of_arrival_is_promised_where_goods_and_carrier_are(client, hangzhou):
    here, nowhere = SkuFactory(stock=0), SkuFactory(stock=5)
    receive(hangzhou, {here.pk: 5})
    now = clock.now()
    with clock.fixed(now):
        promised = quote(client, {"items": items((here, 2))}).json()["promised_at"]
        unknown = quote(client, {"items": items((nowhere, 2))}).json()["promised_at"]
    assert datetime.fromisoformat(promised) == now + timedelta(hours=72)
    assert unknown is None


def test_what_is_paid_after_the_cut_off_is_promised_from_the_next_one(client, hangzhou):
    Warehouse.objects.update(pick_cut_off=time(16))
    sku = SkuFactory(stock=0)
    receive(hangzhou, {sku.pk: 5})
    # 15:59 and 16:00 in Shanghai.
    for minute, begins in ((59, datetime(2026, 11, 20, 8, tzinfo=UTC)), (60, datetime(2026, 11, 21, 8, tzinfo=UTC))):
        with clock.fixed(datetime(2026, 11, 20, 7, tzinfo=UTC) + timedelta(minutes=minute)):
            promised = quote(client, {"items": items((sku, 1))}).json()["promised_at"]
        assert datetime.fromisoformat(promised) == begins + timedelta(hours=72)


def test_a_warehouse_that_may_not_serve_the_address_promises_nothing(client, hangzhou):
    # The member lives in Shenzhen.
    near = make_warehouse(GUANGZHOU, handling_hours=48)
    sku = SkuFactory(stock=0)
    receive(hangzhou, {sku.pk: 5})
    receive(near, {sku.pk: 5})
    policy = AllocationPolicy.objects.create(version=1, status="live", created_by="-", created_at=clock.now())
    rule = AllocationRule.objects.create(policy=policy, provinces=["440000"], effect="only")
    now = clock.now()
    for allowed, hours in (([near], 96), ([hangzhou], 72), ([near, hangzhou], 96)):
        rule.warehouses.set(allowed)
        LIVE.forget()
        with clock.fixed(now):
            promised = quote(client, {"items": items((sku, 1))}).json()["promised_at"]
        assert datetime.fromisoformat(promised) == now + timedelta(hours=hours)


def test_a_quote_promises_by_when_the_carrier_comes(client, hangzhou):
    """Ready 24 hours later, at the same time of the day; the carrier comes at 18:00 in Shanghai and takes 48 hours."""
    Carrier.objects.update(pick_up_at=time(18))
    sku = SkuFactory(stock=0)
    receive(hangzhou, {sku.pk: 5})
    for minute, promised in ((0, datetime(2026, 11, 23, 10, tzinfo=UTC)), (1, datetime(2026, 11, 24, 10, tzinfo=UTC))):
        with clock.fixed(datetime(2026, 11, 20, 10, minute, tzinfo=UTC)):
            answer = quote(client, {"items": items((sku, 1))}).json()["promised_at"]
        assert datetime.fromisoformat(answer) == promised


@pytest.mark.parametrize("lines", [1, 20])
def test_a_quote_takes_as_many_queries_however_many_lines(client, freight, hangzhou, lines, django_assert_num_queries):
    skus = [SkuFactory(stock=0) for _ in range(lines)]
    receive(hangzhou, {sku.pk: 5 for sku in skus})
    quote(client, {"items": items((skus[0], 1))})
    # The session; then, together, SKUs, address, buyer and what is published, coupons, stock for the promise.
    with django_assert_num_queries(2):
        assert quote(client, {"items": items(*((sku, 1) for sku in skus))}).status_code == 200


def own_template(*skus, **zone) -> None:
    """¥30 whatever it weighs, for the products of these SKUs."""
    template = FreightTemplate.objects.create(name="大件")
    rates = {"first_size": 100_000, "first_fen": 3000, "step_size": 1000, "step_fen": 0}
    FreightZone.objects.create(template=template, name="全国", **{**rates, **zone})
    for sku in skus:
        ProductFreight.objects.create(product=sku.product, template=template)
    KNOWN.forget()


def test_products_with_a_template_of_their_own_are_quoted_and_ordered_by_it(client, freight):
    tea, sofa = SkuFactory(price_fen=30_000, weight_g=600), SkuFactory(price_fen=900, weight_g=40_000)
    own_template(sofa)
    wish = {"items": items((sofa, 1), (tea, 1))}
    body = quote(client, wish).json()
    # Tea alone is worth what makes it free; the sofa is not, whatever the tea is worth.
    parts = [
        {"template": "默认", "zone": "全国", "sku_ids": [tea.pk], "amount_fen": 0},
        {"template": "大件", "zone": "全国", "sku_ids": [sofa.pk], "amount_fen": 3000},
    ]
    assert (body["freight_parts"], body["freight_fen"], body["payable_fen"]) == (parts, 3000, 33_900)
    placed = place(client, {**wish, "expected_payable_fen": 33_900})
    assert placed.status_code == 201, placed.json()
    order = Order.objects.get()
    assert (order.freight_parts, order.freight_fen) == (parts, 3000)
    # What it was stays what it was.
    FreightZone.objects.update(first_fen=9900)
    ProductFreight.objects.all().delete()
    assert client.get(f"/api/v1/orders/{order.number}").json()["freight_parts"] == parts


def test_goods_that_alone_cannot_be_sent_there_are_named(client, freight):
    tea, sofa = SkuFactory(), SkuFactory()
    own_template(sofa, delivers=False)
    refused = refusal(quote(client, {"items": items((tea, 1), (sofa, 1))}))
    assert refused == (409, "not_deliverable", [("/items/1/sku_id", "not_deliverable")])
