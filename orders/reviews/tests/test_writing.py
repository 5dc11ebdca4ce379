"""Writing, adding and withdrawing: once for each line that arrived, and counted exactly."""

from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.test import Client

from members.identity.tests.factories import MemberFactory
from members.uploads.addresses import picture
from members.uploads.models import Upload
from members.uploads.tests.making import upload_of
from orders.checkout.models import OrderStatus
from orders.payments.tests.factories import deliver_outbox
from orders.reviews import services
from orders.reviews.errors import FollowUpNotPossible, LineNotReviewable, ReviewNotFound, ReviewWithdrawn
from orders.reviews.models import FollowUp, Review, ReviewEvent, ReviewTally
from orders.reviews.services import (
    approve_review,
    follow_up_review,
    reject_review,
    reply_to_review,
    withdraw_review,
    write_default_reviews,
)
from orders.reviews.tests.making import assert_lawful, received, reviewed
from shop.catalog.cache import forget
from shop.catalog.models import Product
from shop.catalog.tests.factories import make_product
from shop.core import clock, preferences
from shop.core.actors import Actor
from shop.core.models import PreferenceValue
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 10, 4, tzinfo=UTC)
CLERK = Actor.staff("clerk")


def send(client, line, **more):
    body = {"line_id": line.pk, "rating": 4, "content": "不错", **more}
    return client.post(f"/api/v1/orders/{line.order.number}/reviews", body)


