"""What products show and the guide says, out of the rules that are live."""

from datetime import date, timedelta

import pytest

from points.rules.facets import points_to_earn
from points.rules.models import EarningRule
from points.rules.services import pause_rule, publish_rule
from points.rules.spec import Fixed, Goods, MemberDay, Tiers, Weekdays
from points.rules.tests.making import SATURDAY, at, double, spec
from points.rules.tests.publishing import STAFF, drafted, first_rule, publish
from shop.catalog.facets import FacetSubject
from shop.catalog.tests.factories import CategoryFactory, make_product
from shop.core import clock

pytestmark = pytest.mark.django_db


def subject(product_id, *prices, category_id=1):
    return FacetSubject(product_id, category_id, None, "goods", dict(enumerate(prices)))


def shown(*subjects, now=SATURDAY):
    found = points_to_earn(products=subjects, now=now)
    return {pk: facet.points_to_earn for pk, facet in found.items()}, {facet.valid_until for facet in found.values()}


def test_a_product_shows_what_its_cheapest_sku_earns_in_one_query(django_assert_num_queries):
    points_to_earn(products=[], now=SATURDAY)
    with django_assert_num_queries(1):
        points, until = shown(*(subject(pk, 9_950, 12_000) for pk in range(1, 21)))
    assert set(points.values()) == {99}
    assert until == {None}


def test_only_what_anybody_earns_is_promised():
    tea, cups = CategoryFactory(), CategoryFactory()
    publish(double(conditions=(Goods(category_ids=(tea.pk,)),)))
    publish(spec(Fixed(1_000), conditions=(Tiers(("gold",)),)))
    points, _ = shown(subject(1, 10_000, category_id=tea.pk), subject(2, 10_000, category_id=cups.pk))
    assert points == {1: 200, 2: 100}


def test_it_holds_until_a_rule_may_change_by_the_clock():
    assert shown(subject(1, 100))[1] == {None}
    publish(double(first_day=date(2026, 3, 30), last_day=date(2026, 4, 5)))
    assert shown(subject(1, 100))[1] == {at(2026, 3, 30, 0)}
    assert shown(subject(1, 100), now=at(2026, 4, 1))[1] == {at(2026, 4, 6, 0)}
    publish(double(conditions=(Weekdays((7,)),)))
    assert shown(subject(1, 10_000)) == ({1: 100}, {at(2026, 3, 29, 0)})
    assert shown(subject(1, 10_000), now=at(2026, 3, 29, 0))[0] == {1: 200}


@pytest.mark.django_db(transaction=True)
def test_the_front_sees_a_rule_as_soon_as_it_is_published(api):
    product = make_product(prices=[12_345])

    def points():
        return api.get(f"/api/v1/products/{product.pk}").json()["points_to_earn"]

    assert points() == 123
    rule = drafted(spec(Fixed(7)))
    assert points() == 123
    publish_rule(rule_id=rule.pk, actor=STAFF, now=clock.now())
    assert points() == 130
    pause_rule(rule_id=first_rule().pk, actor=STAFF, now=clock.now())
    assert points() == 7


def test_the_guide_tells_the_rules_in_the_language_asked_for(api, django_assert_num_queries):
    with clock.fixed(SATURDAY):
        publish(double(conditions=(MemberDay(),), last_day=date(2026, 3, 31)), name="会员日双倍")
        publish(double(last_day=date(2026, 3, 28)), name="只到今天")
    with clock.fixed(SATURDAY + timedelta(days=1)):
        chinese = api.get("/api/v1/points/guide", headers={"accept-language": "zh-hans"}).json()
        with django_assert_num_queries(4):
            english = api.get("/api/v1/points/guide", headers={"accept-language": "en"}).json()
    assert [(rule["name"], rule["sentence"]) for rule in chinese["rules"]] == [
        ("消费送积分", "每 ¥1 得 1 分，按等级倍率加成"),
        ("会员日双倍", "会员日（每月 8 日），双倍积分，至 3 月 31 日"),
    ]
    assert english["rules"][1]["sentence"] == "Member day (day 8 of each month), double points, until 31 March"
    assert english["rules"][1]["last_day"] == "2026-03-31"
    assert [(tier["code"], tier["points_multiplier_bp"]) for tier in english["tiers"]] == [
        ("normal", 10_000),
        ("silver", 11_000),
        ("gold", 12_500),
        ("diamond", 15_000),
    ]
    assert chinese["points_per_yuan"] == 100


def test_a_guide_without_rules_is_empty(api):
    for rule in EarningRule.objects.all():
        pause_rule(rule_id=rule.pk, actor=STAFF, now=SATURDAY)
    assert api.get("/api/v1/points/guide").json()["rules"] == []
