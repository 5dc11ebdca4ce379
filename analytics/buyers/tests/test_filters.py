"""Segments by filter: what they hold, how many while typing, and what becomes of them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from analytics.buyers.criteria import CRITERIA, matching
from analytics.buyers.errors import FilterHoldsItself, FilterIsEmpty
from analytics.buyers.models import SegmentFilter
from analytics.buyers.services import preview_filter, refresh_filters, save_filter, score_members
from analytics.buyers.tests.making import DAY, NOW, YESTERDAY, bought
from members.identity.models import Member
from members.segments.models import MemberTag, Segment, Tag
from members.segments.queries import audience
from members.segments.services import add_to_segment
from orders.cart.models import CartItem
from points.ledger.services import grant
from shop.catalog.tests.factories import SkuFactory, make_brand, make_category
from shop.core import clock, outbox
from shop.core.actors import Actor

pytestmark = pytest.mark.django_db

MEI = Actor.staff("mei")


@pytest.fixture
def crowd(db):
    """`a` bought twice for 30 yuan, `b` once for 500, a hundred days ago."""
    SkuFactory(code="TEA-1", stock=0)
    members = bought(("a", 3, 10), ("a", 5, 20), ("b", 100, 500))
    score_members(day=YESTERDAY)
    return members


def held(**criteria):
    return {row.member_id for row in matching(criteria, now=NOW)}


def save(criteria, *, filter_id=None):
    return save_filter(filter_id=filter_id, name="回购", description="", criteria=criteria, actor=MEI, now=NOW)


def test_numbers_money_and_days(crowd):
    a, b = crowd["a"].pk, crowd["b"].pk
    assert held(orders_from=2) == {a}
    assert held(spent_from=3000, spent_to=3000) == {a}
    assert held(spent_ever_from=3001) == {b}
    assert held(last_purchase_from=50) == {b}
    assert held(last_purchase_to=50) == {a}
    assert held(stage=["dormant"]) == {b}
    assert held(orders_from=1, spent_to=40_000) == {a}
    assert held() == {a, b}


def test_tags_segments_carts_points_birthdays_and_goods(crowd):
    a, b = crowd["a"], crowd["b"]
    tag, segment = Tag.objects.create(name="茶友"), Segment.objects.create(code="vip", name="贵宾")
    MemberTag.objects.create(member=a, tag=tag, source="-", tagged_at=NOW)
    add_to_segment(segment_id=segment.pk, member_id=a.pk, until=None, now=NOW - DAY)
    cup = SkuFactory(code="CUP-1", stock=1, product__category=make_category(), product__brand=make_brand())
    CartItem.objects.create(member=b, sku=cup, quantity=1, added_at=NOW)
    grant(reference="g", member_id=b.pk, points=50, source="test", now=NOW, matures_at=NOW)
    Member.objects.filter(pk=b.pk).update(birthday="1990-03-05")
    assert held(tags=[tag.pk]) == {a.pk}
    assert held(segments=[segment.pk]) == {a.pk}
    assert held(not_segments=[segment.pk]) == {b.pk}
    assert held(cart=["yes"]) == {b.pk}
    assert held(cart=["no"]) == {a.pk}
    assert held(cart=["yes", "no"]) == {a.pk, b.pk}
    assert held(points_from=50) == {b.pk}
    assert held(birthday=[3, 4]) == {b.pk}
    bought(("c", 9, 10), sku="CUP-1")
    score_members(day=YESTERDAY)
    c = Member.objects.exclude(pk__in=[a.pk, b.pk]).get().pk
    assert held(categories=[cup.product.category_id]) == {c}
    assert held(brands=[cup.product.brand_id]) == {c}


def test_what_is_gone_matches_nobody(crowd):
    assert held(tags=[404]) == held(categories=[404]) == held(segments=[404]) == held(tiers=[404]) == set()


def test_a_saved_filter_is_an_audience_at_once_and_every_night(crowd):
    saved = save({"orders_from": 2})
    outbox.deliver_due(now=clock.now() + DAY)
    assert set(audience(segment_ids=[saved.segment_id], now=NOW + 400 * DAY)) == {crowd["a"]}
    save({"orders_to": 1}, filter_id=saved.pk)
    assert refresh_filters(now=NOW + 800 * DAY) == 1
    assert set(audience(segment_ids=[saved.segment_id], now=NOW + 801 * DAY)) == {crowd["b"]}
    SegmentFilter.objects.update(is_running=False)
    assert refresh_filters(now=NOW + 802 * DAY) == 0


def test_a_filter_of_nothing_and_of_itself_is_refused(crowd):
    with pytest.raises(FilterIsEmpty):
        save({})
    saved = save({"orders_from": 2})
    with pytest.raises(FilterHoldsItself):
        save({"not_segments": [saved.segment_id]}, filter_id=saved.pk)
    assert SegmentFilter.objects.get().criteria == {"orders_from": 2}
    assert Segment.objects.count() == 1


def test_staff_make_one_and_see_how_many_while_they_type(crowd, admin_client):
    count = reverse("admin:buyers_segmentfilter_count")
    assert admin_client.post(count, {"orders_from": "2"}).json()["said"].startswith("1 ")
    assert admin_client.post(count, {"spent_from": "500"}).json()["said"].startswith("1 ")
    assert "1" not in admin_client.post(count, {"orders_from": "x"}).json()["said"]
    assert "2" not in admin_client.post(count, {}).json()["said"]
    page = reverse("admin:buyers_segmentfilter_make")
    fields = admin_client.get(page).context["form"].fields
    assert all(name in fields for criterion in CRITERIA for name in criterion.parameters)
    wrong = admin_client.post(page, {"name": "回购", "orders_from": "3", "orders_to": "2"})
    assert "orders_to" in wrong.context["form"].errors
    assert SegmentFilter.objects.count() == 0
    admin_client.post(page, {"name": "回购", "orders_from": "2", "spent_to": "30.00", "stage": ["new", "active"]})
    saved = SegmentFilter.objects.get()
    assert saved.criteria == {"stage": ["new", "active"], "orders_from": 2, "spent_to": 3000}
    assert preview_filter(criteria=saved.criteria, now=NOW) == 1
    change = reverse("admin:buyers_segmentfilter_change_criteria", args=[saved.pk])
    form = admin_client.get(change).context["form"]
    assert (form["orders_from"].value(), form["spent_to"].value()) == (2, "30.00")
    admin_client.post(change, {"name": "老客", "orders_from": "1"})
    saved.refresh_from_db()
    assert (saved.segment.name, saved.criteria) == ("老客", {"orders_from": 1})


def test_the_list_tells_who_is_in_without_counting_each_anew(crowd, admin_client, django_assert_num_queries):
    saved = save({"orders_from": 2})
    refresh_filters(now=NOW)
    page = reverse("admin:buyers_segmentfilter_changelist")
    with CaptureQueriesContext(connection) as alone:
        shown = admin_client.get(page).context["cl"].result_list
    assert [(each.pk, each.filled) for each in shown] == [(saved.pk, 1)]
    for number in range(5):
        save({"orders_from": number + 1})
    with django_assert_num_queries(len(alone)):
        admin_client.get(page)


def test_who_may_only_look_counts_nothing(crowd, client, django_user_model):
    clerk = django_user_model.objects.create_user("clerk", is_staff=True)
    client.force_login(clerk)
    assert client.post(reverse("admin:buyers_segmentfilter_count"), {"orders_from": "1"}).status_code == 403
    assert client.get(reverse("admin:buyers_segmentfilter_make")).status_code == 403