def listed(product, **query):
    """What everybody sees, as soon as what was written is committed."""
    forget(products=[product.pk])
    answer = Client().get(f"/api/v1/products/{product.pk}/reviews", query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def prefer(key, value):
    PreferenceValue.objects.update_or_create(key=f"reviews.{key}", defaults={"value": value})
    preferences.forget_cached()


def test_a_review_is_shown_with_its_product_and_on_its_page(member, member_client):
    product = make_product()
    member.nickname, member.avatar_url = "小红", "https://x.test/a.jpg"
    member.save()
    answer = send(member_client, received(member, product=product), content="香气足\n回甘")
    assert (answer.status_code, answer.json()["status"]) == (201, "approved")
    page = listed(product)
    assert page["summary"] == {
        "rating": 4.0,
        "review_count": 1,
        "stars": {"1": 0, "2": 0, "3": 0, "4": 1, "5": 0},
        "with_images": 0,
    }
    (shown,) = page["items"]
    assert (shown["rating"], shown["content"], shown["default"], shown["reply"]) == (4, "香气足\n回甘", False, None)
    assert shown["author"] == {"nickname": "小红", "avatar_url": "https://x.test/a.jpg", "anonymous": False}
    detail = Client().get(f"/api/v1/products/{product.pk}").json()
    assert (detail["rating"], detail["review_count"]) == (4.0, 1)
    assert_lawful()


@pytest.mark.django_db(transaction=True)
def test_fronts_see_a_change_at_once_and_keep_what_has_not_changed():
    product, member = make_product(), MemberFactory()
    address = f"/api/v1/products/{product.pk}/reviews"
    empty = Client().get(address)
    assert Client().get(address, headers={"If-None-Match": empty["ETag"]}).status_code == 304
    review = reviewed(member, received(member, product=product))
    seen = Client().get(address, headers={"If-None-Match": empty["ETag"]})
    assert (seen.status_code, len(seen.json()["items"])) == (200, 1)
    reply_to_review(review_id=review.pk, reply="谢谢", actor=CLERK, now=clock.now())
    assert Client().get(address).json()["items"][0]["reply"]["content"] == "谢谢"


@pytest.mark.parametrize(
    ("nickname", "shown"), [("春风十里", "春***里"), ("小红", "小***"), ("红", "红***"), ("", "***")]
)
def test_who_wants_to_stay_unknown_is_shown_with_a_shortened_name(member, nickname, shown):
    member.nickname, member.avatar_url = nickname, "https://x.test/a.jpg"
    member.save()
    product = make_product()
    reviewed(member, received(member, product=product), is_anonymous=True)
    author = listed(product)["items"][0]["author"]
    assert author == {"nickname": shown, "avatar_url": "", "anonymous": True}


def test_a_line_is_reviewed_once(member, member_client):
    line = received(member)
    assert send(member_client, line).status_code == 201
    again = send(member_client, line, rating=1)
    assert (again.status_code, again.json()["code"], again.json()["data"]) == (
        409,
        "line_not_reviewable",
        {"reason": "reviewed"},
    )
    assert list(Review.objects.values_list("rating", flat=True)) == [4]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_written_many_times_at_once_it_is_there_once(guarded, monkeypatch):
    """Without the lock of the order all see a line that nobody has reviewed; then only the database stands firm."""
    member = MemberFactory()
    line = received(member)
    if not guarded:
        barrier = Barrier(6, timeout=30)

        def look(**_):
            order = type(line.order).objects.get(pk=line.order_id)
            barrier.wait()
            return order

        monkeypatch.setattr("orders.reviews.services.writing.lock_order", look)
    answers = run_together(*[lambda: reviewed(member, line)] * 6)
    refused = [each for each in answers if isinstance(each, Exception)]
    assert (len(refused), Review.objects.count()) == (5, 1)
    assert ({type(each) for each in refused} == {LineNotReviewable}) is guarded
    assert ReviewTally.objects.get().star_5 == 1
    assert_lawful()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_reviews_of_one_product_at_once_are_all_counted(guarded, monkeypatch):
    product = make_product()
    lines = [received(MemberFactory(), product=product) for _ in range(8)]
    reviewed(MemberFactory(), received(MemberFactory(), product=product), rating=1)
    if not guarded:
        barrier = Barrier(8, timeout=30)

        def look(*, product_id):
            tally = ReviewTally.objects.get(pk=product_id)
            barrier.wait()
            return tally

        monkeypatch.setattr("orders.reviews.services.showing.lock_tally", look)
    run_together(*[lambda line=line: reviewed(None, line, rating=5) for line in lines])
    tally = ReviewTally.objects.get(pk=product.pk)
    assert (tally.star_5 == 8) is guarded
    if guarded:
        product.refresh_from_db()
        # One star and eight times five: 41 / 9 = 4.5556 of 5.
        assert (product.review_count, product.rating_bp) == (9, 9111)
        assert_lawful()


@pytest.mark.parametrize(
    ("order", "line", "reason"),
    [
        ({"status": OrderStatus.SHIPPED, "completed_at": None}, {}, "not_received"),
        ({"status": OrderStatus.REFUNDED}, {}, "refunded"),
        ({}, {"units_claimed": 1, "units_returned": 1}, "refunded"),
        ({}, {"is_gift": True}, "gift"),
    ],
)
def test_what_cannot_be_reviewed_is_refused_and_said_in_the_order(member, member_client, order, line, reason):
    found = received(member, **order)
    type(found).objects.filter(pk=found.pk).update(**line)
    answer = send(member_client, found)
    assert (answer.status_code, answer.json()["data"]) == (409, {"reason": reason})
    assert Review.objects.count() == 0
    shown = member_client.get(f"/api/v1/orders/{found.order.number}").json()["lines"][0]
    assert (shown["reviewable"], shown["reviewed_at"]) == (False, None)


def test_a_delivered_order_may_be_reviewed_before_it_completes(member, member_client):
    line = received(member, status=OrderStatus.DELIVERED, completed_at=None)
    assert send(member_client, line).status_code == 201


def test_the_time_to_review_ends(member):
    line = received(member, at=NOW)
    end = NOW + timedelta(days=30)
    with pytest.raises(LineNotReviewable) as refused:
        reviewed(member, line, now=end)
    assert refused.value.data == {"reason": "too_late"}
    assert reviewed(member, line, now=end - timedelta(seconds=1)).status == "approved"


def test_orders_say_what_is_left_to_review(member, member_client, django_assert_num_queries):
    done, left = received(member), received(member)
    received(member, at=clock.now() - timedelta(days=31))
    reviewed(member, done)
    for _ in range(3):
        received(member, status=OrderStatus.PAID, completed_at=None)
    with django_assert_num_queries(2):
        found = member_client.get("/api/v1/orders?reviewable=true").json()["items"]
    assert [order["number"] for order in found] == [left.order.number]
    lines = {o["number"]: o["lines"][0]["reviewable"] for o in member_client.get("/api/v1/orders").json()["items"]}
    assert [number for number, reviewable in lines.items() if reviewable] == [left.order.number]


@pytest.mark.parametrize(
    "body",
    [
        {"rating": 0},
        {"rating": 6},
        {"rating": "5"},
        {"content": "长" * 501},
        {"content": "a\u202eb"},
        {"images": ["x"] * 10},
        {"anonymous": "yes"},
    ],
)
def test_what_is_not_a_review_is_refused(member, member_client, body):
    answer = send(member_client, received(member), **body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")
    assert Review.objects.count() == 0


def test_a_line_of_another_order_is_not_there(member, member_client):
    mine, others = received(member), received(MemberFactory())
    answer = member_client.post(f"/api/v1/orders/{mine.order.number}/reviews", {"line_id": others.pk, "rating": 5})
    assert (answer.status_code, answer.json()["code"]) == (404, "order_line_not_found")


def test_pictures_wait_for_approval_and_are_public_with_their_review_only(member, member_client):
    product, photo = make_product(), upload_of(member)
    url = picture(photo.pk, public=True)["url"]
    line = received(member, product=product)
    answer = send(member_client, line, images=[picture(photo.pk)["url"]])
    assert (answer.status_code, answer.json()["status"]) == (201, "pending")
    assert Client().get(answer.json()["images"][0]["url"]).status_code == 200
    assert (listed(product)["items"], Client().get(url).status_code) == ([], 404)
    review = Review.objects.get()
    approve_review(review_id=review.pk, actor=CLERK, now=clock.now())
    assert listed(product, with_images="true")["items"][0]["images"] == [
        {"id": photo.pk, "url": url, "thumbnail_url": url.replace(".jpg", ".thumb.webp")}
    ]
    assert Client().get(url).status_code == 200
    assert_lawful()
    services.hide_review(review_id=review.pk, reason="x", for_abuse=False, actor=CLERK, now=clock.now())
    assert (listed(product)["items"], Client().get(url).status_code) == ([], 404)
    assert_lawful()


def test_pictures_of_others_are_refused_and_nothing_is_written(member, member_client):
    photo = upload_of(MemberFactory())
    answer = send(member_client, received(member), images=[photo.pk])
    assert (answer.status_code, answer.json()["code"]) == (404, "upload_not_found")
    assert (Review.objects.count(), Upload.objects.get().used_for) == (0, "")


@pytest.mark.parametrize("content", ["加 微.信 abc", "好评返现", "看 HTTP://x", "ＷＷＷ．ｘ"])
def test_words_from_the_list_wait_for_approval_however_they_are_written(member, content):
    prefer("words", "加微信， 返现, http;www.")
    assert reviewed(member, content=content).status == "pending"
    assert ReviewTally.objects.count() == 0


def test_the_merchant_may_look_at_everything_first(member):
    prefer("approve_automatically", False)
    assert reviewed(member).status == "pending"


def test_a_rejected_review_may_be_written_again(member, member_client):
    line, first, second = received(member), upload_of(member), upload_of(member)
    review = reviewed(member, line, images=[first.pk])
    reject_review(review_id=review.pk, reason="请去掉电话", actor=CLERK, now=clock.now())
    deliver_outbox()
    own = member_client.get("/api/v1/me/reviews").json()["items"][0]
    assert (own["status"], own["reason"]) == ("rejected", "请去掉电话")
    assert member_client.get(f"/api/v1/orders/{line.order.number}").json()["lines"][0]["reviewable"]
    told = member_client.get("/api/v1/me/notifications").json()["items"]
    assert ["请去掉电话" in each["body"] for each in told] == [True]
    prefer("check_pictures", False)
    again = send(member_client, line, rating=2, images=[second.pk])
    assert (again.status_code, again.json()["id"], again.json()["status"]) == (201, review.pk, "approved")
    first.refresh_from_db()
    assert first.expires_at is not None
    assert ReviewTally.objects.get().by_stars == {1: 0, 2: 1, 3: 0, 4: 0, 5: 0}
    assert [event.what for event in ReviewEvent.objects.all()] == ["written", "rejected", "written_again", "approved"]
    assert_lawful()


def test_something_is_added_once_and_in_time(member, member_client):
    product = make_product()
    line = received(member, product=product, at=NOW)
    review = reviewed(member, line, now=NOW)
    end = NOW + timedelta(days=180)

    def add(now):
        return follow_up_review(review_id=review.pk, member_id=member.pk, content="还是好", images=[], now=now)

    with pytest.raises(FollowUpNotPossible) as late:
        add(end)
    add(end - timedelta(seconds=1))
    with pytest.raises(FollowUpNotPossible) as twice:
        add(end - timedelta(seconds=1))
    assert (late.value.data, twice.value.data) == ({"reason": "too_late"}, {"reason": "followed_up"})
    assert listed(product)["items"][0]["follow_up"]["content"] == "还是好"
    assert FollowUp.objects.count() == 1


def test_nothing_is_added_to_anothers_or_a_hidden_review(member, member_client):
    others, mine = reviewed(MemberFactory()), reviewed(member, content="wechat")
    with pytest.raises(ReviewNotFound):
        follow_up_review(review_id=others.pk, member_id=member.pk, content="x", images=[], now=clock.now())
    answer = member_client.post(f"/api/v1/me/reviews/{mine.pk}/follow-up", {"content": "x"})
    assert (answer.status_code, answer.json()["data"]) == (409, {"reason": "not_shown"})
    assert FollowUp.objects.count() == 0


def test_what_is_added_with_pictures_waits_and_is_shown_when_approved(member):
    product, photo = make_product(), upload_of(member)
    review = reviewed(member, received(member, product=product))
    follow_up_review(review_id=review.pk, member_id=member.pk, content="追评", images=[photo.pk], now=clock.now())
    assert listed(product)["items"][0]["follow_up"] is None
    services.approve_follow_up(review_id=review.pk, actor=CLERK, now=clock.now())
    shown = listed(product)["items"][0]["follow_up"]
    assert (shown["content"], [each["id"] for each in shown["images"]]) == ("追评", [photo.pk])
    assert Client().get(shown["images"][0]["url"]).status_code == 200
    services.hide_follow_up(review_id=review.pk, reason="x", actor=CLERK, now=clock.now())
    assert (listed(product)["items"][0]["follow_up"], Client().get(shown["images"][0]["url"]).status_code) == (
        None,
        404,
    )


def test_a_withdrawn_review_leaves_nothing_and_is_not_written_again(member, member_client):
    prefer("check_pictures", False)
    product, photo = make_product(), upload_of(member)
    line = received(member, product=product)
    review = reviewed(member, line, images=[photo.pk])
    assert listed(product)["summary"]["review_count"] == 1
    assert member_client.delete(f"/api/v1/me/reviews/{review.pk}").status_code == 204
    with pytest.raises(ReviewWithdrawn):
        withdraw_review(review_id=review.pk, member_id=member.pk, now=clock.now())
    review.refresh_from_db()
    assert (review.content, review.pictures, review.status) == ("", [], "withdrawn")
    assert (listed(product)["items"], listed(product)["summary"]["review_count"]) == ([], 0)
    assert Client().get(picture(photo.pk, public=True)["url"]).status_code == 404
    assert member_client.get("/api/v1/me/reviews").json()["items"] == []
    assert send(member_client, line).json()["data"] == {"reason": "reviewed"}
    product.refresh_from_db()
    assert (product.review_count, product.rating_bp) == (0, 0)
    assert_lawful()


def test_silence_is_a_good_review_only_where_the_merchant_says_so(member):
    product, done, gift = make_product(), received(member, at=NOW), received(member, at=NOW)
    silent = received(member, product=product, at=NOW)
    reviewed(member, done, now=NOW)
    type(gift).objects.filter(pk=gift.pk).update(is_gift=True)
    month = NOW + timedelta(days=30)
    assert write_default_reviews(now=month) == 0
    # Fewer days than there are to review: silence is judged when it can no longer be broken.
    prefer("default_after_days", 7)
    assert write_default_reviews(now=month - timedelta(seconds=1)) == 0
    assert write_default_reviews(now=month) == 1
    assert write_default_reviews(now=month) == 0
    page = listed(product)
    assert [(each["rating"], each["default"], each["content"]) for each in page["items"]] == [(5, True, "")]
    assert (page["summary"]["review_count"], page["summary"]["rating"]) == (0, None)
    assert listed(product, rating=5)["items"] == []
    assert Product.objects.get(pk=product.pk).review_count == 0
    assert Review.objects.get(is_default=True).line_id == silent.pk
    assert_lawful()
