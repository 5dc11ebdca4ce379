"""Abandoned carts, by the definition of docs/analytics.md: a session that filled the cart and no order came from."""

from datetime import date

import pytest

from analytics.outreach.choosing import foresee
from analytics.outreach.models import Whom
from analytics.outreach.services.running import work_on
from analytics.outreach.tests.making import DAY, HOUR, NOW, due, make_plan, make_segment, started, statuses, worked
from analytics.traffic.models import SessionFact
from members.identity.tests.factories import MemberFactory
from members.notifications.models import Notification
from orders.cart.models import CartItem
from orders.checkout.models import Order
from shop.catalog.tests.factories import SkuFactory

pytestmark = pytest.mark.django_db


def left_cart(*, hours=5, carts=1, orders=0, member=None, keeps=True):
    """A member whose session ended so many hours ago, after half an hour."""
    member = member or MemberFactory()
    ended = NOW - hours * HOUR
    SessionFact.objects.create(
        day=date(2026, 11, 22) if hours < 12 else date(2026, 11, 22) - DAY * (1 + (hours - 12) // 24),
        visitor_id=f"v{member.pk}",
        session_id=f"s{SessionFact.objects.count()}",
        member_id=member.pk,
        started_at=ended - HOUR / 2,
        ended_at=ended,
        views=3,
        interactions=carts + orders,
        dwell_ms=1,
        carts=carts,
        orders=orders,
        paid_orders=0,
        is_bounce=False,
        is_idle=False,
    )
    if keeps and not CartItem.objects.filter(member=member).exists():
        CartItem.objects.create(member=member, sku=SkuFactory(stock=5), quantity=1, added_at=ended)
    return member


def ordered(member, *, hours):
    return Order.objects.create(
        number=f"M{member.pk}-{hours}",
        member=member,
        placed_at=NOW - hours * HOUR,
        expires_at=NOW,
        goods_fen=100,
        freight_fen=0,
        payable_fen=100,
    )


def plan_of_carts(**fields):
    return make_plan(whom=Whom.CARTS, idle_hours=4, within_days=3, **fields)


def test_who_left_a_cart_and_nobody_else():
    left = left_cart()
    left_cart(hours=3)  # may still be at it
    left_cart(hours=80)  # too long ago
    left_cart(carts=0)  # put nothing in
    left_cart(orders=1)  # the session ended in an order
    left_cart(keeps=False)  # has emptied it
    ordered(left_cart(), hours=2)  # came back and ordered
    ordered(left_cart(), hours=5.2)  # ordered in that very session, which was not counted yet
    back = left_cart(hours=30)  # came back to the cart and is at it
    left_cart(hours=1, member=back)
    before = left_cart(hours=6)  # had ordered before that session
    ordered(before, hours=9)
    assert sorted(foresee(plan_of_carts(), now=NOW).sample) == sorted([left.pk, before.pk])


def test_of_a_segment_only_where_one_is_chosen():
    left, _other = left_cart(), left_cart()
    found = foresee(plan_of_carts(segment_ids=[make_segment(left).pk]), now=NOW)
    assert list(found.sample) == [left.pk]


def test_who_buys_between_the_choice_and_the_message_hears_nothing():
    members = [left_cart() for _ in range(3)]
    run = due(started(plan_of_carts()))
    work_on(run_id=run.pk, now=NOW)
    assert statuses(run) == [("waiting", "")] * 3
    ordered(members[0], hours=0)
    CartItem.objects.filter(member=members[1]).delete()
    worked(run)
    assert statuses(run) == [("skipped", "no_longer"), ("skipped", "no_longer"), ("done", "")]
    assert [row.member_id for row in Notification.objects.filter(event="outreach")] == [members[2].pk]
