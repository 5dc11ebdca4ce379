from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from members.identity.tests.factories import client_for
from promotions.presale.facets import running_presales
from promotions.presale.models import PresaleTally
from promotions.presale.queries import share_target
from promotions.presale.tests.making import DAY, make_full_item, make_item, make_presale
from shop.catalog.facets import FacetSubject
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def api_client():
    return APIClient()


@pytest.fixture
def tea():
    return SkuFactory(price_fen=10_000, stock=20)


def read(client, path="presales"):
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_a_presale_says_what_is_paid_when_and_what_becomes_of_the_deposit(api_client, tea):
    item = make_item(tea, quota=5, limit_per_member=2)
    seen = read(api_client, f"presales/{item.presale_id}")
    assert (seen["mode"], seen["deposit_back_if_missed"], seen["deposit_back_on_request"]) == ("deposit", False, True)
    [row] = seen["items"]
    amounts = [row[name] for name in ("list_price_fen", "price_fen", "deposit_fen", "expanded_fen")]
    assert amounts == [10_000, 9800, 1000, 2000]
    assert (row["balance_fen"], row["total_fen"]) == (7800, 8800)
    assert (row["id"], row["sku_id"], row["left"], row["limit_per_member"], row["mine"]) == (item.pk, tea.pk, 5, 2, 0)


def test_paid_in_full_it_speaks_of_no_deposit(api_client, tea):
    seen = read(api_client, f"presales/{make_full_item(tea).presale_id}")
    assert (seen["deposit_back_if_missed"], seen["balance_from"]) == (None, None)
    assert [(each["balance_fen"], each["total_fen"], each["left"]) for each in seen["items"]] == [(0, 9800, 20)]


def test_who_is_signed_in_sees_what_is_theirs(member, api_client, tea):
    mine = make_item(tea)
    PresaleTally.objects.create(item=mine, member=member, units=2)
    new = make_item(SkuFactory(), presale=make_presale(new_members_only=True))
    make_item(SkuFactory(), presale=make_presale(channels=["app"]))
    make_item(SkuFactory(), presale=make_presale(status="paused"))
    make_item(SkuFactory(), presale=make_presale(ends_at=clock.now() - timedelta(minutes=1)))
    assert [each["id"] for each in read(api_client)["items"]] == [new.presale_id, mine.presale_id]
    [_first, second] = read(client_for(member))["items"]
    assert [each["mine"] for each in second["items"]] == [2]
    for hidden in (0, 99_999_999):
        assert api_client.get(f"/api/v1/presales/{hidden}").json()["code"] == "presale_not_found"


def test_goods_that_left_the_shelf_are_not_shown(api_client, tea):
    item = make_item(tea)
    tea.is_active = False
    tea.save()
    assert read(api_client, f"presales/{item.presale_id}")["items"] == []


def test_the_list_takes_the_same_queries_however_long(api_client, django_assert_num_queries):
    for wanted in (1, 4):
        while len(read(api_client)["items"]) < wanted:
            make_item(SkuFactory())
        # Presales, their items, what is sold of them.
        with django_assert_num_queries(3):
            assert len(read(api_client)["items"]) == wanted


def test_a_product_shows_its_presale_until_that_ends(tea):
    item = make_item(tea)
    make_item(tea, presale=make_presale(new_members_only=True))
    subject = FacetSubject(tea.product_id, tea.product.category_id, None, "goods", {tea.pk: 10_000})
    found = running_presales(products=[subject], now=clock.now())[tea.product_id]
    assert [(each["kind"], each["id"], each["price_fen"]) for each in found.activities] == [("presale", item.pk, 8800)]
    assert found.valid_until == item.presale.ends_at
    assert running_presales(products=[subject], now=clock.now() + 2 * DAY) == {}


def test_a_running_presale_can_be_shared(tea):
    item, now = make_item(tea), clock.now()
    target = share_target(pk=item.presale_id, now=now)
    assert target is not None
    assert (target.key, target.title) == (f"presale-{item.presale_id}", "新茶预售")
    assert share_target(pk=item.presale_id, now=now + 2 * DAY) is None
