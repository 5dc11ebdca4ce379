"""What staff decide and reply, over the API of services and on their screens; lists at their price; who leaves."""

import pytest
from django.contrib.auth.models import Permission
from django.db import transaction
from django.test import Client

from members.identity.rooms import erase_everything, export_everything
from members.identity.services.merging import merge_accounts
from members.identity.tests.factories import MemberFactory
from members.notifications.models import Notification
from members.uploads.addresses import picture
from members.uploads.tests.making import upload_of
from orders.checkout.facts import OrderCompleted
from orders.payments.tests.factories import deliver_outbox
from orders.reviews.errors import ReviewNotFound
from orders.reviews.models import Review, ReviewEvent, ReviewTally
from orders.reviews.services import (
    approve_review,
    follow_up_review,
    hide_review,
    reject_review,
    reply_to_review,
    withdraw_review,
)
from orders.reviews.tests.making import assert_lawful, received, reviewed
from orders.reviews.tests.test_rewards import points_of
from orders.reviews.tests.test_writing import CLERK, listed, prefer
from points.tasks.tests.making import task_of
from shop.catalog.models import Product
from shop.catalog.tests.factories import make_product
from shop.core import clock
from shop.core.errors import IllegalTransition
from shop.core.outbox import publish

pytestmark = pytest.mark.django_db


def about(review, **more):
    return {"review_id": review.pk, "actor": CLERK, "now": clock.now(), **more}


def test_hidden_for_abuse_it_gives_its_points_back_hidden_otherwise_it_does_not(member):
    task_of("review", period="daily", times=5, points=20)
    kept, abused = reviewed(member), reviewed(member)
    deliver_outbox()
    assert points_of(member) == 40
    hide_review(**about(kept, reason="过期", for_abuse=False))
    hide_review(**about(abused, reason="广告", for_abuse=True))
    deliver_outbox()
    deliver_outbox()
    assert points_of(member) == 20
    approve_review(**about(abused))
    deliver_outbox()
    assert (points_of(member), Review.objects.get(pk=abused.pk).status) == (20, "approved")
    assert [(event.what, event.note) for event in abused.events.all()][-2:] == [
        ("hidden_for_abuse", "广告"),
        ("approved", ""),
    ]
    assert_lawful()


def test_decisions_take_the_ways_that_there_are(member):
    shown, waiting = reviewed(member), reviewed(member, content="wechat")
    withdrawn = reviewed(member)
    withdraw_review(review_id=withdrawn.pk, member_id=member.pk, now=clock.now())
    for service, review, more in (
        (approve_review, shown, {}),
        (reject_review, shown, {"reason": "x"}),
        (hide_review, waiting, {"reason": "x", "for_abuse": False}),
        (approve_review, withdrawn, {}),
        (hide_review, withdrawn, {"reason": "x", "for_abuse": True}),
    ):
        with pytest.raises(IllegalTransition):
            service(**about(review, **more))
    with pytest.raises(ReviewNotFound):
        approve_review(review_id=0, actor=CLERK, now=clock.now())
    assert [review.status for review in Review.objects.order_by("pk")] == ["approved", "pending", "withdrawn"]
    assert_lawful()


def test_a_reply_is_told_once_and_every_version_is_kept(member):
    product = make_product()
    review = reviewed(member, received(member, product=product))
    for reply in ("谢谢", "谢谢惠顾", "谢谢惠顾", ""):
        reply_to_review(**about(review, reply=reply))
        deliver_outbox()
    assert Notification.objects.filter(event="review_replied", member=member).count() == 1
    notes = ReviewEvent.objects.filter(review=review, what="replied").values_list("note", "actor")
    assert list(notes) == [(text, str(CLERK)) for text in ("谢谢", "谢谢惠顾", "")]
    assert listed(product)["items"][0]["reply"] is None


