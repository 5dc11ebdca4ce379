import pytest

from logistics.network.geography import distance_km
from logistics.network.tests.factories import make_store

pytestmark = pytest.mark.django_db
PATH = "/api/v1/pickup-stores"


@pytest.fixture(autouse=True)
def stores(db):
    make_store("330105", name="武林店")
    make_store("440106", name="天河店")
    make_store("330106", name="关门店", is_active=False)


def names(answer) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [store["name"] for store in answer.json()["items"]]


def test_the_nearest_open_store_is_first(api):
    assert names(api.get(PATH, {"lat": 23.1, "lng": 113.3})) == ["天河店", "武林店"]
    assert names(api.get(PATH, {"lat": 30.3, "lng": 120.2})) == ["武林店", "天河店"]


def test_distance_agrees_with_the_formula_used_for_warehouses(api):
    store = api.get(PATH, {"lat": 30.3, "lng": 120.2, "limit": 1}).json()["items"][0]
    kilometres = distance_km(
        longitude=120.2, latitude=30.3, to_longitude=store["longitude"], to_latitude=store["latitude"]
    )
    assert store["distance_m"] == round(kilometres * 1000)


def test_pages_continue_where_they_stopped(api):
    first = api.get(PATH, {"lat": 30.3, "lng": 120.2, "limit": 1}).json()
    second = api.get(PATH, {"lat": 30.3, "lng": 120.2, "limit": 1, "cursor": first["next_cursor"]}).json()
    assert [s["name"] for s in first["items"] + second["items"]] == ["武林店", "天河店"]
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    ("code", "found"), [("330000", ["武林店"]), ("330100", ["武林店"]), ("330106", []), ("440106", ["天河店"])]
)
def test_a_region_holds_the_stores_of_what_lies_below_it(api, code, found):
    assert names(api.get(PATH, {"region": code})) == found


def test_without_a_point_there_is_no_distance(api):
    assert [s["distance_m"] for s in api.get(PATH).json()["items"]] == [None, None]


def test_a_point_on_the_store_is_no_distance_away(api):
    store = api.get(PATH).json()["items"][0]
    answer = api.get(PATH, {"lat": store["latitude"], "lng": store["longitude"]})
    assert answer.json()["items"][0]["distance_m"] == 0


@pytest.mark.parametrize("query", [{"lat": "91", "lng": "1"}, {"lat": "x"}, {"region": "33"}, {"cursor": "x"}])
def test_nonsense_is_refused(api, query):
    answer = api.get(PATH, query)
    assert answer.status_code == 400
    assert answer.json()["code"] in ("invalid_input", "invalid_cursor")


def test_the_list_costs_one_query(api, django_assert_num_queries):
    with django_assert_num_queries(1):
        api.get(PATH, {"lat": 30.3, "lng": 120.2, "region": "330000"})
