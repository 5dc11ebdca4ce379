import uuid

import pytest
from django.utils.translation import override

from members.identity.tests.factories import MemberFactory, client_for
from members.segments.models import Segment
from promotions.coupons.models import Coupon
from promotions.coupons.sentences import sentence_of
from promotions.coupons.services.batches import create_batch, export_batch
from promotions.coupons.tests.making import CLERK, DAY, NOW, make_coupon, make_live_template, make_template
from shop.catalog.tests.factories import CategoryFactory, ProductFactory, SkuFactory
from shop.core import clock

pytestmark = pytest.mark.django_db
COUPONS, MINE, REDEEM = "/api/v1/coupons", "/api/v1/me/coupons", "/api/v1/coupons/redeem"


def claim(client, template, key=None):
    return client.post(f"{COUPONS}/{template.pk}/claim", headers={"Idempotency-Key": key or uuid.uuid4().hex})


def listed(client, **query):
    return [item["id"] for item in client.get(COUPONS, query).json()["items"]]


def test_what_can_be_claimed_is_listed_with_my_state(member, member_client):
    template = make_live_template(total_limit=2)
    make_coupon(MemberFactory(), template=template, now=clock.now())
    [item] = member_client.get(COUPONS).json()["items"]
    assert {name: item[name] for name in ("id", "left", "claimed", "claimable", "why_not")} == {
        "id": template.pk,
        "left": 1,
        "claimed": 0,
        "claimable": True,
        "why_not": None,
    }
    assert claim(member_client, template).status_code == 201
    [item] = member_client.get(COUPONS).json()["items"]
    assert (item["left"], item["claimed"], item["claimable"]) == (0, 1, False)
    assert item["why_not"]["code"] == "coupon_limit_reached"
    [seen] = client_for(MemberFactory()).get(COUPONS).json()["items"]
    assert seen["why_not"]["code"] == "coupons_gone"


def test_the_list_shows_what_is_for_me_and_costs_the_same_for_many(
    member, member_client, api, django_assert_num_queries
):
    segment = Segment.objects.create(code="vip", name="VIP")
    everybody = [make_live_template() for _ in range(3)]
    make_live_template(segment_ids=[segment.pk])
    make_live_template(way="codes")
    make_live_template(status="paused")
    make_template(starts_at=NOW - 3 * DAY, ends_at=NOW - 2 * DAY)
    listed(member_client)  # reads the merchant's settings, which are kept for some seconds
    with django_assert_num_queries(3):
        assert listed(member_client) == [each.pk for each in reversed(everybody)]
    with django_assert_num_queries(1):
        assert listed(api) == [each.pk for each in reversed(everybody)]


def test_coupons_whose_dates_are_over_are_offered_no_more(member_client, api):
    now = clock.now()
    dates = {"validity": "dates", "valid_days": None, "valid_from": now - DAY}
    open_still = make_live_template(**dates, valid_until=now + DAY)
    over = make_live_template(**dates, valid_until=now - DAY / 24)
    assert claim(member_client, over).json()["code"] == "coupon_not_given_now"
    assert listed(api) == listed(member_client) == [open_still.pk]


