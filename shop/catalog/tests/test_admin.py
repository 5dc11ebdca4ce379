"""The merchant's screens: what is typed ends in the right rows, and nobody sees or does more than they may."""

import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from shop.catalog.jobs import LOW_STOCK_CAUSE, alert_low_stock
from shop.catalog.models import (
    Brand,
    Category,
    Collection,
    Product,
    ProductImage,
    ProductImport,
    Sku,
    SkuStock,
    StockReservation,
)
from shop.catalog.services.images import StoredImage
from shop.catalog.tests.factories import NOW, make_brand, make_category, make_product, staff_client
from shop.core.models import Alert, StaffUser

pytestmark = pytest.mark.django_db


EDGES = ("from_0", "from_1", "until_0", "until_1")


@pytest.fixture
def owner(client: Client) -> Client:
    client.force_login(StaffUser.objects.create_superuser("owner", password="x"))
    return client


def png(colour: str = "red") -> SimpleUploadedFile:
    buffer = io.BytesIO()
    Image.new("RGB", (80, 60), colour).save(buffer, "PNG")
    return SimpleUploadedFile("照片.png", buffer.getvalue(), content_type="image/png")


def product_form(category: Category, *skus: dict[str, object], **fields: object) -> dict[str, object]:
    data: dict[str, object] = {
        "code": "T1",
        "kind": "goods",
        "name": "龙井",
        "category": category.pk,
        "max_discount_bp": "12.5",
        "skus-TOTAL_FORMS": len(skus),
        "skus-INITIAL_FORMS": sum("id" in sku for sku in skus),
        "images-TOTAL_FORMS": 0,
        "images-INITIAL_FORMS": 0,
        "freight-TOTAL_FORMS": 0,
        "freight-INITIAL_FORMS": 0,
        **fields,
    }
    for number, sku in enumerate(skus):
        row = {"weight_g": 0, "volume_cm3": 0, "position": number, "is_active": "on", **sku}
        data |= {f"skus-{number}-{name}": value for name, value in row.items()}
    return data


def errors_of(response) -> str:
    context = response.context
    found = [context["adminform"].form.errors, *(each.formset.errors for each in context["inline_admin_formsets"])]
    return str([*found, *(each.formset.non_form_errors() for each in context["inline_admin_formsets"])])


def test_a_product_typed_in_yuan_is_stored_in_fen(owner):
    category = make_category()
    sku = {"code": "T1-A", "options": "颜色：红; 尺寸:L", "price_fen": "12.5", "market_price_fen": "¥1,299.00"}
    data = product_form(category, sku, on_shelf="on")
    data |= {"images-TOTAL_FORMS": 1, "images-0-image": png(), "images-0-position": 0}
    response = owner.post(reverse("admin:catalog_product_add"), data)
    assert response.status_code == 302, errors_of(response)
    product = Product.objects.get()
    assert (product.min_price_fen, product.on_shelf, product.max_discount_bp) == (1250, True, 1250)
    assert Sku.objects.values_list("price_fen", "market_price_fen", "options").get() == (
        1250,
        129900,
        {"颜色": "红", "尺寸": "L"},
    )
    assert SkuStock.objects.get().sku.code == "T1-A"
    image = ProductImage.objects.get()
    assert image.image.name.endswith(".jpg")
    assert image.thumbnail.name == image.image.name.replace(".jpg", ".thumb.webp")
    assert product.history.get().history_user.username == "owner"


@pytest.mark.parametrize(
    ("sku", "fields"),
    [
        ({"price_fen": "-1"}, {}),
        ({"price_fen": "1.234"}, {}),
        ({"price_fen": "十元"}, {}),
        ({"price_fen": "10000000.01"}, {}),
        ({"options": "红"}, {}),
        ({"is_active": ""}, {"on_shelf": "on"}),
        (
            {},
            {
                "shelf_from_0": "2026-12-02",
                "shelf_from_1": "00:00",
                "shelf_until_0": "2026-12-01",
                "shelf_until_1": "0:0",
            },
        ),
    ],
)
def test_wrong_input_is_explained_and_nothing_is_saved(owner, sku, fields):
    data = product_form(make_category(), {"code": "T1-A", "price_fen": "1", **sku}, **fields)
    response = owner.post(reverse("admin:catalog_product_add"), data)
    assert response.status_code == 200
    assert not Product.objects.exists()
    assert not Sku.objects.exists()


def test_a_hostile_picture_is_refused_where_it_was_chosen(owner):
    data = product_form(make_category(), {"code": "T1-A", "price_fen": "1"})
    svg = SimpleUploadedFile("a.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", content_type="image/png")
    response = owner.post(
        reverse("admin:catalog_product_add"),
        {**data, "images-TOTAL_FORMS": 1, "images-0-image": svg, "images-0-position": 0},
    )
    assert response.status_code == 200
    assert "image" in errors_of(response)
    assert not Product.objects.exists()


