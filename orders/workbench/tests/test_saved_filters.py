"""Filters under a name: tabs, counts, the one to begin with, and who may change them."""

import pytest

from orders.workbench.admin import OrderAdmin
from orders.workbench.models import FirstFilter, SavedFilter
from orders.workbench.tests.making import LIST, clerk, order_of, owner, seated
from shop.core import paginator

pytestmark = pytest.mark.django_db
SAVE = f"{LIST}filters/save/"


@pytest.fixture
def desk():
    return seated(owner())


def save(client, query, **fields):
    return client.post(f"{SAVE}?{query}", {"name": "red", **fields})


def shown(answer):
    return [order.number for order in answer.context["cl"].result_list]


def test_what_is_on_the_list_is_saved_and_opened_again(desk):
    wanted, _other = order_of(flag="red"), order_of()
    assert "flag: Red flag" in desk.get(f"{SAVE}?flag=red&p=2").content.decode()
    answer = save(desk, "flag=red&p=2&o=1")
    saved = SavedFilter.objects.get()
    assert (saved.name, saved.given, saved.is_shared) == ("red", {"flag": "red"}, False)
    opened = desk.get(answer.url)
    assert shown(opened) == [wanted.number]
    assert [(tab.name, tab.is_open) for tab in opened.context["tabs"]] == [("All", False), ("red", True)]


def test_counts_come_apart_and_stop_at_a_bound(desk, monkeypatch):
    for _ in range(3):
        order_of(flag="red")
    save(desk, "flag=red")
    [pk] = SavedFilter.objects.values_list("pk", flat=True)
    assert desk.get(f"{LIST}filters/counts/").json() == {str(pk): "3"}
    monkeypatch.setattr("orders.workbench.admin.saved.MOST_COUNTED", 2)
    assert desk.get(f"{LIST}filters/counts/").json() == {str(pk): "2+"}


def test_a_list_begins_with_the_filter_that_somebody_chose(desk):
    order_of(flag="red")
    save(desk, "flag=red", first="on")
    assert desk.get(LIST).url == f"{LIST}?flag=red"
    assert desk.get(LIST, {"q": ""}).status_code == 200
    pk = SavedFilter.objects.get().pk
    desk.post(f"{LIST}filters/{pk}/", {"name": "red", "do": "save"})
    assert desk.get(LIST).status_code == 200


def test_nothing_or_the_same_name_is_not_saved(desk):
    assert "Choose something to filter by first." in save(desk, "p=2").content.decode()
    save(desk, "flag=red")
    assert "You have a filter of this name already." in save(desk, "flag=blue").content.decode()
    assert list(SavedFilter.objects.values_list("given", flat=True)) == [{"flag": "red"}]


def test_colleagues_use_a_shared_filter_and_change_nothing_of_it(desk):
    save(desk, "flag=red", shared="on")
    pk = SavedFilter.objects.get().pk
    colleague = seated(clerk("view_order"))
    assert [tab.name for tab in colleague.get(LIST).context["tabs"]] == ["All", "red"]
    page = f"{LIST}filters/{pk}/"
    colleague.post(page, {"name": "red", "shared": "on", "first": "on", "do": "save"})
    assert colleague.get(LIST).url == f"{LIST}?flag=red"
    for change in ({"name": "mine", "shared": "on", "do": "save"}, {"do": "delete"}):
        assert "Only who made a filter" in colleague.post(page, change, follow=True).content.decode()
    assert SavedFilter.objects.get().name == "red"
    desk.post(page, {"name": "red", "do": "save"})
    assert not FirstFilter.objects.exists()
    assert colleague.get(page).status_code == 403
    assert [tab.name for tab in colleague.get(LIST).context["tabs"]] == ["All"]


def test_who_made_a_filter_deletes_it(desk):
    save(desk, "flag=red", first="on")
    pk = SavedFilter.objects.get().pk
    assert desk.post(f"{LIST}filters/{pk}/", {"do": "delete"}).url == f"{LIST}?q="
    assert not SavedFilter.objects.exists()
    assert not FirstFilter.objects.exists()


def test_filters_are_for_those_who_may_see_orders():
    stranger = seated(clerk("view_product"))
    for page in ("save/?flag=red", "counts/", "1/"):
        assert stranger.get(f"{LIST}filters/{page}").status_code == 403
    assert save(stranger, "flag=red").status_code == 403
    assert not SavedFilter.objects.exists()


def test_the_list_goes_on_where_its_pages_end(desk, monkeypatch):
    monkeypatch.setattr(paginator, "MOST_COUNTED", 2)
    monkeypatch.setattr(OrderAdmin, "list_per_page", 1)
    first, second, third = (order_of(flag="red") for _ in range(3))
    newest = desk.get(LIST, {"flag": "red"})
    assert shown(newest) == [third.number]
    assert "before=" not in newest.content.decode()
    last = desk.get(LIST, {"flag": "red", "p": 2})
    assert shown(last) == [second.number]
    assert f"?flag=red&amp;before={second.pk}" in last.content.decode()
    earlier = desk.get(LIST, {"flag": "red", "before": second.pk})
    assert shown(earlier) == [first.number]
    assert "Only earlier orders are shown." in earlier.content.decode()
    assert shown(desk.get(LIST, {"before": "x"})) == []
