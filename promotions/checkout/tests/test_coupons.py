"""Which of a member's coupons act on a cart, over HTTP and in previews."""

import pytest

from orders.checkout.tests.making import buyer, items, quote
from promotions.campaigns.audience import Buyer
from promotions.campaigns.preview import preview
from promotions.campaigns.services.switch import switch_promotions
from promotions.coupons.models import CouponTemplate
from promotions.coupons.queries import MOST_USABLE
from promotions.coupons.tests.making import CLERK, make_coupon, make_live_template
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tea():
    return SkuFactory(price_fen=20_000, stock=20)


@pytest.fixture
def client(member):
    return buyer(member)


def give(member, count=1, **fields):
    template = make_live_template(per_member_limit=None, **fields)
    return [make_coupon(member, template=template, now=clock.now()) for _ in range(count)][-1]


def test_a_coupon_that_is_asked_for_acts_however_many_end_before_it(member, client, tea):
    give(member, MOST_USABLE)
    late = give(member, valid_days=60, amount_off_fen=9000)
    body = quote(client, {"items": items((tea, 1)), "coupon_ids": [late.pk]}).json()
    assert (body["discount_fen"], body["rejected"]) == (9000, [])


def test_what_cannot_be_used_yet_or_here_takes_no_place(member, client, tea):
    give(member, MOST_USABLE // 2, valid_days=1, delay_days=1)
    give(member, MOST_USABLE // 2, use_in="store")
    give(member, valid_days=60, amount_off_fen=9000)
    body = quote(client, {"items": items((tea, 1)), "coupon_ids": "best"}).json()
    assert body["discount_fen"] == 9000


def test_while_promotions_are_switched_off_no_coupon_acts(member, client, tea):
    coupon = give(member)
    body = {"items": items((tea, 1)), "coupon_ids": [coupon.pk]}
    switch_promotions(on=False, actor=CLERK, now=clock.now())
    answer = quote(client, body).json()
    assert (answer["discount_fen"], answer["applied"]) == (0, [])
    assert [each["code"] for each in answer["rejected"]] == ["coupons_switched_off"]
    assert quote(client, {**body, "coupon_ids": "best"}).json()["discount_fen"] == 0
    switch_promotions(on=True, actor=CLERK, now=clock.now())
    assert quote(client, body).json()["discount_fen"] == 2000


def test_a_preview_keeps_the_coupon_in_hand_that_has_the_number_of_a_draft(member, tea):
    held = give(member, amount_off_fen=5000, threshold_fen=0)
    draft = make_live_template(status="draft", amount_off_fen=100, threshold_fen=0)
    CouponTemplate.objects.filter(pk=draft.pk).delete()
    draft.pk = held.pk
    draft.save(force_insert=True)
    seen = preview(buyer=Buyer(member.pk, None), units={tea.pk: 1}, drafts=[draft], at=clock.now())
    assert seen.quote.payable_fen == 15_000
