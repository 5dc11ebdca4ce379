"""Goods of flash sales, teams and lotteries come back: campaigns, limits and figures count what stands."""

import pytest

from members.identity.tests.factories import MemberFactory, client_for
from members.notifications.models import Notification
from orders.after_sales import services
from orders.after_sales.models import AfterSale, Kind
from orders.after_sales.tests.making import (
    CLERK,
    ask,
    deliver_facts,
    money_arrives,
    send_parcels,
    settle_payment,
    stocked,
)
from orders.checkout.models import Order
from orders.checkout.tests.making import buyer, items, place
from points.ledger.services import grant
from promotions.campaigns.results import result_of
from promotions.flash_sale.models import FlashSale, FlashSaleTally, FlashSaleUse
from promotions.flash_sale.tests.making import asked, live_item
from promotions.group_buy.models import GroupBuy, MemberTally, Seat
from promotions.group_buy.services.ending import sweep_teams
from promotions.group_buy.tests.making import make_group_buy, seated, team_of
from promotions.lottery.models import Lottery, Prize, Win
from promotions.lottery.tests.making import given_and_drawn, make_live_lottery, sure
from shop.catalog.models import Product, StockReservation
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.invariants import violations
from shop.core.models import OutboxEntry
from shop.core.transactions import unit_of_work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tea():
    sku = SkuFactory(price_fen=10_000, stock=0)
    stocked(sku)
    return sku


def order_of(answer):
    assert answer.status_code == 201, answer.content
    return Order.objects.get(number=answer.json()["number"])


def gives_back(order, units=1):
    """Money for so many units, with or without goods; told to everybody twice."""
    after_sale = ask(order, {0: units}, kind=Kind.REFUND, reason="damaged")
    services.approve(number=after_sale.number, actor=CLERK, now=clock.now())
    money_arrives(after_sale)
    deliver_facts()
    told = OutboxEntry.objects.filter(subscriber__endswith="count_less_for_promotions")
    assert told.update(status="pending") > 0
    deliver_facts()


def figures(campaign):
    found = result_of(campaign)
    return found.participants, found.orders, found.revenue_fen, found.cost_fen


def sold(sku):
    return Product.objects.get(pk=sku.product_id).sales


def test_units_of_a_flash_sale_that_come_back_are_for_sale_again(member, tea):
    """Three at ¥80 and 100 points instead of ¥100: ¥19 each is what the shop has given."""
    now = clock.now()
    with unit_of_work():
        grant(reference="w", member_id=member.pk, points=300, source="campaign", now=now, matures_at=now)
    sale = {"budget_fen": 50_000}
    item = live_item(tea, quota=3, limit_per_member=3, points=100, sale=sale)
    client = buyer(member)
    order = settle_payment(order_of(place(client, asked(item, 3))))
    deliver_facts()
    campaign = FlashSale.objects.get()
    assert (figures(campaign), sold(tea)) == ((1, 1, order.paid_fen, 5700), 3)
    gives_back(order)
    item.refresh_from_db()
    campaign.refresh_from_db()
    use = FlashSaleUse.objects.get()
    assert (item.taken, use.units, use.points, use.cost_fen) == (2, 2, 200, 3800)
    assert (campaign.spent_fen, FlashSaleTally.objects.get().units, sold(tea)) == (4000, 2, 2)
    order.refresh_from_db()
    assert figures(campaign) == (1, 1, order.paid_fen - order.refunded_fen, 3800)
    assert violations() == {}
    gives_back(order, 2)
    item.refresh_from_db()
    campaign.refresh_from_db()
    assert (item.taken, campaign.spent_fen, FlashSaleTally.objects.get().units, sold(tea)) == (0, 0, 0, 0)
    assert figures(campaign) == (0, 0, 0, 0)
    assert violations() == {}


def test_who_gives_units_of_a_flash_sale_back_may_buy_them_again(member, tea):
    item = live_item(tea, quota=1, limit_per_member=1)
    client = buyer(member)
    order = settle_payment(order_of(place(client, asked(item))))
    deliver_facts()
    assert place(client, asked(item)).json()["code"] == "flash_sale_limit_reached"
    gives_back(order)
    assert order_of(place(client, asked(item))).goods_fen == 10_000
    assert violations() == {}


