import pytest

from shop.regions.models import Region
from shop.regions.queries import children, region
from shop.regions.services import load_regions


@pytest.mark.django_db
def test_every_database_has_the_regions_and_loading_again_changes_nothing():
    assert Region.objects.count() == 3212
    assert Region.objects.get(code="440305").parent.name == "深圳市"
    assert load_regions() == 0


@pytest.mark.django_db
def test_loading_repairs_a_row_that_differs_from_the_file():
    Region.objects.filter(code="440305").update(name="?", longitude=0)
    assert load_regions() == 1
    assert Region.objects.get(code="440305").name == "南山区"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", ["first", "second"])
def test_the_regions_survive_the_flush_between_transactional_tests(time):
    assert Region.objects.count() == 3212


def test_a_district_knows_its_way_down_from_the_province():
    nanshan = region("440305")
    assert (nanshan.name, nanshan.province_code, nanshan.path_name) == ("南山区", "440000", "广东省 深圳市 南山区")
    assert nanshan.is_leaf
    assert (round(nanshan.longitude), round(nanshan.latitude)) == (114, 23)


def test_a_municipality_has_districts_and_a_city_may_have_none():
    assert region("110105").path_name == "北京市 朝阳区"
    assert region("441900").is_leaf
    assert not region("440300").is_leaf


def test_unknown_codes_are_nothing():
    assert region("999999") is None
    assert children("999999") == ()


@pytest.mark.parametrize("query", ["", "?parent="])
def test_provinces_come_without_parent(api, query):
    items = api.get(f"/api/v1/regions{query}").json()["items"]
    assert len(items) == 34
    assert items[0] == {"code": "110000", "name": "北京市", "level": "province", "is_leaf": False}


def test_children_of_a_city(api):
    answer = api.get("/api/v1/regions?parent=440300")
    assert "南山区" in [item["name"] for item in answer.json()["items"]]
    assert answer.json()["next_cursor"] is None


def test_the_answer_can_be_kept_and_asked_for_again(api):
    first = api.get("/api/v1/regions?parent=440300")
    assert "max-age=86400" in first["Cache-Control"]
    again = api.get("/api/v1/regions?parent=440300", HTTP_IF_NONE_MATCH=first["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    assert api.get("/api/v1/regions?parent=440100")["ETag"] != first["ETag"]


@pytest.mark.parametrize(
    ("parent", "status", "code"),
    [("999999", 404, "not_found"), ("44", 400, "invalid_input")],
)
def test_a_wrong_parent_is_refused(api, parent, status, code):
    answer = api.get(f"/api/v1/regions?parent={parent}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "ETag" not in answer or status == 200
