from datetime import timedelta

import pytest

from shop.catalog.models import Collection
from shop.catalog.tests.factories import (
    BrandFactory,
    CategoryFactory,
    CollectionFactory,
    CollectionItemFactory,
    ProductFactory,
    ProductImageFactory,
    SkuFactory,
)
from shop.core import clock

pytestmark = pytest.mark.django_db


def ids(response):
    assert response.status_code == 200, response.content
    return [item["id"] for item in response.json()["items"]]


def product(price_fen=10_000, stock=10, **fields):
    return SkuFactory(product=ProductFactory(**fields), price_fen=price_fen, stock=stock).product


def test_bootstrap_tells_time_currency_and_what_is_offered(api):
    answer = api.get("/api/v1/bootstrap")
    assert answer.status_code == 200
    assert answer.json()["currency"] == "CNY"
    assert answer.json()["shop"] == {"name": "Lantern"}
    assert set(answer.json()["features"]) == {"phone_login", "wechat_login", "wechat_pay", "alipay"}
    assert answer.json()["server_time"].endswith("+00:00")


def test_categories_come_as_a_tree_without_hidden_branches(api):
    tea = CategoryFactory(name="茶", name_en="Tea", slug="tea")
    green = CategoryFactory(name="绿茶", slug="green-tea", parent=tea)
    hidden = CategoryFactory(slug="hidden", is_active=False)
    CategoryFactory(slug="below-hidden", parent=hidden)
    home = CategoryFactory(name="家居", slug="home", image="categories/home.webp")
    first, second = api.get("/api/v1/categories").json()["items"]
    assert first == {
        "id": tea.pk,
        "slug": "tea",
        "name": "茶",
        "name_en": "Tea",
        "image_url": "",
        "children": [
            {"id": green.pk, "slug": "green-tea", "name": "绿茶", "name_en": "", "image_url": "", "children": []}
        ],
    }
    assert (second["id"], second["image_url"]) == (home.pk, "/media/categories/home.webp")


def test_brands_are_paged_in_their_position(api):
    last, first = BrandFactory(position=2, logo="brands/x.webp"), BrandFactory(position=1)
    page = api.get("/api/v1/brands?limit=1").json()
    assert [each["id"] for each in page["items"]] == [first.pk]
    (brand,) = api.get(f"/api/v1/brands?limit=1&cursor={page['next_cursor']}").json()["items"]
    assert brand == {
        "id": last.pk,
        "slug": last.slug,
        "name": last.name,
        "name_en": "",
        "logo_url": "/media/brands/x.webp",
    }


def test_a_card_shows_price_stock_and_picture(api):
    brand = BrandFactory(name="山水间")
    tea = ProductFactory(
        name="西湖龙井", name_en="Longjing", subtitle="明前", brand=brand, sales=7, rating_bp=9_650, review_count=12
    )
    ProductImageFactory(product=tea, thumbnail="products/thumbs/tea.webp")
    SkuFactory(product=tea, price_fen=30_000, stock=4)
    SkuFactory(product=tea, price_fen=12_000, market_price_fen=15_000, stock=5, stock__safety_stock=2)
    SkuFactory(product=tea, price_fen=1_000, is_active=False, stock=50)
    (card,) = api.get("/api/v1/products").json()["items"]
    assert card == {
        "id": tea.pk,
        "kind": "goods",
        "name": "西湖龙井",
        "name_en": "Longjing",
        "subtitle": "明前",
        "category": {"id": tea.category_id, "name": tea.category.name, "name_en": ""},
        "brand": {"id": brand.pk, "name": "山水间", "name_en": "", "logo_url": ""},
        "rating": 4.8,
        "review_count": 12,
        "sales": 7,
        "image_url": "/media/products/thumbs/tea.webp",
        "price_fen": 12_000,
        "market_price_fen": 15_000,
        "member_price_fen": 11_400,
        "available": 7,
        "activities": [],
        "points_to_earn": 120,
    }