def test_saving_an_old_page_does_not_undo_what_others_changed_meanwhile(owner):
    product = make_product(code="T1", prices=[100])
    sku = product.skus.get()
    Product.objects.filter(pk=product.pk).update(sales=7)
    row = {"id": sku.pk, "product": product.pk, "code": sku.code, "price_fen": "0.80"}
    data = product_form(product.category, row, name="新名", on_shelf="on")
    response = owner.post(reverse("admin:catalog_product_change", args=[product.pk]), data)
    assert response.status_code == 302, errors_of(response)
    product.refresh_from_db()
    assert (product.name, product.sales, product.min_price_fen) == ("新名", 7, 80)


def test_stock_amounts_cannot_be_typed(owner):
    stock = SkuStock.objects.get(sku=make_product().skus.get())
    SkuStock.objects.update(available=5, reserved=2)
    data = {"available": 999, "reserved": 999, "safety_stock": 3, "low_stock_at": 4, "replenish_to": 50}
    owner.post(reverse("admin:catalog_skustock_change", args=[stock.pk]), data)
    stock.refresh_from_db()
    assert (stock.available, stock.reserved, stock.safety_stock, stock.low_stock_at, stock.replenish_to) == (
        5,
        2,
        3,
        4,
        50,
    )


def test_the_replenishment_list_suggests_what_is_missing(owner):
    low, fine = make_product(name="缺货的茶").skus.get(), make_product(name="充足的茶").skus.get()
    SkuStock.objects.filter(sku=low).update(available=12, safety_stock=5, low_stock_at=10, replenish_to=40)
    SkuStock.objects.filter(sku=fine).update(available=90)
    page = owner.get(reverse("admin:catalog_skustock_changelist"), {"level": "low"}).content.decode()
    assert low.code in page
    assert fine.code not in page
    download = owner.post(
        reverse("admin:catalog_skustock_changelist"), {"action": "export_replenishment", "_selected_action": [low.pk]}
    )
    assert download.content.decode().splitlines()[1] == f"{low.code},缺货的茶,,12,0,28"


@pytest.mark.parametrize(("action", "expected"), [("put_on_shelf", True), ("take_off_shelf", False)])
def test_shelf_actions(owner, action, expected):
    product = make_product(on_shelf=not expected)
    chosen = {"action": action, "_selected_action": [product.pk]}
    asked = owner.post(reverse("admin:catalog_product_changelist"), chosen)
    if action == "take_off_shelf":
        assert asked.status_code == 200
        assert Product.objects.get().on_shelf
    owner.post(reverse("admin:catalog_product_changelist"), {**chosen, "confirmed": "1"})
    assert Product.objects.get().on_shelf is expected
    assert product.history.first().history_change_reason == "staff:owner"


def test_prices_change_by_percent_only_after_confirmation(owner):
    product = make_product(prices=[1000, 333])
    url = reverse("admin:catalog_product_changelist")
    chosen = {"action": "adjust_prices", "_selected_action": [product.pk]}
    assert "¥10.00" not in owner.post(url, chosen).content.decode()
    preview = owner.post(url, {**chosen, "percent": "-10"}).content.decode()
    assert "¥10.00" in preview
    assert "¥9.00" in preview
    assert set(Sku.objects.values_list("price_fen", flat=True)) == {1000, 333}
    owner.post(url, {**chosen, "percent": "-10", "confirmed": ""})
    assert set(Sku.objects.values_list("price_fen", flat=True)) == {900, 300}
    assert Product.objects.get().min_price_fen == 300


@pytest.mark.parametrize("action", ["put_on_shelf", "take_off_shelf", "adjust_prices"])
def test_who_may_only_look_cannot_act(action):
    product = make_product(on_shelf=action == "take_off_shelf", prices=[100])
    before = (product.on_shelf, 100)
    client = staff_client("view_product")
    client.post(
        reverse("admin:catalog_product_changelist"),
        {"action": action, "_selected_action": [product.pk], "percent": "5", "confirmed": ""},
    )
    product.refresh_from_db()
    assert (product.on_shelf, product.skus.get().price_fen) == before


def test_products_are_found_by_chinese_name_code_and_sku_code(owner):
    make_product(code="TEA-9", name="武夷山大红袍", skus=None, prices=[1])
    make_product(code="CUP-1", name="青瓷茶杯")
    url = reverse("admin:catalog_product_changelist")
    for term in ("大红袍", "TEA-9", "tea-9-1"):
        page = owner.get(url, {"q": term}).content.decode()
        assert "武夷山大红袍" in page
        assert "青瓷茶杯" not in page


def test_list_filters(owner):
    tea = make_category("茶")
    green = make_category("绿茶", parent=tea)
    make_product(name="绿茶饼", category_id=green.pk)
    make_product(name="预售茶", category_id=tea.pk, shelf_from=NOW + timedelta(days=9999))
    make_product(name="下架茶", category_id=tea.pk, on_shelf=False)
    SkuStock.objects.filter(sku__product__name="下架茶").update(available=1)
    url = reverse("admin:catalog_product_changelist")

    def shown(**query: str) -> set[str]:
        return {product.name for product in owner.get(url, query).context["cl"].result_list}

    assert shown(category=tea.path) == {"绿茶饼", "预售茶", "下架茶"}
    assert shown(category=green.path) == {"绿茶饼"}
    assert shown(shelf="on") == {"绿茶饼"}
    assert shown(shelf="soon") == {"预售茶"}
    assert shown(shelf="off") == {"下架茶"}
    assert shown(stock="in") == {"下架茶"}


