"""What goes together: from orders, without what was bought or cannot be, and nothing personal for who refuses."""

import io
from datetime import timedelta

import numpy as np
import pytest
from django.urls import reverse

from analytics.events.tests.making import event, load, send
from analytics.recommendations.models import Build, Neighbour
from analytics.recommendations.preferences import IS_ON, VIEW_PERCENT
from analytics.recommendations.services import build, choose
from analytics.recommendations.similarity import beside, neighbours, weighed
from members.identity.services.merging import merge_accounts
from members.identity.tests.factories import MemberFactory, client_for
from orders.cart.models import CartItem
from orders.imports.models import ImportedCustomer
from orders.imports.services import import_orders
from shop.catalog.models import Product, SkuStock
from shop.catalog.tests.factories import SkuFactory, make_category
from shop.core import clock
from shop.core.actors import Actor
from shop.core.preferences import set_preference

pytestmark = pytest.mark.django_db

CODES = ("TEA", "POT", "CUP", "NUT", "BAG")
# Tea and pot go together, tea and cup less so; nuts are bought by somebody else, the bag by nobody.
BASKETS = {"a": "TEA POT", "b": "TEA POT", "c": "TEA POT CUP", "d": "TEA CUP", "e": "NUT", "f": "TEA"}


@pytest.fixture
def goods(db):
    category = make_category()
    skus = {code: SkuFactory(code=code, product__category=category, product__name=code) for code in CODES}
    for place, code in enumerate(CODES):
        Product.objects.filter(pk=skus[code].product_id).update(sales=100 - place)
    return {code: sku.product for code, sku in skus.items()}


@pytest.fixture
def history(goods):
    day = clock.business_day(clock.now())
    rows = [
        f"{customer}{number},{customer},{day.replace(day=1)},{code},1,10"
        for customer, codes in BASKETS.items()
        for number, code in enumerate(codes.split())
    ]
    text = "\n".join(["order_number,customer,paid_at,sku,quantity,amount", *rows])
    report = import_orders(file=io.BytesIO(text.encode()), actor=Actor.system("test"), now=clock.now())
    assert report.problems == []
    build(now=clock.now())
    return {row.number: row.member for row in ImportedCustomer.objects.select_related("member")}


def names(client, **asked):
    answer = client.get("/api/v1/recommendations", asked)
    assert answer.status_code == 200, answer.content
    return [each["name"] for each in answer.json()["items"]]


def test_the_cosine_of_weighed_rows_by_hand():
    # Two items bought by the same two people are the same row; the third is bought by somebody else.
    people, items = np.array([0, 1, 0, 1, 2]), np.array([0, 0, 1, 1, 2])
    rows = weighed(people, items, np.ones(5, dtype=np.float32), shape=(3, 3))
    found = [
        (int(item), int(other), round(float(score), 5))
        for block in neighbours(rows, most=5)
        for item, other, score in zip(*block, strict=True)
    ]
    assert found == [(0, 1, 1.0), (1, 0, 1.0)]


def test_the_nearest_are_kept_in_order_and_no_more_than_wanted():
    generator = np.random.default_rng(7)
    people, items = generator.integers(0, 40, 600), generator.integers(0, 300, 600)
    rows = weighed(people, items, np.ones(600, dtype=np.float32), shape=(40, 300))
    dense = rows.toarray()
    length = np.linalg.norm(dense, axis=1, keepdims=True)
    cosines = (dense / np.where(length, length, 1)) @ (dense / np.where(length, length, 1)).T
    np.fill_diagonal(cosines, -1)
    for found, others, scores in neighbours(rows, most=3):
        for item in np.unique(found):
            mine = scores[found == item]
            best = np.sort(cosines[item])[::-1][: len(mine)]
            assert len(mine) <= 3
            assert np.allclose(mine, best, atol=1e-5)
            assert np.allclose(cosines[item][others[found == item]], mine, atol=1e-5)


def test_what_was_only_looked_at_stays_farther_by_its_share():
    """One buys both of two items and looks at a third: 0.2 of 1 against a row of length √(1 + 0.04)."""
    people, items = np.zeros(3, dtype=int), np.arange(3)
    bought = weighed(people, items, np.array([1, 1, 0], dtype=np.float32), shape=(1, 3))
    seen = weighed(people, items, np.ones(3, dtype=np.float32), shape=(1, 3))
    scale = bought.max() / seen.max()
    rows = beside(bought, seen * scale, share=0.2)
    found = {(int(a), int(b)): float(s) for block in neighbours(rows, most=5) for a, b, s in zip(*block, strict=True)}
    assert found[0, 1] == pytest.approx(1.0, abs=1e-5)
    assert found[0, 2] == pytest.approx(0.2 / 1.04**0.5, abs=1e-5)
    assert (beside(bought, seen, share=0) != bought).nnz == 0


def test_a_product_is_shown_with_what_is_bought_with_it(history, goods, api):
    assert names(api, scene="product", product=goods["TEA"].pk)[:2] == ["POT", "CUP"]
    # Nobody bought anything with nuts: what sells best instead.
    assert names(api, scene="product", product=goods["NUT"].pk) == ["TEA", "POT", "CUP", "BAG"]


def test_home_is_personal_without_what_was_bought(history, api):
    answer = client_for(history["a"]).get("/api/v1/recommendations").json()
    assert answer["is_personal"] is True
    assert [each["name"] for each in answer["items"]] == ["CUP", "NUT", "BAG"]
    assert names(api) == ["TEA", "POT", "CUP", "NUT", "BAG"]


