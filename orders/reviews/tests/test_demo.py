"""The demo shop's buyers have opinions."""

from datetime import timedelta

import pytest

from members.identity.tests.factories import MemberFactory
from orders.reviews import demo
from orders.reviews.models import Review
from orders.reviews.tests.making import assert_lawful, received
from shop.core import clock

pytestmark = pytest.mark.django_db


def test_reviews_of_many_kinds_are_written_once():
    now = clock.now()
    product = received(MemberFactory(), at=now).product
    for age in range(1, 25):
        received(MemberFactory(nickname="小红"), product=product, at=now - timedelta(days=age))
    assert demo.load(size="small", now=now).endswith(" reviews")
    written = Review.objects.all()
    assert written.count() > 12
    assert {review.status for review in written} == {"approved"}
    assert all(review.written_at < now for review in written)
    assert written.exclude(reply="").exists()
    assert demo.load(size="small", now=now) == "reviews are there already"
    assert_lawful()
