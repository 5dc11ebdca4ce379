"""The cart through HTTP: what it holds, what it says about each line, what it refuses."""

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from members.identity.tests.factories import MemberFactory, client_for
from orders.cart.models import CartItem
from orders.cart.preferences import MAX_LINES, MAX_UNITS
from shop.catalog.models import Product, Sku, SkuStock
from shop.catalog.tests.factories import ProductFactory, SkuFactory
from shop.core import clock, preferences
from shop.core.models import PreferenceValue

pytestmark = pytest.mark.django_db


def add(client, sku, quantity=1):
    return client.post("/api/v1/cart/items", {"sku_id": sku.pk, "quantity": quantity})


def set_preference(preference, value):
    PreferenceValue.objects.update_or_create(key=preference.key, defaults={"value": value})
    preferences.forget_cached()


def test_an_empty_cart_is_empty(member_client):
    assert member_client.get("/api/v1/cart").json() == {"items": [], "selected_units": 0, "selected_fen": 0}


def test_a_line_shows_today_s_price_and_stock(member_client):
    sku = SkuFactory(price_fen=1999, stock=7, options={"颜色": "红"})
    assert add(member_client, sku, 3).status_code == 201
    Sku.objects.filter(pk=sku.pk).update(price_fen=2100)
    body = member_client.get("/api/v1/cart").json()
    [line] = body["items"]
    assert (line["sku_id"], line["quantity"], line["price_fen"], line["subtotal_fen"]) == (sku.pk, 3, 2100, 6300)
    assert (line["product_name"], line["options"], line["available"]) == (sku.product.name, "红", 7)
    assert (line["valid"], line["reasons"], line["selected"]) == (True, [], True)
    assert (body["selected_units"], body["selected_fen"]) == (3, 6300)


@pytest.mark.parametrize("price_fen", [2100, 1500])
def test_a_price_that_rose_or_fell_since_is_shown_beside_the_old_one(member_client, price_fen):
    changed, same = SkuFactory(price_fen=1999), SkuFactory(price_fen=500)
    add(member_client, changed)
    add(member_client, same)
    Sku.objects.filter(pk=changed.pk).update(price_fen=price_fen)
    lines = {line["sku_id"]: line for line in member_client.get("/api/v1/cart").json()["items"]}
    assert (lines[changed.pk]["price_was_fen"], lines[changed.pk]["price_fen"]) == (1999, price_fen)
    assert (lines[same.pk]["price_was_fen"], lines[same.pk]["price_fen"]) == (None, 500)
    Sku.objects.filter(pk=changed.pk).update(price_fen=1999)
    assert {line["price_was_fen"] for line in member_client.get("/api/v1/cart").json()["items"]} == {None}


def test_who_adds_more_has_seen_today_s_price_and_who_changes_the_number_has_not(member_client):
    sku = SkuFactory(price_fen=1000)
    item = add(member_client, sku).json()["id"]
    Sku.objects.filter(pk=sku.pk).update(price_fen=1200)
    member_client.put(f"/api/v1/cart/items/{item}", {"quantity": 5})
    [line] = member_client.get("/api/v1/cart").json()["items"]
    assert (line["price_was_fen"], line["price_fen"]) == (1000, 1200)
    add(member_client, sku)
    [line] = member_client.get("/api/v1/cart").json()["items"]
    assert (line["price_was_fen"], line["price_fen"]) == (None, 1200)


def test_a_line_from_before_prices_were_remembered_claims_no_change(member_client, member):
    CartItem.objects.create(member=member, sku=SkuFactory(), quantity=1, added_at=clock.now())
    assert member_client.get("/api/v1/cart").json()["items"][0]["price_was_fen"] is None


def test_adding_the_same_sku_adds_up(member_client, member):
    sku = SkuFactory()
    first = add(member_client, sku, 2).json()
    second = add(member_client, sku, 3).json()
    assert (second["id"], second["quantity"]) == (first["id"], 5)
    assert list(CartItem.objects.filter(member=member).values_list("sku_id", "quantity")) == [(sku.pk, 5)]