def test_the_cart_leads_to_what_goes_with_it(history, goods):
    member = MemberFactory()
    CartItem.objects.create(member=member, sku=goods["POT"].skus.get(), quantity=1, added_at=clock.now())
    assert names(client_for(member), scene="cart") == ["TEA", "CUP", "NUT", "BAG"]


def test_what_cannot_be_bought_is_not_shown(history, goods, api):
    Product.objects.filter(pk=goods["POT"].pk).update(skus_in_stock=0)
    SkuStock.objects.filter(sku__code="POT").update(available=0)
    Product.objects.filter(pk=goods["BAG"].pk).update(on_shelf=False)
    assert names(api, scene="product", product=goods["TEA"].pk) == ["CUP", "NUT"]


def test_who_refuses_gets_nothing_personal_and_gives_nothing(history, goods, api):
    client = client_for(history["a"])
    assert client.get("/api/v1/me/recommendations").json() == {"is_personal": True}
    assert client.put("/api/v1/me/recommendations", {"is_personal": False}).json() == {"is_personal": False}
    answer = client.get("/api/v1/recommendations").json()
    assert (answer["is_personal"], answer["items"][0]["name"]) == (False, "TEA")
    for name in "bc":
        choose(member_id=history[name].pk, is_personal=False, now=clock.now())
    build(now=clock.now())
    assert not Neighbour.objects.filter(other=goods["POT"]).exists()
    assert Neighbour.objects.filter(other=goods["CUP"]).exists()


def test_what_is_looked_at_together_counts_less_than_what_is_bought_together(history, goods, api):
    """Tea was bought with cups by c and d; nuts, which go with nothing, are looked at by both of them, and by f."""
    clicks = [(history[name], code) for name, code in (("c", "NUT"), ("d", "NUT"), ("f", "NUT"), ("f", "BAG"))]
    now = clock.now()
    for number, (member, code) in enumerate(clicks):
        told = event("click", at=now - timedelta(minutes=1), product_id=goods[code].pk, visitor_id=f"v{number}")
        assert send(client_for(member), told).status_code == 202
    load()
    build(now=clock.now())
    score = dict(Neighbour.objects.filter(product=goods["TEA"]).values_list("other__name", "score"))
    assert sorted(score, key=score.get, reverse=True)[:2] == ["POT", "CUP"]
    # Only looked at, by one of five who bought tea: a fifth of what it would be as a purchase.
    assert 0 < score["BAG"] < 0.2
    assert 0 < score["NUT"] < 0.2
    set_preference(VIEW_PERCENT, 0)
    build(now=clock.now())
    assert set(Neighbour.objects.filter(product=goods["TEA"]).values_list("other__name", flat=True)) == {"POT", "CUP"}


def test_home_follows_what_was_looked_at_when_nothing_was_bought(history, goods):
    member = MemberFactory()
    client = client_for(member)
    told = event("click", at=clock.now() - timedelta(minutes=1), product_id=goods["POT"].pk)
    assert send(client, told).status_code == 202
    load()
    assert names(client)[:2] == ["TEA", "CUP"]


def test_who_refuses_to_be_watched_gets_nothing_personal_and_gives_nothing(history, goods):
    """One refusal for both."""
    for name in "abc":
        client_for(history[name]).put("/api/v1/me/tracking", {"refused": True})
    answer = client_for(history["a"]).get("/api/v1/recommendations").json()
    assert (answer["is_personal"], answer["items"][0]["name"]) == (False, "TEA")
    assert client_for(history["a"]).get("/api/v1/me/recommendations").json() == {"is_personal": False}
    build(now=clock.now())
    assert not Neighbour.objects.filter(other=goods["POT"]).exists()
    assert Neighbour.objects.filter(other=goods["CUP"]).exists()


def test_a_refusal_outlives_a_merge(history):
    choose(member_id=history["a"].pk, is_personal=False, now=clock.now())
    whole = MemberFactory()
    merge_accounts(source_id=history["a"].pk, target_id=whole.pk, now=clock.now())
    assert client_for(whole).get("/api/v1/me/recommendations").json() == {"is_personal": False}


def test_switched_off_it_is_best_sellers_for_everybody(history, goods, api):
    set_preference(IS_ON, False)
    assert names(api, scene="product", product=goods["TEA"].pk) == ["POT", "CUP", "NUT", "BAG"]
    assert names(client_for(history["e"])) == ["TEA", "POT", "CUP", "NUT", "BAG"]
    assert build(now=clock.now()) is None


def test_a_second_build_takes_the_place_of_the_first(history):
    before = set(Neighbour.objects.values_list("product", "other"))
    build(now=clock.now())
    assert set(Neighbour.objects.values_list("product", "other")) == before
    assert Build.objects.count() == 2


def test_an_answer_costs_few_questions_and_a_second_one_fewer(history, goods, api, django_assert_max_num_queries):
    with django_assert_max_num_queries(13):
        names(api, scene="product", product=goods["TEA"].pk)
    with django_assert_max_num_queries(1):
        names(api, scene="product", product=goods["TEA"].pk)


def test_a_scene_needs_its_product(api, goods):
    assert api.get("/api/v1/recommendations", {"scene": "product"}).status_code == 400
    assert api.get("/api/v1/recommendations", {"scene": "moon"}).status_code == 400
    assert len(names(api, scene="product", product=4242)) == 5


def test_staff_look_at_pairs_and_build_them(history, admin_client):
    assert "POT" in admin_client.get(reverse("admin:recommendations_neighbour_changelist")).content.decode()
    admin_client.get(reverse("admin:recommendations_build_build_now"))
    assert Build.objects.count() == 2