def test_the_category_tree_is_built_and_moved(owner):
    tea, food = make_category("茶"), make_category("食品")
    url = reverse("admin:catalog_category_add")
    owner.post(url, {"name": "绿茶", "slug": "green", "parent": tea.pk, "is_active": "on"})
    green = Category.objects.get(slug="green")
    assert Category.objects.get_parent(green) == tea
    change = reverse("admin:catalog_category_change", args=[green.pk])
    owner.post(change, {"name": "绿茶", "slug": "green", "parent": food.pk, "is_active": "on"})
    assert Category.objects.get_parent(Category.objects.get(pk=green.pk)) == food
    owner.post(change, {"name": "绿茶", "slug": "green", "parent": "", "is_active": "on"})
    assert Category.objects.get(pk=green.pk).depth == 1
    owner.post(reverse("admin:catalog_category_move", args=[green.pk, "up"]))
    assert [each.name for each in Category.objects.order_by("path")] == ["茶", "绿茶", "食品"]
    assert owner.get(reverse("admin:catalog_category_move", args=[green.pk, "up"])).status_code == 405
    assert owner.post(reverse("admin:catalog_category_move", args=[green.pk, "sideways"])).status_code == 404
    assert not any(Category.objects.find_problems())


def test_a_category_cannot_stand_below_itself(owner):
    tea = make_category("茶", slug="tea")
    green = make_category("绿茶", parent=tea)
    data = {"name": "茶", "slug": "tea", "parent": green.pk, "is_active": "on"}
    assert owner.post(reverse("admin:catalog_category_change", args=[tea.pk]), data).status_code == 200
    assert Category.objects.get(pk=tea.pk).depth == 1


def test_only_empty_leaves_of_the_tree_can_be_deleted(owner):
    tea = make_category("茶")
    green = make_category("绿茶", parent=tea)
    make_product(category_id=green.pk)
    for category in (tea, green):
        owner.post(reverse("admin:catalog_category_delete", args=[category.pk]), {"post": "yes"})
    assert Category.objects.count() == 2
    Sku.objects.all().delete()
    Product.objects.all().delete()
    owner.post(reverse("admin:catalog_category_delete", args=[green.pk]), {"post": "yes"})
    assert Category.objects.get().numchild == 0


LISTS = ("product", "sku", "category", "brand", "collection", "skustock", "stockreservation", "productimport")


@pytest.mark.parametrize("name", LISTS)
def test_lists_open_with_a_number_of_queries_that_does_not_grow(owner, name, django_assert_max_num_queries):
    def fill(count: int) -> None:
        for number in range(count):
            picture = StoredImage(f"products/{number}.jpg", f"products/{number}.thumb.webp", 1, 1)
            product = make_product(
                prices=[1, 2], brand_id=make_brand(f"品牌{Brand.objects.count()}").pk, images=[picture]
            )
            StockReservation.objects.create(reference=f"R{product.pk}", sku=product.skus.first(), quantity=1)
            Collection.objects.create(name="春", slug=f"c{product.pk}").items.create(product=product)
            ProductImport.objects.create(filename="a", status="imported", uploaded_by="x", uploaded_at=NOW)

    url = reverse(f"admin:catalog_{name}_changelist")
    fill(2)
    owner.get(url)
    with django_assert_max_num_queries(14) as few:
        assert owner.get(url).status_code == 200
    fill(8)
    with django_assert_max_num_queries(len(few)):
        assert owner.get(url).status_code == 200


@pytest.mark.parametrize("name", LISTS)
def test_pages_are_closed_without_the_permission(name):
    make_product()
    assert staff_client("view_outboxentry").get(reverse(f"admin:catalog_{name}_changelist")).status_code == 403


def test_the_history_page_shows_who_changed_what(owner):
    product = make_product(name="旧名", prices=[100])
    sku = product.skus.get()
    row = {"id": sku.pk, "product": product.pk, "code": sku.code, "price_fen": "2"}
    data = product_form(product.category, row, code=product.code, name="新名", on_shelf="on")
    owner.post(reverse("admin:catalog_product_change", args=[product.pk]), data)
    page = owner.get(reverse("admin:catalog_product_history", args=[product.pk])).content.decode()
    assert "owner" in page
    assert "新名" in page
    page = owner.get(reverse("admin:catalog_sku_history", args=[sku.pk])).content.decode()
    assert "200" in page


def test_low_stock_is_alerted_shown_on_the_home_page_and_forgotten_when_filled_up(owner):
    sku = make_product(name="快卖完的茶").skus.get()
    alert_low_stock()
    assert Alert.objects.get(cause=LOW_STOCK_CAUSE).data == {"count": 1}
    assert "快卖完的茶" in owner.get(reverse("admin:index")).content.decode()
    SkuStock.objects.filter(sku=sku).update(available=500)
    alert_low_stock()
    assert not Alert.objects.exists()
    assert "快卖完的茶" not in owner.get(reverse("admin:index")).content.decode()