def test_the_newest_line_comes_first(member_client):
    skus = [SkuFactory() for _ in range(3)]
    for minutes, sku in enumerate(skus):
        with clock.fixed(clock.now() + timedelta(minutes=minutes)):
            add(member_client, sku)
    lines = member_client.get("/api/v1/cart").json()["items"]
    assert [line["sku_id"] for line in lines] == [sku.pk for sku in reversed(skus)]


@pytest.mark.parametrize(("language", "message"), [("en", "No longer sold."), ("zh-hans", "已下架。")])
def test_an_unlisted_product_is_named_in_the_reader_s_language(member_client, language, message):
    sku = SkuFactory()
    add(member_client, sku)
    Product.objects.filter(pk=sku.product_id).update(on_shelf=False)
    [line] = member_client.get("/api/v1/cart", headers={"Accept-Language": language}).json()["items"]
    assert line["reasons"] == [{"code": "off_shelf", "message": message}]
    assert line["valid"] is False


def test_what_cannot_be_bought_is_not_in_the_sum(member_client):
    good, gone = SkuFactory(price_fen=500), SkuFactory(price_fen=900)
    add(member_client, good, 2)
    add(member_client, gone, 1)
    Sku.objects.filter(pk=gone.pk).update(is_active=False)
    body = member_client.get("/api/v1/cart").json()
    assert (body["selected_units"], body["selected_fen"]) == (2, 1000)


@pytest.mark.parametrize(("left", "message"), [(0, "Sold out."), (2, "Only 2 left.")])
def test_stock_that_does_not_suffice_is_said(member_client, left, message):
    sku = SkuFactory()
    add(member_client, sku, 3)
    SkuStock.objects.filter(sku=sku).update(available=left)
    [line] = member_client.get("/api/v1/cart", headers={"Accept-Language": "en"}).json()["items"]
    assert line["reasons"] == [{"code": "out_of_stock", "message": message}]


def test_a_limit_counts_all_skus_of_the_product(member_client):
    product = ProductFactory(limit_per_order=3)
    first, second = SkuFactory(product=product), SkuFactory(product=product)
    add(member_client, first, 2)
    add(member_client, second, 2)
    lines = member_client.get("/api/v1/cart", headers={"Accept-Language": "en"}).json()["items"]
    assert [line["reasons"] for line in lines] == [[{"code": "limit", "message": "At most 3 per order."}]] * 2


def test_an_unknown_sku_is_refused(member_client, member):
    answer = member_client.post("/api/v1/cart/items", {"sku_id": 987654321, "quantity": 1})
    assert (answer.status_code, answer.json()["code"]) == (404, "sku_not_found")
    assert not CartItem.objects.filter(member=member).exists()


def test_an_unlisted_product_cannot_be_added(member_client, member):
    sku = SkuFactory(product__on_shelf=False)
    answer = add(member_client, sku)
    assert (answer.status_code, answer.json()["code"]) == (409, "off_shelf")
    assert not CartItem.objects.filter(member=member).exists()


@pytest.mark.parametrize("quantity", [0, -1, 10**12, 1.5, "2", True, None])
def test_a_quantity_that_is_none_is_refused_and_named(member_client, member, quantity):
    answer = member_client.post("/api/v1/cart/items", {"sku_id": SkuFactory().pk, "quantity": quantity})
    body = answer.json()
    assert (answer.status_code, body["code"]) == (400, "invalid_input")
    assert [detail["field"] for detail in body["details"]] == ["/quantity"]
    assert not CartItem.objects.filter(member=member).exists()


def test_unknown_fields_are_refused(member_client):
    answer = member_client.post("/api/v1/cart/items", {"sku_id": SkuFactory().pk, "quantity": 1, "price_fen": 1})
    assert (answer.status_code, answer.json()["details"][0]["field"]) == (400, "/price_fen")