def test_goods_of_a_team_that_come_back_count_no_more_and_leave_the_team_as_it_was(member, tea):
    group = make_group_buy((tea, 7000), size=2, limit_per_member=1, budget_fen=100_000)
    first = settle_payment(order_of(place(buyer(member), {**_body(group, tea), "items": items((tea, 2))})))
    settle_payment(seated(group, tea, team=team_of(first)))
    deliver_facts()
    assert (figures(group)[:2], figures(group)[3], sold(tea)) == ((2, 2), 9000, 3)
    gives_back(first)
    group.refresh_from_db()
    assert (group.spent_fen, figures(group)[3], sold(tea)) == (6000, 6000, 2)
    client = client_for(member)
    assert place(client, _body(group, tea)).json()["code"] == "group_buy_limit_reached"
    gives_back(first)
    group.refresh_from_db()
    team = team_of(first)
    assert (group.spent_fen, figures(group)[:2], figures(group)[3]) == (3000, (1, 1), 3000)
    assert (team.status, team.seats_paid) == ("succeeded", 2)
    assert MemberTally.objects.get(member=member).orders == 0
    assert violations() == {}
    assert place(client, _body(group, tea)).status_code == 201
    assert violations() == {}


def _body(group, sku):
    return {"activity": {"kind": GroupBuy.KIND, "id": group.pk}, "items": items((sku, 1))}


def test_what_a_failed_team_gives_back_is_counted_once_and_not_as_sold(tea):
    group = make_group_buy((tea, 7000), size=2, budget_fen=100_000)
    order = settle_payment(seated(group, tea))
    deliver_facts()
    assert sold(tea) == 1
    sweep_teams(now=team_of(order).due_at)
    deliver_facts()
    money_arrives(AfterSale.objects.get())
    OutboxEntry.objects.filter(subscriber__endswith="count_less_for_promotions").update(status="pending")
    deliver_facts()
    group.refresh_from_db()
    seat = Seat.objects.get()
    assert (group.spent_fen, seat.returned_at, seat.discount_fen, sold(tea)) == (0, None, 3000, 0)
    assert figures(group) == (0, 0, 0, 0)
    assert MemberTally.objects.get().orders == 0
    assert violations() == {}


@pytest.fixture
def prize(member, tea):
    """Won and ordered by the member, who pays the freight."""
    goods = sure(kind="goods", points=0, sku=tea, stock=1, worth_fen=8000, freight_is_free=False)
    win = given_and_drawn(make_live_lottery(*goods), member, now=clock.now()).win
    wish = {"items": items((tea, 1)), "activity": {"kind": "prize", "draw_id": win.pk}}
    order = settle_payment(order_of(place(buyer(member), wish)))
    deliver_facts()
    return order


def standing():
    """The win, and what the lottery counts."""
    win, lottery = Win.objects.get(), Lottery.objects.get()
    won = Prize.objects.get(kind="goods").won
    return win.status, win.order_number, won, lottery.spent_fen, result_of(lottery).cost_fen


def test_a_prize_that_was_sent_and_is_given_back_is_among_the_prizes_again(prize):
    send_parcels(prize.number)
    assert standing() == ("claimed", prize.number, 1, 8000, 8000)
    gives_back(prize)
    assert standing() == ("returned", prize.number, 0, 0, 0)
    assert violations() == {}


def test_a_prize_that_was_never_sent_waits_for_its_winner_again(member, prize, tea):
    gives_back(prize)
    assert standing() == ("waiting", "", 1, 8000, 8000)
    kept = StockReservation.objects.get()
    assert (kept.reference, kept.sku, kept.quantity) == (f"prize:{Win.objects.get().pk}", tea, 1)
    assert Notification.objects.filter(member=member, event="prize_to_claim").count() == 2
    assert violations() == {}
    wish = {"items": items((tea, 1)), "activity": {"kind": "prize", "draw_id": Win.objects.get().pk}}
    again = order_of(place(client_for(member), wish))
    assert standing()[:2] == ("ordered", again.number)


def test_who_had_a_prize_sent_and_gave_it_back_does_not_order_it_twice(member, prize, tea):
    send_parcels(prize.number)
    gives_back(prize)
    wish = {"items": items((tea, 1)), "activity": {"kind": "prize", "draw_id": Win.objects.get().pk}}
    refused = place(buyer(MemberFactory.create()), wish), place(client_for(member), wish)
    assert [each.json()["code"] for each in refused] == ["activity_not_found", "prize_ordered_already"]
    assert Order.objects.count() == 1