def test_detail_has_the_keys_of_the_contract(api):
    tea = ProductFactory(description="产自杭州", kind="goods")
    ProductImageFactory(product=tea, image="products/a.webp", thumbnail="products/thumbs/a.webp")
    second = SkuFactory(
        product=tea, position=2, options={"规格": "罐装", "净含量": "250g"}, stock=3, image="skus/tin.webp"
    )
    first = SkuFactory(product=tea, position=1, price_fen=5_000, market_price_fen=6_000, stock=0)
    SkuFactory(product=tea, is_active=False)
    body = api.get(f"/api/v1/products/{tea.pk}").json()
    contract = "id kind name subtitle category brand images description rating review_count sales skus activities"
    assert set(contract.split()) | {"points_to_earn"} <= set(body)
    assert body["images"] == [{"url": "/media/products/a.webp", "thumbnail_url": "/media/products/thumbs/a.webp"}]
    assert (body["description"], body["rating"], body["brand"]) == ("产自杭州", None, None)
    assert (body["activities"], body["points_to_earn"]) == ([], 50)
    assert list(body["skus"][1]["options"]) == ["规格", "净含量"]
    assert body["skus"] == [
        {
            "id": first.pk,
            "code": first.code,
            "options": {},
            "price_fen": 5_000,
            "market_price_fen": 6_000,
            "member_price_fen": 4_750,
            "available": 0,
            "image_url": "",
        },
        {
            "id": second.pk,
            "code": second.code,
            "options": {"规格": "罐装", "净含量": "250g"},
            "price_fen": 10_000,
            "market_price_fen": None,
            "member_price_fen": 9_500,
            "available": 3,
            "image_url": "/media/skus/tin.webp",
        },
    ]


def test_what_is_not_sold_is_neither_listed_nor_found(api):
    later, earlier = clock.now() + timedelta(hours=1), clock.now() - timedelta(hours=1)
    unsold = [product(on_shelf=False), product(shelf_from=later), product(shelf_until=earlier), ProductFactory()]
    assert ids(api.get("/api/v1/products")) == []
    for each in unsold:
        for path in (f"/api/v1/products/{each.pk}", f"/api/v1/products/{each.pk}/related"):
            answer = api.get(path)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert api.get("/api/v1/products/99999999999999999999999").status_code == 404


@pytest.mark.parametrize(
    ("ordering", "expected"),
    [
        ("price", ["cheap", "middle", "dear"]),
        ("-price", ["dear", "middle", "cheap"]),
        ("-sales", ["middle", "dear", "cheap"]),
        ("-rating", ["cheap", "dear", "middle"]),
        ("-created", ["dear", "cheap", "middle"]),
        (None, ["middle", "dear", "cheap"]),
    ],
)
def test_every_ordering_pages_through_everything_once(api, ordering, expected):
    now = clock.now()
    made = {
        "cheap": product(100, sales=1, rating_bp=9_000, created_at=now - timedelta(days=2)),
        "middle": product(200, sales=9, rating_bp=1_000, created_at=now - timedelta(days=3)),
        "dear": product(300, sales=5, rating_bp=8_000, created_at=now - timedelta(days=1)),
    }
    seen, cursor = [], ""
    while cursor is not None:
        query = {"limit": 1, **({"ordering": ordering} if ordering else {}), **({"cursor": cursor} if cursor else {})}
        page = api.get("/api/v1/products", query).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [made[name].pk for name in expected]


def test_equal_prices_are_paged_without_loss_or_repetition(api):
    made = [product(500).pk for _ in range(7)]
    first = api.get("/api/v1/products?ordering=-price&limit=4").json()
    second = api.get(f"/api/v1/products?ordering=-price&limit=4&cursor={first['next_cursor']}").json()
    assert [item["id"] for page in (first, second) for item in page["items"]] == made[::-1]
    assert second["next_cursor"] is None


