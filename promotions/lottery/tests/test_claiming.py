"""A prize that is goods: ordered through the door of activities, over HTTP as members do."""

from datetime import timedelta

import pytest
from django.db import transaction

from logistics.freight.models import FreightTemplate, FreightZone
from members.identity.tests.factories import MemberFactory
from members.notifications.models import Notification
from orders.checkout.locks import lock_order
from orders.checkout.models import Order
from orders.checkout.services.cancellation import cancel_unpaid
from orders.checkout.tests.making import buyer, items, place, quote, stock
from orders.fulfilment.tests.test_parcels import deliver_facts
from points.ledger.queries import balance_of
from points.ledger.services import grant
from promotions.campaigns.models import FirstPurchase
from promotions.campaigns.queries import buyer_for
from promotions.campaigns.services.lifecycle import pause_campaign, withdraw_campaign
from promotions.checkout.models import PromotionClaim
from promotions.lottery.errors import PrizeHasNoCode, PrizeNotFound
from promotions.lottery.invariants import LAWS
from promotions.lottery.models import Lottery, Prize, PrizeCode, Win
from promotions.lottery.services import expire_wins, import_codes, remind_winners, reveal_code
from promotions.lottery.services.claiming import claim_prize, confirm_prize, take_prize_back
from promotions.lottery.tests.making import (
    CLERK,
    DAY,
    NOW,
    draft_lottery,
    draw_once,
    given_and_drawn,
    make_live_lottery,
    make_lottery,
    published,
    sure,
)
from shop.catalog.models import Product
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.actors import Actor
from shop.core.transactions import unit_of_work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lantern():
    return SkuFactory(price_fen=10_000, stock=5)


@pytest.fixture
def client(member):
    return buyer(member)


def laws():
    return [sentence for law in LAWS for sentence in law()]


def win_goods(member, sku, **fields):
    lottery = make_live_lottery(*sure(kind="goods", points=0, sku=sku, stock=2, worth_fen=8000, **fields))
    return given_and_drawn(lottery, member, now=clock.now()).win


def wish(win, sku, units=1):
    return {"items": items((sku, units)), "activity": {"kind": "prize", "draw_id": win.pk}}


def standing(win):
    win.refresh_from_db()
    return win.status, win.order_number


def cancel(number):
    with unit_of_work():
        order = lock_order(number=number)
        cancel_unpaid(order=order, actor=Actor.member(order.member_id), now=clock.now())


def test_goods_are_ordered_for_nothing_and_are_claimed_once_paid(member, client, lantern):
    win = win_goods(member, lantern)
    shown = quote(client, wish(win, lantern)).json()
    assert (shown["goods_fen"], shown["freight_fen"], shown["payable_fen"]) == (10_000, 0, 0)
    assert [(each["kind"], each["id"], each["amount_fen"]) for each in shown["applied"]] == [
        ("prize", win.pk, -10_000),
        ("prize_shipping", win.pk, 0),
    ]
    number = place(client, wish(win, lantern)).json()["number"]
    assert standing(win) == ("ordered", number)
    assert stock(lantern) == (4, 1)
    deliver_facts()
    assert standing(win) == ("claimed", number)
    assert Order.objects.get(number=number).paid_at is not None
    assert set(PromotionClaim.objects.values_list("mechanism", "status")) >= {("prize", "confirmed")}
    again = place(client, wish(win, lantern))
    assert (again.status_code, again.json()["code"]) == (409, "prize_ordered_already")
    assert (Order.objects.count(), laws()) == (1, [])


def test_an_order_given_up_gives_the_prize_back_to_be_claimed_again(member, client, lantern):
    win = win_goods(member, lantern)
    first = place(client, wish(win, lantern)).json()["number"]
    Win.objects.filter(pk=win.pk).update(due_at=clock.now() + timedelta(minutes=5))
    cancel(first)
    assert standing(win) == ("waiting", "")
    assert win.due_at > clock.now() + timedelta(hours=23)
    assert stock(lantern) == (4, 1)
    second = place(client, wish(win, lantern)).json()["number"]
    assert standing(win) == ("ordered", second)
    assert (Prize.objects.get(kind="goods").won, laws()) == (1, [])