def test_who_received_everything_is_invited_once(member):
    line, refunded = received(member), received(member)
    type(refunded).objects.filter(pk=refunded.pk).update(units_claimed=1, units_returned=1)
    for number in (line.order.number, line.order.number, refunded.order.number):
        with transaction.atomic():
            publish(OrderCompleted(number=number, member_id=member.pk, at=clock.now()))
    deliver_outbox()
    told = Notification.objects.filter(event="review_invited")
    assert [(each.member_id, each.context["number"]) for each in told] == [(member.pk, line.order.number)]


def test_lists_are_narrowed_and_paged_and_cost_the_same(member, django_assert_num_queries):
    prefer("check_pictures", False)
    product = make_product()
    for rating in (5, 5, 4, 1, 5):
        images = [upload_of(member).pk] if rating == 4 else []
        reviewed(member, received(member, product=product), rating=rating, images=images)
    reviewed(member, received(member))
    newest = [5, 1, 4, 5, 5]
    assert [each["rating"] for each in listed(product)["items"]] == newest
    assert [each["rating"] for each in listed(product, with_images="true")["items"]] == [4]
    assert len(listed(product, rating=5)["items"]) == 3
    assert listed(product)["summary"]["stars"] == {"1": 1, "2": 0, "3": 0, "4": 1, "5": 3}
    assert (listed(product)["summary"]["rating"], listed(product)["summary"]["with_images"]) == (4.0, 1)
    seen, cursor = [], None
    while cursor or not seen:
        page = listed(product, limit=2, **({"cursor": cursor} if cursor else {}))
        seen, cursor = seen + [each["rating"] for each in page["items"]], page["next_cursor"]
    assert seen == newest
    address = f"/api/v1/products/{product.pk}/reviews"
    # The product was read for the page above; its reviews and their tally cost a query each, then nothing.
    with django_assert_num_queries(2):
        Client().get(address, {"limit": 3})
    with django_assert_num_queries(0):
        Client().get(address, {"limit": 3})


@pytest.mark.parametrize(
    ("query", "status"), [({"rating": 6}, 400), ({"limit": 101}, 400), ({"cursor": "x"}, 400), ({"rating": 5}, 200)]
)
def test_odd_questions_are_refused(query, status):
    assert Client().get(f"/api/v1/products/{make_product().pk}/reviews", query).status_code == status


def test_a_product_that_is_not_sold_has_no_page(member):
    product = make_product()
    reviewed(member, received(member, product=product))
    Product.objects.filter(pk=product.pk).update(on_shelf=False)
    assert Client().get(f"/api/v1/products/{product.pk}/reviews").status_code == 404


def test_ones_own_reviews_cost_the_same_however_many(member, member_client, django_assert_num_queries):
    for count in (1, 4):
        for _ in range(count):
            reviewed(member)
        with django_assert_num_queries(1):
            assert member_client.get("/api/v1/me/reviews").status_code == 200
    reviewed(MemberFactory())
    assert len(member_client.get("/api/v1/me/reviews").json()["items"]) == 5


def test_reviews_follow_a_merged_account_and_lose_their_words_with_who_leaves(member):
    prefer("check_pictures", False)
    loose, product = MemberFactory(phone=None, openid="loose", nickname="小红"), make_product()
    photo = upload_of(loose)
    review = reviewed(loose, received(loose, product=product), rating=4, content="我家住在西湖边", images=[photo.pk])
    follow_up_review(review_id=review.pk, member_id=loose.pk, content="追评", images=[], now=clock.now())
    with transaction.atomic():
        merge_accounts(source_id=loose.pk, target_id=member.pk, now=clock.now())
    exported = export_everything(member_id=member.pk)["reviews"]
    assert [(row["content"], row["follow_up"]["content"]) for row in exported] == [("我家住在西湖边", "追评")]
    type(review.line.order).objects.update(status="completed")
    with transaction.atomic():
        erased = erase_everything(member_id=member.pk, now=clock.now())
    assert erased["reviews"] == 1
    page = listed(product)
    shown = page["items"][0]
    assert (shown["rating"], shown["content"], shown["images"], shown["follow_up"]) == (4, "", [], None)
    assert (shown["author"]["anonymous"], page["summary"]["review_count"], page["summary"]["with_images"]) == (
        True,
        1,
        0,
    )
    assert Client().get(picture(photo.pk, public=True)["url"]).status_code == 404
    assert_lawful()