def test_filters(api):
    tea = CategoryFactory()
    green = CategoryFactory(parent=tea)
    brand = BrandFactory()
    in_tea, in_green = product(1_000, category=tea), product(2_000, category=green, brand=brand)
    sold_out = product(3_000, stock=0)

    def listed(**query):
        return set(ids(api.get("/api/v1/products", query)))

    assert listed() == {in_tea.pk, in_green.pk, sold_out.pk}
    assert listed(category=tea.pk) == {in_tea.pk, in_green.pk}
    assert listed(category=green.pk) == {in_green.pk}
    assert listed(category=987_654) == set()
    assert listed(brand=brand.pk) == {in_green.pk}
    assert listed(min_price_fen=2_000) == {in_green.pk, sold_out.pk}
    assert listed(max_price_fen=2_000) == {in_tea.pk, in_green.pk}
    assert listed(min_price_fen=1_001, max_price_fen=2_999) == {in_green.pk}
    assert listed(in_stock="true") == {in_tea.pk, in_green.pk}
    assert listed(in_stock="false") == {in_tea.pk, in_green.pk, sold_out.pk}
    assert listed(category=tea.pk, brand=brand.pk, in_stock="true", unknown="x") == {in_green.pk}


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=ten",
        "category=tea",
        "category=0",
        "category=99999999999999999999",
        "brand=-1",
        "collection=1.5",
        "min_price_fen=-1",
        "max_price_fen=1e3",
        "in_stock=perhaps",
        "ordering=name",
        "cursor=%00",
        "search=%00",
        "search=" + "a" * 201,
    ],
)
def test_bad_parameters_are_refused_in_the_envelope(api, query):
    answer = api.get(f"/api/v1/products?{query}")
    body = answer.json()
    assert (answer.status_code, body["code"]) == (400, "invalid_input"), body
    assert [detail["field"] for detail in body["details"]] == ["/" + query.split("=")[0]]


@pytest.mark.parametrize("cursor", ["x", "WzFd", "WyJhIiwiYiJd", "W251bGwsMV0", "W1sxXSwxXQ", "eyJhIjoxfQ"])
@pytest.mark.parametrize("ordering", ["price", "-created"])
def test_cursors_that_nobody_gave_are_refused(api, cursor, ordering):
    answer = api.get(f"/api/v1/products?ordering={ordering}&cursor={cursor}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor")


def test_collections_show_inside_their_window_with_products_in_their_own_order(api):
    now = clock.now()
    spring = CollectionFactory(slug="spring", starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=1))
    past = CollectionFactory(ends_at=now)
    CollectionFactory(is_active=False)
    cheap, dear, hidden = product(100), product(900), product(500, on_shelf=False)
    for position, each in enumerate([dear, hidden, cheap]):
        CollectionItemFactory(collection=spring, product=each, position=position)
    CollectionItemFactory(collection=past, product=cheap)
    assert ids(api.get("/api/v1/collections")) == [spring.pk]
    assert api.get(f"/api/v1/collections/{spring.pk}").json()["slug"] == "spring"
    assert api.get(f"/api/v1/collections/{past.pk}").status_code == 404
    page = api.get(f"/api/v1/products?collection={spring.pk}&limit=1").json()
    assert [item["id"] for item in page["items"]] == [dear.pk]
    assert ids(api.get(f"/api/v1/products?collection={spring.pk}&cursor={page['next_cursor']}")) == [cheap.pk]
    assert ids(api.get(f"/api/v1/products?collection={spring.pk}&ordering=price")) == [cheap.pk, dear.pk]
    assert ids(api.get(f"/api/v1/products?collection={past.pk}")) == []
    assert Collection.objects.count() == 3


def test_related_products_are_the_best_sellers_of_the_category(api):
    tea = CategoryFactory()
    asked, good, best = product(category=tea), product(category=tea, sales=5), product(category=tea, sales=9)
    product(category=tea, on_shelf=False)
    product()
    assert ids(api.get(f"/api/v1/products/{asked.pk}/related")) == [best.pk, good.pk]


@pytest.mark.parametrize(
    "path", ["categories", "brands", "collections", "products", "products/{id}", "products/{id}/related", "ping"]
)
def test_what_a_front_has_already_is_answered_304(api, path):
    each = product()
    url = "/api/v1/" + path.format(id=each.pk)
    first = api.get(url)
    assert first.status_code == 200
    assert first["Content-Type"] == "application/json"
    again = api.get(url, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert api.get(url, headers={"If-None-Match": '"else"'}).content == first.content
    assert api.head(url)["ETag"] == first["ETag"]


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_catalogue_addresses_only_answer_get(api, method):
    answer = getattr(api, method)("/api/v1/products", {})
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer["Allow"].split(", ")[0] == "GET"
