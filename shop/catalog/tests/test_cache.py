import socket
from datetime import timedelta
from threading import Event, Thread

import pytest
import redis
from django.conf import settings as django_settings
from django.db import connection, connections, transaction

from shop.catalog import cache, subscribers
from shop.catalog.cache import Loaded, fetch, touch_listing, touch_products
from shop.catalog.facets import Facets
from shop.catalog.facts import CatalogChanged, StockChanged
from shop.catalog.models import Brand, Sku
from shop.catalog.services.products import change_prices, put_on_shelf, take_off_shelf
from shop.catalog.services.stock import reserve_stock
from shop.catalog.tests.factories import CLERK, BrandFactory, SkuFactory, make_product, make_sku
from shop.core import clock
from shop.core.models import OutboxEntry

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/api/v1/products?ordering=price"


@pytest.fixture
def no_redis(settings):
    """An address at which nobody listens: bound, so that nobody else takes it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings.CACHE_URL = f"redis://127.0.0.1:{taken.getsockname()[1]}/0"
        yield


def cards(api, url=LIST):
    answer = api.get(url)
    assert answer.status_code == 200, answer.content
    return {item["id"]: item for item in answer.json()["items"]}


def prices(api, sku):
    shown = api.get(f"/api/v1/products/{sku.product_id}").json()["skus"][0]["price_fen"]
    return cards(api)[sku.product_id]["price_fen"], shown


def test_lists_and_details_cost_three_queries_at_first_and_none_afterwards(
    api, settings, django_assert_max_num_queries
):
    settings.PRODUCT_FACET_PROVIDERS = []  # each pins its own queries
    made = [make_product() for _ in range(5)]
    urls = [LIST, "/api/v1/products?search=龙井&in_stock=true", f"/api/v1/products?category={made[0].category_id}"]
    urls += [f"/api/v1/products/{made[0].pk}", "/api/v1/categories", "/api/v1/brands", "/api/v1/collections"]
    for url in urls:
        with django_assert_max_num_queries(3):
            first = api.get(url)
        with django_assert_max_num_queries(0):
            again = api.get(url)
        assert first.status_code == 200
        assert again.content == first.content


def test_a_new_price_is_shown_at_once(api):
    sku = make_sku(price_fen=9_900)
    assert prices(api, sku) == (9_900, 9_900)
    change_prices(prices={sku.pk: 8_800}, actor=CLERK, now=clock.now())
    assert prices(api, sku) == (8_800, 8_800)


def test_a_price_that_was_rolled_back_is_never_shown(api):
    sku = make_sku(price_fen=9_900)
    prices(api, sku)
    with transaction.atomic():
        Sku.objects.filter(pk=sku.pk).update(price_fen=1)
        touch_products([sku.product_id])
        transaction.set_rollback(True)
    assert prices(api, sku) == (9_900, 9_900)


def test_stock_sold_is_shown_at_once(api):
    sku = SkuFactory(stock=5)

    def shown():
        detail = api.get(f"/api/v1/products/{sku.product_id}").json()
        return cards(api)[sku.product_id]["available"], detail["skus"][0]["available"]

    assert shown() == (5, 5)
    with transaction.atomic():
        reserve_stock(reference="O1", items={sku.pk: 2}, expires_at=None)
    assert shown() == (3, 3)
    url = "/api/v1/products?in_stock=true"
    assert sku.product_id in cards(api, url)
    with transaction.atomic():
        reserve_stock(reference="O2", items={sku.pk: 3}, expires_at=None)
    assert shown() == (0, 0)
    assert cards(api, url) == {}


def test_shelf_changes_are_shown_at_once(api):
    product = make_product()
    detail = f"/api/v1/products/{product.pk}"
    assert product.pk in cards(api)
    assert api.get(detail).status_code == 200
    take_off_shelf(product_ids=[product.pk], actor=CLERK, now=clock.now())
    assert cards(api) == {}
    assert api.get(detail).status_code == 404
    put_on_shelf(product_ids=[product.pk], actor=CLERK, now=clock.now())
    assert product.pk in cards(api)
    assert api.get(detail).status_code == 200


def test_a_window_opens_and_closes_by_the_clock_alone(api, django_assert_max_num_queries):
    now = clock.now()
    opens, closes = now + timedelta(seconds=10), now + timedelta(seconds=20)
    product = make_product(shelf_from=opens, shelf_until=closes)
    make_product()
    detail = f"/api/v1/products/{product.pk}"
    moment = timedelta(milliseconds=1)
    for at, shown in [(now, False), (opens - moment, False), (opens, True), (closes - moment, True), (closes, False)]:
        with clock.fixed(at):
            assert (product.pk in cards(api)) is shown
            assert api.get(detail).status_code == (200 if shown else 404)
            with django_assert_max_num_queries(0):
                assert (product.pk in cards(api)) is shown


def test_a_renamed_brand_is_renamed_everywhere(api):
    brand = BrandFactory(name="旧名")
    product = make_product(brand_id=brand.pk)
    assert cards(api)[product.pk]["brand"]["name"] == "旧名"
    with transaction.atomic():
        Brand.objects.filter(pk=brand.pk).update(name="新名")
        touch_listing()
    assert cards(api)[product.pk]["brand"]["name"] == "新名"
    assert api.get("/api/v1/brands").json()["items"][0]["name"] == "新名"


def test_without_redis_everything_comes_from_the_database(api, no_redis):
    sku = make_sku(price_fen=9_900)
    assert prices(api, sku) == (9_900, 9_900)
    change_prices(prices={sku.pk: 8_800}, actor=CLERK, now=clock.now())
    assert prices(api, sku) == (8_800, 8_800)
    for path in ("categories", "brands", "collections", f"products/{sku.product_id}/related", "bootstrap"):
        assert api.get(f"/api/v1/{path}").status_code == 200


def test_a_change_that_redis_did_not_hear_reaches_it_by_the_outbox(api, settings, no_redis):
    closed, settings.CACHE_URL = settings.CACHE_URL, django_settings.REDIS_URL
    sku = SkuFactory(price_fen=9_900, stock=5)
    assert prices(api, sku) == (9_900, 9_900)
    settings.CACHE_URL = closed
    change_prices(prices={sku.pk: 8_800}, actor=CLERK, now=clock.now())
    with transaction.atomic():
        reserve_stock(reference="O1", items={sku.pk: 2}, expires_at=None)
    settings.CACHE_URL = django_settings.REDIS_URL
    assert prices(api, sku) == (9_900, 9_900)
    told = set(OutboxEntry.objects.values_list("fact", flat=True))
    assert {"CatalogChanged", "StockChanged"} <= told
    subscribers.forget_what_changed(CatalogChanged(product_ids=[sku.product_id], shared=cache.LISTING))
    assert prices(api, sku) == (8_800, 8_800)
    subscribers.forget_changed_stock(StockChanged(product_ids=[sku.product_id]))
    assert cards(api)[sku.product_id]["available"] == 3


def test_bytes_survive_neither_a_lost_version_nor_an_old_one_that_comes_back(api):
    sku = make_sku(price_fen=9_900)
    prices(api, sku)
    client = redis.Redis.from_url(django_settings.CACHE_URL)
    version = f"{django_settings.CATALOG_CACHE_PREFIX}:version:{sku.product_id}"
    assert client.delete(version) == 1
    Sku.objects.filter(pk=sku.pk).update(price_fen=7_700)
    assert prices(api, sku) == (7_700, 7_700)


@pytest.mark.parametrize("guarded", [True, False])
def test_a_reader_that_read_old_rows_cannot_poison_the_cache(guarded):
    """The reader stops between its SELECT and its store while a writer commits; the unguarded twin asks late."""
    sku = make_sku(price_fen=100)
    has_read, may_store = Event(), Event()

    def price():
        return Loaded(str(Sku.objects.get(pk=sku.pk).price_fen).encode())

    def read(load):
        name = str(sku.product_id)
        return fetch(kind="race", names=[name], versions=[], load=load, now=clock.now(), versions_of_their_own=True)

    def slow(names):
        loaded = price()
        has_read.set()
        assert may_store.wait(10)
        return {names[0]: loaded}

    def late(names):
        loaded = slow(names)
        return {name: Loaded(read(lambda _: loaded)[name]) for name in names}

    def reader():
        try:
            if guarded:
                read(slow)
            else:
                late([str(sku.product_id)])
        finally:
            connections.close_all()

    thread = Thread(target=reader)
    thread.start()
    assert has_read.wait(10)
    change_prices(prices={sku.pk: 200}, actor=CLERK, now=clock.now())
    may_store.set()
    thread.join(10)
    shown = read(lambda names: {names[0]: price()})[str(sku.product_id)]
    assert shown == (b"200" if guarded else b"100")


def provider(*, products, now):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {
        subject.product_id: Facets(
            activities=({"kind": "flash_sale", "id": 7, "price_fen": 1, "starts_at": now, "ends_at": now},),
            points_to_earn=99,
            member_prices_fen={sku_id: price_fen - 100 for sku_id, price_fen in subject.prices_fen.items()},
            valid_until=now + timedelta(seconds=30),
        )
        for subject in products
    }


def nothing(*, products, now):
    return {}


def test_facets_of_upper_rooms_are_asked_once_per_page_and_kept_until_they_change(
    api, settings, django_assert_num_queries
):
    settings.PRODUCT_FACET_PROVIDERS = [f"{__name__}.provider", f"{__name__}.nothing"]
    made = [make_product(prices=[5_000, 3_000]) for _ in range(4)]
    now = clock.now()
    with clock.fixed(now):
        with django_assert_num_queries(4):
            shown = cards(api)
        with django_assert_num_queries(0):
            cards(api)
        detail = api.get(f"/api/v1/products/{made[0].pk}").json()
    assert {card["member_price_fen"] for card in shown.values()} == {2_900}
    assert {card["points_to_earn"] for card in shown.values()} == {99}
    assert [sku["member_price_fen"] for sku in detail["skus"]] == [4_900, 2_900]
    assert [activity["kind"] for activity in detail["activities"]] == ["flash_sale"]
    with clock.fixed(now + timedelta(seconds=30)), django_assert_num_queries(2):
        cards(api)
