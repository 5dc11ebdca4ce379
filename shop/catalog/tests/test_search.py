import pytest

from shop.catalog.models import Product
from shop.catalog.search import search_query, vector
from shop.catalog.services.products import SkuInput, update_product
from shop.catalog.tests.factories import CLERK, NOW, make_brand, make_category, make_product

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelf():
    drinks = make_category("饮品", name_en="Drinks")
    tea = make_category("乌龙茶", name_en="Oolong", parent=drinks)
    brand = make_brand("山水间", name_en="Mountain Spring")
    made = {
        "oolong": {
            "name": "安溪铁观音礼盒装",
            "name_en": "Tieguanyin gift boxes",
            "category_id": tea.pk,
            "brand_id": brand.pk,
        },
        "mug": {"name": "手作陶瓷马克杯", "name_en": "Handmade mug", "subtitle": "泡铁观音也合适"},
        "watch": {"name": "手工机械表", "name_en": "Mechanical watch X-100", "description": "表带可换，附铁观音一包"},
        "phone": {
            "name": "智能手机 5G",
            "name_en": "Smartphone",
            "skus": [SkuInput(code="LT-PHONE.8/256", price_fen=1)],
        },
    }
    return {key: make_product(code=f"CODE-{key.upper()}", **fields).pk for key, fields in made.items()}


def found(api, text, **more):
    answer = api.get("/api/v1/products", {"search": text, **more})
    assert answer.status_code == 200, answer.content
    return [item["id"] for item in answer.json()["items"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("铁观音", ["oolong", "mug", "watch"]),  # name before subtitle before description
        ("铁观音礼盒", ["oolong"]),
        ("观音", ["oolong", "mug", "watch"]),  # inside a longer word
        ("礼盒装", ["oolong"]),
        ("手机", ["phone"]),  # not the watch, which has both characters apart
        ("杯", ["mug"]),
        ("乌龙", ["oolong"]),  # by its category
        ("饮品", ["oolong"]),  # by the category above
        ("山水间", ["oolong"]),
        ("mountain", ["oolong"]),
        ("OOLONG", ["oolong"]),
        ("smart", ["phone"]),
        ("gift box", ["oolong"]),
        ("mechanical mug", []),
        ("x-100", ["watch"]),
        ("CODE-MUG", ["mug"]),
        ("lt-phone.8/256", ["phone"]),
        ("LT-PHONE", ["phone"]),
        ("５Ｇ", ["phone"]),  # full width
        ("马克杯 handmade", ["mug"]),
        ("没有的东西", []),
    ],
)
def test_search_finds_by_words_characters_beginnings_and_codes(api, shelf, text, expected):
    assert found(api, text) == [shelf[key] for key in expected]


@pytest.mark.parametrize(
    "text",
    [
        "'",
        "''",
        "\\",
        "a' | 'b",
        "!",
        "& | ! ( ) :*",
        "<->",
        "茶' & !'",
        "🍵",
        "🍵茶",
        "\u202e",
        "%",
        "a:*b",
        "\ufeff",
        "％＇",
    ],
)
def test_odd_input_is_only_text(api, shelf, text):
    assert isinstance(found(api, text), list)


def test_text_without_a_word_finds_nothing_and_no_text_is_no_search(api, shelf):
    assert found(api, "!!! 🍵") == []
    assert len(found(api, "")) == 4


def test_two_hundred_characters_are_searched_and_a_thousand_refused(api, shelf):
    assert found(api, "茶" * 200) == []
    assert found(api, " ".join("abcdefghijklmnopqrstuvwxyz" * 3)) == []
    assert api.get("/api/v1/products", {"search": "茶" * 1_000}).status_code == 400


def test_relevance_is_paged_and_other_orders_are_obeyed(api, shelf):
    first = api.get("/api/v1/products", {"search": "铁观音", "limit": 2}).json()
    rest = found(api, "铁观音", cursor=first["next_cursor"])
    assert [item["id"] for item in first["items"]] + rest == [shelf["oolong"], shelf["mug"], shelf["watch"]]
    assert found(api, "铁观音", ordering="-created")[0] == shelf["watch"]
    assert found(api, "铁观音", ordering="price", limit=1) == [shelf["oolong"]]


@pytest.mark.django_db(transaction=True)
def test_a_renamed_product_is_found_by_its_new_name_only(api, shelf):
    update_product(product_id=shelf["mug"], name="玻璃茶壶", actor=CLERK, now=NOW)
    assert found(api, "马克杯") == []
    assert found(api, "玻璃茶壶") == [shelf["mug"]]


def test_long_texts_fit_the_limits_of_postgres(api):
    description = "茶 " * 3_000 + "<p>好茶&nbsp;'引号' \\ 反斜杠</p>" + "x" * 5_000
    product = make_product(description=description)
    assert Product.objects.get(pk=product.pk).search_vector
    assert found(api, "龙井") == [product.pk]


def test_vectors_and_queries_are_written_out():
    assert vector([("A", "乌龙 X-12")]) == "'乌龙':1A '乌':1A '龙':2A 'x-12':4A 'x':4A '12':4A 'x-1':4A"
    query = search_query("乌龙 X-12")
    assert query is not None
    assert query.source_expressions[0].value == "('乌龙' | '乌' <-> '龙') & 'x-12'"
