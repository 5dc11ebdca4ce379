"""What comes back of an order's promotions, as the order wrote them down."""

import time

import pytest

from orders.checkout.tests.making import items
from promotions.campaigns.results import result_of
from promotions.checkout import returns
from promotions.checkout.errors import MorePointsThanPaid
from promotions.checkout.models import PromotionClaim
from promotions.checkout.returns import LineNow
from promotions.checkout.tests.test_door import (
    campaign,
    cancel,
    client,
    order_of,
    pay,
    place,
    points_of,
    rich_order,
    tea,
)
from promotions.coupons.models import Coupon
from promotions.discounts.invariants import LAWS
from promotions.discounts.models import DiscountUse, MemberTally, SpendOffer, SpendOfferTier, TimedDiscountItem
from promotions.discounts.tests.making import draft_discount, draft_offer
from shop.core import clock
from shop.core.transactions import unit_of_work
from tests.concurrency.racing import run_together

__all__ = ["client", "rich_order", "tea"]
pytestmark = pytest.mark.django_db(transaction=True)


def give_points_back(order, points, reference="a"):
    with unit_of_work():
        return returns.return_points(order_number=order.number, reference=reference, points=points, now=clock.now())


def count(order, back, paid_fen):
    """`back` are units by the line's position."""
    lines = [
        LineNow(each.sku_id, each.quantity, back.get(each.position, 0), each.adjustments, each.is_gift)
        for each in order.lines.all()
    ]
    with unit_of_work():
        returns.count_returns(order_number=order.number, lines=lines, paid_fen=paid_fen, was_sent=True, now=clock.now())


def lawful():
    return [sentence for law in LAWS for sentence in law()] == []


def test_points_come_back_exactly_and_once_for_each_reference(rich_order, member):
    pay(rich_order)

    assert [give_points_back(rich_order, 333, "a"), give_points_back(rich_order, 333, "a")] == [333, 0]
    assert points_of(member) == (833, 0)
    with pytest.raises(MorePointsThanPaid):
        give_points_back(rich_order, 668, "b")
    assert points_of(member) == (833, 0)
    assert give_points_back(rich_order, 667, "b") == 667
    assert points_of(member) == (1500, 0)


def test_points_of_an_order_that_is_not_paid_do_not_come_back_a_second_way(rich_order, member):
    with pytest.raises(MorePointsThanPaid):
        give_points_back(rich_order, 1)
    cancel(rich_order)
    with pytest.raises(MorePointsThanPaid):
        give_points_back(rich_order, 1)
    assert points_of(member) == (1500, 0)


def look_and_leap(order, points, reference):
    """The twin without guards: it looks at what is left, and takes it."""
    held = PromotionClaim.objects.get(order_number=order.number, mechanism="points")
    if held.points_returned + points > held.points:
        raise MorePointsThanPaid(left=0)
    time.sleep(0.05)
    PromotionClaim.objects.filter(pk=held.pk).update(points_returned=held.points_returned + points)


@pytest.mark.parametrize("give_back", [give_points_back, look_and_leap])
def test_no_race_gives_more_points_back_than_were_paid(rich_order, member, give_back):
    """Eight at once want half of them back."""
    pay(rich_order)

    def attempt(number):
        try:
            give_back(rich_order, 500, f"r{number}")
        except MorePointsThanPaid:
            return "refused"
        return "back"

    results = run_together(*[lambda number=number: attempt(number) for number in range(8)])

    if give_back is look_and_leap:
        assert results.count("back") > 2
    else:
        assert results.count("back") == 2
        assert points_of(member) == (1500, 0)


def test_coupons_come_back_by_name_with_their_own_expiry(rich_order):
    pay(rich_order)
    coupon = Coupon.objects.get()
    with unit_of_work():
        found = returns.coupons_of(order_number=rich_order.number, coupon_ids=[coupon.pk])
        come = [
            returns.return_coupons(order_number=rich_order.number, coupon_ids=[coupon.pk], now=clock.now())
            for _again in range(2)
        ]
    assert (found[coupon.pk].is_back, found[coupon.pk].valid_until, come) == (False, coupon.valid_until, [1, 0])
    returned = Coupon.objects.get()
    assert (returned.status, returned.valid_until, returned.returned_from) == (
        "unused",
        coupon.valid_until,
        rich_order.number,
    )
    assert returns.coupons_of(order_number=rich_order.number, coupon_ids=[coupon.pk])[coupon.pk].is_back


def test_an_order_remembers_under_which_terms_its_offer_acted(rich_order, tea):
    pay(rich_order)
    SpendOfferTier.objects.update(threshold_fen=4000)

    (applied,) = returns.offers_of(order_number=rich_order.number)

    assert (applied.terms.id, applied.terms.tiers[0].threshold, applied.terms.tiers[0].off_fen) == (
        SpendOffer.objects.get().pk,
        15_000,
        3000,
    )
    assert [(each.sku_id, each.units, each.measured) for each in applied.counted] == [(tea.pk, 2, 18_000)]


def test_campaigns_count_what_stands_of_an_order(rich_order):
    """One of two units comes back, then the rest with the gift; told twice each."""
    pay(rich_order)
    offer, item = SpendOffer.objects.get(), TimedDiscountItem.objects.get()
    for _again in range(2):
        count(rich_order, {0: 1}, 6000)

    item.refresh_from_db()
    offer.refresh_from_db()
    assert (item.taken, offer.spent_fen) == (1, 2400)
    found = result_of(offer)
    # ¥15 off, and the gift that cost ¥9.
    assert (found.orders, found.revenue_fen, found.cost_fen) == (1, 6000, 2400)
    assert (Coupon.objects.get().cost_fen, Coupon.objects.get().revenue_fen) == (1000, 6000)
    assert lawful()

    for _again in range(2):
        count(rich_order, {0: 2, 1: 1}, 0)
    item.refresh_from_db()
    offer.refresh_from_db()
    assert (item.taken, offer.spent_fen, SpendOfferTier.objects.get().gifts_given) == (0, 0, 0)
    assert (result_of(offer).orders, result_of(offer).revenue_fen, result_of(offer).cost_fen) == (0, 0, 0)
    assert not DiscountUse.objects.filter(released_at=None).exists()
    assert lawful()


def test_a_gift_that_is_kept_stays_counted(rich_order):
    pay(rich_order)
    count(rich_order, {0: 2}, 0)

    found = result_of(SpendOffer.objects.get())
    assert (found.orders, found.revenue_fen, found.cost_fen) == (1, 0, 900)
    assert SpendOfferTier.objects.get().gifts_given == 1
    assert lawful()


def test_units_that_come_back_may_be_bought_again(member, client, tea):
    campaign(draft_discount, {"sku": tea, "price_fen": 9000, "limit_per_member": 3, "quota": 3})
    order = pay(order_of(place(client, {"items": items((tea, 3))})))
    count(order, {0: 1}, 18_000)

    assert (TimedDiscountItem.objects.get().taken, MemberTally.objects.get().units) == (2, 2)
    assert order_of(place(client, {"items": items((tea, 1))})).payable_fen == 9000
    assert lawful()


def test_an_offer_of_freight_alone_costs_it_until_everything_is_back(member, client, tea):
    offer = campaign(draft_offer, {"threshold_fen": 10_000, "free_shipping": True})
    order = pay(order_of(place(client, {"items": items((tea, 2))})))
    paid = -sum(each["amount_fen"] for each in order.freight_adjustments)
    count(order, {0: 1}, 10_000)
    half = result_of(offer).cost_fen
    count(order, {0: 2}, 0)

    assert (half, result_of(offer).orders) == (paid, 0)