def test_a_line_holds_no_more_than_the_merchant_allows(member_client, member):
    set_preference(MAX_UNITS, 5)
    sku = SkuFactory()
    add(member_client, sku, 4)
    answer = add(member_client, sku, 2)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_units")
    assert CartItem.objects.get(member=member).quantity == 4


def test_a_cart_holds_no_more_lines_than_the_merchant_allows(member_client, member):
    set_preference(MAX_LINES, 2)
    skus = [SkuFactory() for _ in range(3)]
    assert [add(member_client, sku).status_code for sku in skus] == [201, 201, 409]
    assert add(member_client, skus[0]).status_code == 201
    assert CartItem.objects.filter(member=member).count() == 2


def test_a_line_can_be_changed_and_deselected(member_client):
    item = add(member_client, SkuFactory(price_fen=100)).json()
    changed = member_client.put(f"/api/v1/cart/items/{item['id']}", {"quantity": 4, "selected": False})
    assert changed.json() == {**item, "quantity": 4, "selected": False}
    body = member_client.get("/api/v1/cart").json()
    assert (body["items"][0]["quantity"], body["selected_fen"]) == (4, 0)


@pytest.mark.parametrize("selected", ["no", "false", 0, 1, None])
def test_selected_is_yes_or_no(member_client, selected):
    item = add(member_client, SkuFactory(), 1).json()["id"]
    answer = member_client.put(f"/api/v1/cart/items/{item}", {"selected": selected})
    assert (answer.status_code, [d["field"] for d in answer.json()["details"]]) == (400, ["/selected"])


def test_another_member_s_line_does_not_exist(member_client):
    stranger = client_for(MemberFactory())
    item = add(stranger, SkuFactory()).json()
    path = f"/api/v1/cart/items/{item['id']}"
    for answer in (member_client.put(path, {"quantity": 9}), member_client.delete(path)):
        assert (answer.status_code, answer.json()["code"]) == (404, "cart_item_not_found")
    assert CartItem.objects.get(pk=item["id"]).quantity == 1


def test_a_line_and_the_whole_cart_can_go(member_client, member):
    items = [add(member_client, SkuFactory()).json() for _ in range(3)]
    assert member_client.delete(f"/api/v1/cart/items/{items[0]['id']}").status_code == 204
    assert CartItem.objects.filter(member=member).count() == 2
    stranger = MemberFactory()
    CartItem.objects.create(member=stranger, sku=SkuFactory(), quantity=1, added_at=clock.now())
    assert member_client.delete("/api/v1/cart").status_code == 204
    assert list(CartItem.objects.values_list("member_id", flat=True)) == [stranger.pk]


def test_the_cart_is_for_members(api):
    assert api.get("/api/v1/cart").status_code == 401


@pytest.mark.parametrize("lines", [1, 20])
def test_reading_takes_two_queries_however_long_the_cart(
    member_client, member, lines, django_assert_num_queries: DjangoAssertNumQueries
):
    for _ in range(lines):
        CartItem.objects.create(member=member, sku=SkuFactory(), quantity=1, added_at=clock.now())
    with django_assert_num_queries(2):
        body = member_client.get("/api/v1/cart").json()
    assert len(body["items"]) == lines


def test_adding_takes_the_same_queries_however_long_the_cart(
    member_client, member, django_assert_num_queries: DjangoAssertNumQueries
):
    for _ in range(10):
        CartItem.objects.create(member=member, sku=SkuFactory(), quantity=1, added_at=clock.now())
    sku = SkuFactory()
    set_preference(MAX_LINES, 100)
    add(member_client, SkuFactory())
    # The SKU, the lock, the lines, the new line, and the savepoint around them in a test.
    with django_assert_num_queries(7):
        assert add(member_client, sku).status_code == 201