def test_a_broken_count_is_found(member):
    reviewed(member)
    ReviewTally.objects.update(star_5=2)
    with pytest.raises(AssertionError):
        assert_lawful()


class TestDesk:
    LIST = "/admin/reviews/review/"

    def test_many_are_approved_at_once(self, member, admin_client):
        waiting = [reviewed(member, content="wechat") for _ in range(3)]
        shown = reviewed(member)
        ids = [each.pk for each in (*waiting, shown)]
        answer = admin_client.post(
            self.LIST, {"action": "approve_selected", "_selected_action": ids}, follow=True
        ).content.decode()
        assert set(Review.objects.values_list("status", flat=True)) == {"approved"}
        assert set(Review.objects.filter(pk__in=ids[:3]).values_list("decided_by", flat=True)) == {"staff:admin"}
        assert f"{shown.pk}: " in answer

    @pytest.mark.parametrize(
        ("name", "content", "body", "status"),
        [
            ("reject", "wechat", {"reason": "电话"}, "rejected"),
            ("hide", "很好", {"reason": "广告", "for_abuse": "on"}, "hidden"),
        ],
    )
    def test_many_are_rejected_or_hidden_with_one_reason(self, member, admin_client, name, content, body, status):
        reviews = [reviewed(member, content=content) for _ in range(2)]
        picked = {"action": f"{name}_selected", "_selected_action": [each.pk for each in reviews]}
        asked = admin_client.post(self.LIST, picked)
        assert admin_client.post(asked.url, {}).status_code == 200
        assert not Review.objects.filter(status=status).exists()
        admin_client.post(asked.url, body)
        assert list(Review.objects.values_list("status", "reason")) == [(status, body["reason"])] * 2

    def test_one_is_approved_then_its_follow_up_and_replied_to(self, member, admin_client):
        review = reviewed(member, content="wechat")
        page = f"{self.LIST}{review.pk}"
        assert admin_client.get(f"{page}/approve/").status_code == 200
        admin_client.post(f"{page}/approve/")
        follow_up_review(review_id=review.pk, member_id=member.pk, content="weixin", images=[], now=clock.now())
        assert listed(review.product)["items"][0]["follow_up"] is None
        assert f'href="{self.LIST}{review.pk}/change/' in admin_client.get(f"{self.LIST}?todo=decide").content.decode()
        admin_client.post(f"{page}/approve/")
        assert listed(review.product)["items"][0]["follow_up"]["content"] == "weixin"
        admin_client.post(f"{page}/reply/", {"reply": "谢谢"})
        shown = admin_client.get(f"{page}/change/").content.decode()
        assert "谢谢" in shown
        assert "weixin" in shown

    def test_the_list_shows_pictures_and_costs_the_same(self, member, admin_client, django_assert_max_num_queries):
        for count in (1, 5):
            for _ in range(count):
                reviewed(member, images=[upload_of(member).pk])
            with django_assert_max_num_queries(14):
                page = admin_client.get(f"{self.LIST}?pictures=yes").content.decode()
        assert page.count('<img src="/media/uploads/') == 6

    def test_who_may_only_look_decides_nothing(self, member, django_user_model):
        user = django_user_model.objects.create_user("viewer", password="x", is_staff=True)
        user.user_permissions.add(Permission.objects.get(codename="view_review"))
        client = Client()
        client.force_login(user)
        review = reviewed(member, content="wechat")
        for path in (f"{review.pk}/approve/", f"{review.pk}/reply/", f"decide/reject/?ids={review.pk}"):
            client.post(f"{self.LIST}{path}", {"reason": "x", "reply": "x"})
        review.refresh_from_db()
        assert (review.status, review.reply) == ("pending", "")
