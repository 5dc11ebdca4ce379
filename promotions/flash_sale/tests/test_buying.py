"""Buying in a flash sale as members do: over HTTP, from the quote to the end of the order."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from members.identity.tests.factories import MemberFactory
from orders.checkout.locks import lock_order
from orders.checkout.models import Order
from orders.checkout.services.cancellation import cancel_unpaid
from orders.checkout.tests.making import buyer, items, place, quote, stock
from orders.fulfilment.tests.test_parcels import pay
from points.ledger.queries import balance_of
from points.ledger.services import grant
from promotions.campaigns.services.lifecycle import pause_campaign
from promotions.checkout.models import PromotionClaim
from promotions.flash_sale import gate
from promotions.flash_sale.invariants import LAWS
from promotions.flash_sale.models import FlashSaleItem, FlashSaleTally, FlashSaleUse
from promotions.flash_sale.results import result_of_sale
from promotions.flash_sale.tests.making import AUTHOR, HOUR, asked, live_item
from shop.catalog.models import Sku
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.actors import Actor
from shop.core.transactions import unit_of_work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(member):
    return buyer(member)


@pytest.fixture
def tea():
    return SkuFactory(price_fen=10_000, stock=20)


def refusal(answer):
    return answer.status_code, answer.json()["code"]


def lawful():
    return [sentence for law in LAWS for sentence in law()] == []


def left(item):
    return FlashSaleItem.objects.get(pk=item.pk).left


def nothing_happened(item, tea, quota=5):
    assert not Order.objects.exists()
    assert not FlashSaleUse.objects.exists()
    assert not FlashSaleTally.objects.exists()
    assert (left(item), stock(tea)) == (quota, (20, 0))
    return True


def cancel(order):
    with unit_of_work():
        cancel_unpaid(order=lock_order(number=order.number), actor=Actor.member(order.member_id), now=clock.now())


def test_the_price_of_the_sale_stands_and_is_ordered(client, member, tea):
    item = live_item(tea, sale={"pay_within_minutes": 7})
    body = quote(client, asked(item, 2)).json()
    assert [(each["kind"], each["id"], each["label"], each["amount_fen"]) for each in body["applied"]] == [
        ("flash_sale", item.pk, "整点秒杀", -4000)
    ]
    assert body["payable_fen"] == 16_000
    placed = place(client, asked(item, 2, expected_payable_fen=16_000))
    assert placed.status_code == 201, placed.content
    order = Order.objects.get()
    assert (order.payable_fen, order.expires_at - order.placed_at) == (16_000, timedelta(minutes=7))
    assert [(each["kind"], each["id"]) for each in placed.json()["activities"]] == [("flash_sale", item.pk)]
    use = FlashSaleUse.objects.get(order_number=order.number)
    assert (use.member, use.item, use.units, use.discount_fen, use.cost_fen) == (member, item, 2, 4000, 4000)
    assert (left(item), stock(tea), FlashSaleTally.objects.get().units) == (3, (18, 2), 2)
    assert lawful()


def test_without_coming_through_it_the_goods_cost_what_they_do(client, tea):
    live_item(tea)
    assert quote(client, {"items": items((tea, 1))}).json()["payable_fen"] == 10_000


def test_a_unit_may_cost_points_besides_money(client, member, tea):
    now = clock.now()
    item = live_item(tea, price_fen=5000, points=300)
    with unit_of_work():
        grant(reference="t:1", member_id=member.pk, points=700, source="manual", now=now, matures_at=now)
    body = quote(client, asked(item, 2)).json()
    assert (body["payable_fen"], body["points_used"]) == (10_000, 600)
    assert place(client, asked(item, 2)).status_code == 201
    order = Order.objects.get()
    balance = balance_of(member_id=member.pk, now=now)
    assert (order.points_used, balance.available, balance.held) == (600, 100, 600)
    # 600 points are worth ¥6 of the ¥100 that the sale takes off.
    assert FlashSaleUse.objects.values_list("points", "discount_fen", "cost_fen").get() == (600, 10_000, 9400)
    cancel(order)
    assert balance_of(member_id=member.pk, now=now).available == 700


def test_for_points_alone_nothing_is_paid_in_money(client, member, tea):
    now = clock.now()
    item = live_item(tea, price_fen=0, points=500)
    assert refusal(place(client, asked(item))) == (409, "insufficient_points")
    assert nothing_happened(item, tea)
    with unit_of_work():
        grant(reference="t:1", member_id=member.pk, points=500, source="manual", now=now, matures_at=now)
    placed = place(client, asked(item)).json()
    assert (placed["payable_fen"], FlashSaleUse.objects.get().points, left(item)) == (0, 500, 4)


def test_what_an_unpaid_order_held_is_for_others_again(client, tea):
    item = live_item(tea, quota=2, sale={"budget_fen": 100_000})
    assert place(client, asked(item, 2)).status_code == 201
    other = buyer(MemberFactory())
    assert refusal(place(other, asked(item))) == (409, "flash_sale_sold_out")
    cancel(Order.objects.get())
    assert (left(item), stock(tea), FlashSaleTally.objects.get().units) == (2, (20, 0), 0)
    sale = item.session.sale
    sale.refresh_from_db()
    assert sale.spent_fen == 0
    assert lawful()
    assert place(other, asked(item)).status_code == 201
    assert place(client, asked(item)).status_code == 201
    assert (left(item), lawful()) == (0, True)


def test_an_order_that_expires_gives_its_units_back_once(client, member, tea):
    item = live_item(tea)
    place(client, asked(item, 2))
    order = Order.objects.get()
    for _ in range(2):
        with unit_of_work():
            claim = PromotionClaim.objects.get(order_number=order.number, mechanism="flash_sale")
            if claim.status == "claimed":
                cancel_unpaid(order=lock_order(number=order.number), actor=Actor.system("expiry"), now=clock.now())
    assert (left(item), FlashSaleUse.objects.get().released_at is not None) == (5, True)
    assert result_of_sale(item.session.sale_id).participants == 0


def test_a_paid_order_counts_as_a_result(client, tea):
    item = live_item(tea)
    place(client, asked(item, 2))
    pay(Order.objects.get())
    result = result_of_sale(item.session.sale_id)
    assert (result.participants, result.orders, result.revenue_fen, result.cost_fen) == (1, 1, 16_000, 4000)
    assert (result.new_members, len(result.days)) == (1, 1)


@pytest.mark.parametrize(
    ("starts_in", "more", "code"),
    [
        (HOUR, {}, "flash_sale_not_started"),
        (-3 * HOUR, {}, "flash_sale_over"),
        (-HOUR, {"new_members_only": True, "channels": ["app"]}, "campaign_not_on_channel"),
    ],
)
def test_who_may_not_buy_now_is_told_why(client, tea, starts_in, more, code):
    item = live_item(tea, starts_in=starts_in, sale=more)
    assert refusal(quote(client, asked(item))) == (409, code)
    assert refusal(place(client, asked(item))) == (409, code)
    assert nothing_happened(item, tea)


def test_nobody_takes_more_than_one_may_or_than_there_is(client, tea):
    item = live_item(tea, quota=3, limit_per_member=2)
    for ask in (quote, place):
        refused = ask(client, asked(item, 3))
        assert refusal(refused) == (409, "flash_sale_limit_reached")
        assert refused.json()["data"] == {"limit": 2}
    assert nothing_happened(item, tea, quota=3)
    assert place(client, asked(item, 2)).status_code == 201
    assert refusal(place(client, asked(item))) == (409, "flash_sale_limit_reached")
    assert refusal(place(buyer(MemberFactory()), asked(item, 2))) == (409, "flash_sale_sold_out")
    assert (left(item), stock(tea), Order.objects.count(), lawful()) == (1, (18, 2), 1, True)


def test_a_quote_knows_what_is_left_of_the_budget_as_the_claim_does(client, tea):
    """It reaches for two units of ¥20 off and not for a third; below the least price less is taken off."""
    item = live_item(tea, limit_per_member=None, sale={"budget_fen": 5999})
    for ask in (quote, place):
        assert refusal(ask(client, asked(item, 3))) == (409, "flash_sale_sold_out")
    assert nothing_happened(item, tea)
    assert quote(client, asked(item, 2)).json()["payable_fen"] == 16_000
    assert place(client, asked(item, 2)).status_code == 201
    for ask in (quote, place):
        assert refusal(ask(client, asked(item))) == (409, "flash_sale_sold_out")
    Sku.objects.filter(pk=tea.pk).update(floor_price_fen=8500)
    gate.forget([item.pk])
    assert quote(client, asked(item)).json()["payable_fen"] == 8500
    assert place(client, asked(item)).status_code == 201
    sale = item.session.sale
    sale.refresh_from_db()
    assert (sale.spent_fen, left(item), lawful()) == (5500, 2, True)


def test_other_goods_and_unknown_items_are_refused(client, tea):
    item, cup = live_item(tea), SkuFactory(stock=9)
    with_cup = asked(item) | {"items": items((tea, 1), (cup, 1))}
    instead = asked(item) | {"items": items((cup, 1))}
    for body in (with_cup, instead):
        assert refusal(quote(client, body)) == (409, "activity_goods")
    gone = asked(item) | {"activity": {"kind": "flash_sale", "id": item.pk + 1000}}
    assert refusal(place(client, gone)) == (404, "activity_not_found")
    pause_campaign(kind="flash_sale", pk=item.session.sale_id, actor=AUTHOR, now=clock.now())
    assert refusal(place(client, asked(item))) == (404, "activity_not_found")
    assert nothing_happened(item, tea)


def test_the_shop_must_have_the_goods_too(client, tea):
    item = live_item(SkuFactory(price_fen=10_000, stock=1))
    assert refusal(place(client, asked(item, 2))) == (409, "flash_sale_sold_out")
    assert (left(item), FlashSaleUse.objects.exists()) == (5, False)


def test_a_quote_costs_one_query_more_than_any_other(client, tea, django_assert_num_queries):
    item = live_item(tea)
    for body in (asked(item), {"items": items((tea, 1))}):
        quote(client, body)
    with django_assert_num_queries(2):
        assert quote(client, {"items": items((tea, 1))}).status_code == 200
    with django_assert_num_queries(3):
        assert quote(client, asked(item)).status_code == 200


def test_nobody_waits_for_more_than_two_statements_of_somebody_elses_order(client, tea):
    """The item and the stock, for which everybody comes, are taken after all else of the order, its answer included."""
    item = live_item(tea)
    place(client, asked(item))
    with CaptureQueriesContext(connection) as seen:
        assert place(client, asked(item)).status_code == 201
    done = [each["sql"] for each in seen if each["sql"] not in ("BEGIN", "COMMIT")]
    assert [name in sql for name, sql in zip(("flash_sale_take", "stock"), done[-2:], strict=True)] == [True, True]
    assert not [sql for sql in done[:-2] if "flash_sale_take" in sql]