def test_goods_that_were_won_are_kept_until_their_winner_orders_them(member, client):
    last = SkuFactory(price_fen=10_000, stock=1)
    lottery = make_live_lottery(*sure(kind="goods", points=0, sku=last, stock=1, worth_fen=8000))
    win = given_and_drawn(lottery, member, now=clock.now()).win
    passer_by = buyer(MemberFactory())
    for key in ("before", "ordered", "given up"):
        refused = place(passer_by, {"items": items((last, 1))}, key=key)
        assert (refused.status_code, refused.json()["code"]) == (409, "out_of_stock")
        assert (stock(last), laws()) == ((0, 1), [])
        if key == "before":
            assert quote(client, wish(win, last)).status_code == 200
            number = place(client, wish(win, last)).json()["number"]
        elif key == "ordered":
            cancel(number)
    assert place(client, wish(win, last), key="again").status_code == 201
    assert (stock(last), laws()) == ((0, 1), [])


def test_what_is_kept_for_one_winner_is_not_for_another(member, client):
    last = SkuFactory(price_fen=10_000, stock=1)
    lottery = make_live_lottery(*sure(kind="goods", points=0, sku=last, stock=1, worth_fen=8000))
    win = given_and_drawn(lottery, member, now=clock.now()).win
    refused = place(buyer(MemberFactory()), wish(win, last))
    assert (refused.status_code, stock(last)) == (409, (0, 1))
    assert place(client, wish(win, last)).status_code == 201


def test_what_the_shop_has_sold_meanwhile_is_not_won_and_counts_nowhere(member):
    last = SkuFactory(price_fen=10_000, stock=1)
    lottery = make_live_lottery(
        *sure(kind="goods", points=0, sku=last, stock=1, worth_fen=8000), points_per_draw=30, prizes_per_day=1
    )
    assert place(buyer(MemberFactory()), {"items": items((last, 1))}).status_code == 201
    with unit_of_work():
        now = clock.now()
        grant(reference="w", member_id=member.pk, points=100, source="campaign", now=now, matures_at=now)
    made = draw_once(lottery, member, now=clock.now(), pay_with="points")
    assert (made.fallback, made.drawn.sku, made.prize.name) == ("sold_out", last, "再接再厉")
    assert balance_of(member_id=member.pk, now=clock.now()).available == 70
    lottery.refresh_from_db()
    assert (Prize.objects.get(kind="goods").won, lottery.spent_fen, lottery.prizes_of_day) == (0, 0, 0)
    assert (Win.objects.count(), stock(last), laws()) == (0, (0, 1), [])


@pytest.mark.parametrize("units", [1, 2])
def test_only_what_was_won_is_ordered_and_one_of_it(member, client, lantern, units):
    win = win_goods(member, lantern)
    other = SkuFactory(stock=5)
    body = wish(win, lantern, 2) if units == 2 else {**wish(win, lantern), "items": items((other, 1))}
    refused = place(client, body)
    assert (refused.status_code, refused.json()["code"]) == (409, "activity_goods")
    assert (standing(win), Order.objects.count()) == (("waiting", ""), 0)


def test_nobody_orders_the_prize_of_another(member, lantern):
    win = win_goods(member, lantern)
    refused = place(buyer(MemberFactory()), wish(win, lantern))
    assert (refused.status_code, refused.json()["code"]) == (404, "activity_not_found")
    assert (standing(win), Order.objects.count()) == (("waiting", ""), 0)


def test_what_is_not_claimed_in_time_goes_back_among_the_prizes(member, client, lantern):
    win = win_goods(member, lantern)
    due = clock.now() - timedelta(seconds=1)
    Win.objects.filter(pk=win.pk).update(due_at=due)
    refused = place(client, wish(win, lantern))
    assert (refused.status_code, refused.json()["code"]) == (409, "prize_expired")
    assert [expire_wins(now=clock.now()) for _ in range(2)] == [1, 0]
    assert (standing(win), stock(lantern)) == (("expired", ""), (5, 0))
    assert (Prize.objects.get(kind="goods").won, Lottery.objects.get().spent_fen, laws()) == (0, 0, [])
    told = Notification.objects.filter(member=member, event="prize_expired")
    assert [each.title for each in told] == [f"奖品已过期：{win.prize.name}"]
    assert place(client, wish(win, lantern)).json()["code"] == "prize_expired"