def test_the_list_comes_in_pages(api):
    templates = [make_live_template() for _ in range(3)]
    first = api.get(COUPONS, {"limit": 2}).json()
    rest = api.get(COUPONS, {"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [item["id"] for item in first["items"] + rest["items"]] == [each.pk for each in reversed(templates)]
    assert rest["next_cursor"] is None


def test_for_a_product_only_what_it_can_be_used_for(api, django_assert_num_queries):
    tea = CategoryFactory()
    product = ProductFactory(category=CategoryFactory(parent=tea))
    sku, other = SkuFactory(product=product), SkuFactory()
    good = [
        make_live_template(),
        make_live_template(category_ids=[tea.pk]),
        make_live_template(product_ids=[product.pk]),
        make_live_template(sku_ids=[sku.pk]),
        make_live_template(kind="exchange", exchange_sku=sku),
        make_live_template(excluded_sku_ids=[other.pk]),
    ]
    make_live_template(product_ids=[other.product_id])
    make_live_template(excluded_category_ids=[tea.pk])
    make_live_template(excluded_sku_ids=[sku.pk])
    make_live_template(kind="exchange", exchange_sku=other)
    with django_assert_num_queries(3):
        assert listed(api, product=product.pk) == [each.pk for each in reversed(good)]
    assert listed(api, product=999_999) == []


def test_a_claim_is_answered_with_the_coupon_and_replayed(member, member_client):
    template = make_live_template()
    first, again = claim(member_client, template, "k"), claim(member_client, template, "k")
    assert (first.status_code, first.json()["status"], first.json()["template_id"]) == (201, "unused", template.pk)
    assert again.content == first.content
    assert Coupon.objects.count() == 1
    refused = claim(member_client, template)
    assert (refused.status_code, refused.json()["code"]) == (409, "coupon_limit_reached")
    assert claim(member_client, make_live_template(status="draft")).status_code == 404


def test_my_coupons_by_status_as_the_clock_has_it(member, member_client, django_assert_num_queries):
    now = clock.now()
    template = make_live_template(per_member_limit=None, starts_at=now - 30 * DAY)
    fresh = make_coupon(member, template=template, now=now)
    over = make_coupon(member, template=template, now=now - 20 * DAY)
    make_coupon(MemberFactory(), template=template, now=now)
    with django_assert_num_queries(1):
        everything = member_client.get(MINE).json()["items"]
    assert [(item["id"], item["status"]) for item in everything] == [(over.pk, "expired"), (fresh.pk, "unused")]
    for status, expected in (("unused", [fresh.pk]), ("expired", [over.pk]), ("used", [])):
        answer = member_client.get(MINE, {"status": status}).json()
        assert [item["id"] for item in answer["items"]] == expected
    assert member_client.get(MINE, {"status": "lost"}).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_codes_are_redeemed_and_wrong_ones_lock_out_alike(member, member_client):
    template = make_live_template(way="codes")
    now = clock.now()
    batch = create_batch(template_id=template.pk, name="x", quantity=1, expires_at=None, actor=CLERK, now=now)
    code = "".join(export_batch(batch_id=batch.pk, actor=CLERK, now=now)).strip()

    def redeem(typed, client=member_client, key=None):
        return client.post(REDEEM, {"code": typed}, headers={"Idempotency-Key": key or uuid.uuid4().hex})

    first = redeem(code, key="k")
    assert (first.status_code, first.json()["template_id"]) == (201, template.pk)
    assert redeem(code, key="k").content == first.content
    other = client_for(MemberFactory())
    wrong = [redeem(typed, other) for typed in (code, "x", code[:-1] + "2", "A" * 18, "优惠")]
    assert {(each.status_code, each.json()["code"], each.json()["message"]) for each in wrong} == {
        (409, "redemption_code_invalid", "兑换码无效。")
    }
    locked = redeem(code, other)
    assert (locked.status_code, locked.json()["code"]) == (429, "redemption_locked")
    assert 0 < int(locked.headers["Retry-After"]) <= 3600
    assert Coupon.objects.count() == 1


def test_a_coupon_is_shown_for_a_store(member, member_client):
    coupon = make_coupon(member, template=make_live_template(use_in="store"), now=clock.now())
    answer = member_client.post(f"{MINE}/{coupon.number}/pass")
    body = answer.json()
    assert (answer.status_code, len(body["code"])) == (201, 12)
    assert body["qr"].startswith("data:image/svg+xml")
    online = make_coupon(member, template=make_live_template(), now=clock.now())
    refused = member_client.post(f"{MINE}/{online.number}/pass")
    assert (refused.status_code, refused.json()["code"]) == (409, "coupon_not_for_stores")


@pytest.mark.parametrize(
    ("fields", "chinese", "english"),
    [
        ({}, "满 ¥100 减 ¥20，领取后 7 天有效", "¥20 off from ¥100 on, valid for 7 days after it was claimed"),
        (
            {"kind": "percent", "percent_off_bp": 1500, "most_off_fen": 5050, "threshold_fen": 0, "sku_ids": [1]},
            "打 8.5 折（最多减 ¥50.50），限指定商品，领取后 7 天有效",
            "15% off (at most ¥50.50), only chosen goods, valid for 7 days after it was claimed",
        ),
        (
            {"kind": "free_shipping", "threshold_fen": 0, "threshold_count": 3, "delay_days": 1},
            "满 3 件包邮，领取 1 天后生效，有效 7 天",
            "free shipping from 3 units on, valid from 1 days after it was claimed, for 7 days",
        ),
    ],
)
def test_the_sentence_says_what_it_does(fields, chinese, english):
    template = make_template(**fields)
    with override("zh-hans"):
        assert sentence_of(template) == chinese
    with override("en"):
        assert sentence_of(template) == english