def test_what_came_back_after_it_was_sent_is_not_spent_when_the_lottery_is_published_again(member):
    lottery = make_lottery(*sure(kind="goods", sku=SkuFactory(stock=3), stock=3, points=0, worth_fen=9000))
    won = given_and_drawn(lottery, member)
    with transaction.atomic():
        claim_prize(draw_id=won.pk, member_id=member.pk, order_number="D9", now=NOW)
        confirm_prize(order_number="D9")
        take_prize_back(order_number="D9", was_sent=True, now=NOW)
    lottery.refresh_from_db()
    assert (lottery.spent_fen, laws()) == (0, [])
    pause_campaign(kind="lottery", pk=lottery.pk, actor=CLERK, now=NOW)
    withdraw_campaign(kind="lottery", pk=lottery.pk, actor=CLERK, now=NOW)
    lottery.refresh_from_db()
    assert (published(lottery).spent_fen, laws()) == (0, [])


def test_winners_are_told_and_reminded_once(member, lantern):
    win = win_goods(member, lantern)
    before = win.due_at - 2 * DAY
    assert [remind_winners(now=before) for _ in range(2)] == [1, 0]
    events = Notification.objects.filter(member=member).order_by("pk").values_list("event", flat=True)
    assert list(events) == ["prize_to_claim", "prize_expiring"]


def test_freight_is_paid_where_the_prize_says_so(member, client, lantern):
    win = win_goods(member, lantern, freight_is_free=False)
    kinds = [each["kind"] for each in quote(client, wish(win, lantern)).json()["applied"]]
    assert kinds == ["prize"]


@pytest.mark.parametrize("free_from_fen", [None, 9000])
def test_no_prize_is_worth_free_freight(member, client, lantern, free_from_fen):
    """The lantern of ¥100 would be above the threshold, had it been bought."""
    template = FreightTemplate.objects.create(name="默认", is_default=True, free_from_fen=free_from_fen)
    FreightZone.objects.create(template=template, name="全国", first_fen=1000, step_fen=500)
    win = win_goods(member, lantern, freight_is_free=False)
    shown = quote(client, wish(win, lantern)).json()
    assert (shown["freight_fen"], shown["payable_fen"]) == (1000, 1000)
    assert place(client, wish(win, lantern)).status_code == 201
    assert Order.objects.get().payable_fen == 1000


def test_what_was_won_is_fetched_though_nobody_may_buy_it_any_more(member, client, lantern):
    win = win_goods(member, lantern)
    Product.objects.filter(pk=lantern.product_id).update(on_shelf=False)
    assert quote(client, {"items": items((lantern, 1))}).json()["code"] == "off_shelf"
    assert place(client, wish(win, lantern)).status_code == 201
    deliver_facts()
    assert (standing(win)[0], laws()) == ("claimed", [])


def test_a_prize_is_no_purchase_neither_for_limits_nor_for_new_members(member, client, lantern):
    Product.objects.filter(pk=lantern.product_id).update(limit_per_member=1)
    first, second = win_goods(member, lantern), win_goods(member, lantern)
    assert place(client, wish(first, lantern)).status_code == 201
    deliver_facts()
    assert buyer_for(member_id=member.pk, channel="", now=clock.now()).is_new
    assert place(client, {"items": items((lantern, 1))}).status_code == 201
    assert place(client, wish(second, lantern)).status_code == 201
    again = place(client, {"items": items((lantern, 1))})
    assert (again.status_code, again.json()["code"]) == (409, "limit_exceeded")
    assert Order.objects.count() == 3


def test_an_unpaid_order_of_a_new_member_does_not_keep_them_from_their_prize(member, client, lantern):
    win = win_goods(member, lantern)
    FirstPurchase.objects.create(member=member, order_number="unpaid", placed_at=clock.now())
    assert place(client, wish(win, lantern)).status_code == 201
    deliver_facts()
    assert FirstPurchase.objects.get().order_number == "unpaid"


def test_only_its_winner_sees_a_code_and_when_it_was_first_seen_is_kept(member, client, lantern):
    lottery = draft_lottery(*sure(kind="code", points=0, stock=0), now=clock.now())
    import_codes(prize_id=lottery.prizes.get(kind="code").pk, codes=["FILM-1"])
    published(lottery, now=clock.now())
    win = given_and_drawn(lottery, member, now=clock.now()).win
    first = clock.now()
    assert reveal_code(draw_id=win.pk, member_id=member.pk, now=first) == "FILM-1"
    assert reveal_code(draw_id=win.pk, member_id=member.pk, now=first + DAY) == "FILM-1"
    assert PrizeCode.objects.get().revealed_at == first
    with pytest.raises(PrizeNotFound):
        reveal_code(draw_id=win.pk, member_id=MemberFactory().pk, now=first)
    with pytest.raises(PrizeHasNoCode):
        reveal_code(draw_id=win_goods(member, lantern).pk, member_id=member.pk, now=first)
