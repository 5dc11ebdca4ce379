"""The switch of all promotions: whatever members can begin with a campaign, they cannot while it is off."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from members.identity.models import Member
from members.identity.tests.factories import MemberFactory, client_for
from orders.after_sales.tests.making import settle_payment, stocked
from orders.checkout.locks import lock_order
from orders.checkout.models import Order
from orders.checkout.services.confirmation import confirm_deposit
from orders.checkout.tests.making import buyer, items, place, quote
from orders.payments.services.opening import open_payment
from promotions.bargaining.tests.making import make_live_bargain
from promotions.bargaining.tests.making import start as start_bargain
from promotions.campaigns.mechanisms import campaign_models
from promotions.campaigns.services.switch import switch_promotions
from promotions.coupons.models import Coupon
from promotions.coupons.tests.making import make_coupon, make_live_template
from promotions.discounts.tests import making as discounts
from promotions.flash_sale.tests.making import asked, live_item
from promotions.group_buy.models import Team
from promotions.group_buy.tests.making import body, make_group_buy, seated
from promotions.lottery.tests.making import draw_once, give, make_live_lottery, sure
from promotions.presale.tests.making import make_item, wish
from promotions.quiz.tests.making import answer, make_live_quiz
from shop.catalog.facets import FacetSubject, facets_of
from shop.catalog.models import Sku
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.actors import Actor
from shop.core.errors import DomainError
from shop.core.transactions import unit_of_work

pytestmark = pytest.mark.django_db

BOSS = Actor.staff("boss")
Act = Callable[[Member], str]


@pytest.fixture
def tea() -> Sku:
    sku = SkuFactory(price_fen=10_000, stock=0)
    stocked(sku, units=50)
    return sku


def signed_in(member: Member) -> APIClient:
    return client_for(member) if member.addresses.exists() else buyer(member)


def taken_off(member: Member, wanted: dict[str, Any]) -> str:
    return "acted" if quote(signed_in(member), wanted).json()["discount_fen"] else "nothing off"


def ordered(member: Member, wanted: dict[str, Any]) -> str:
    answered = place(signed_in(member), wanted)
    return "acted" if answered.status_code == 201 else answered.json()["code"]


def tried(act: Callable[[], Any]) -> str:
    try:
        act()
    except DomainError as error:
        return error.code
    return "acted"


def coupon(tea: Sku) -> Act:
    template = make_live_template()

    def act(member: Member) -> str:
        mine = Coupon.objects.filter(member=member).first()
        mine = mine or make_coupon(member, template=template, now=clock.now())
        return taken_off(member, {"items": items((tea, 1)), "coupon_ids": [mine.pk]})

    return act


def timed_discount(tea: Sku) -> Act:
    now = clock.now()
    item = {"sku": tea, "price_fen": 8000}
    discounts.published(discounts.draft_discount(item, starts_at=now, ends_at=now + discounts.DAY), now=now)
    return lambda member: taken_off(member, {"items": items((tea, 1))})


def spend_offer(tea: Sku) -> Act:
    now = clock.now()
    tier = {"threshold_fen": 5000, "off_fen": 1000}
    discounts.published(discounts.draft_offer(tier, starts_at=now, ends_at=now + discounts.DAY), now=now)
    return lambda member: taken_off(member, {"items": items((tea, 1))})


def quiz(tea: Sku) -> Act:
    made = make_live_quiz()
    return lambda member: tried(lambda: answer(made, member, now=clock.now()))


def flash_sale(tea: Sku) -> Act:
    item = live_item(tea)
    return lambda member: ordered(member, asked(item))


def bargain(tea: Sku) -> Act:
    made = make_live_bargain(tea)
    return lambda member: tried(lambda: start_bargain(made, member, now=clock.now()))


def lottery(tea: Sku) -> Act:
    made = make_live_lottery(*sure())

    def act(member: Member) -> str:
        give(made, member, now=clock.now())
        return tried(lambda: draw_once(made, member, now=clock.now()))

    return act


def presale(tea: Sku) -> Act:
    item = make_item(tea)
    return lambda member: ordered(member, wish(item))


def group_buy(tea: Sku) -> Act:
    made = make_group_buy((tea, 7000))
    return lambda member: ordered(member, body(made, tea))


REFUSALS = {
    coupon: "nothing off",
    timed_discount: "nothing off",
    spend_offer: "nothing off",
    quiz: "quiz_not_found",
    flash_sale: "activity_not_found",
    bargain: "bargain_not_found",
    lottery: "lottery_not_found",
    presale: "activity_not_found",
    group_buy: "activity_not_found",
}
MECHANISMS = {each.__name__: (each, refusal) for each, refusal in REFUSALS.items()}
# Where the front finds what is going on. Coupons stay their members'; a discount is on the price of its goods.
LISTS = {
    "quiz": "quizzes/current",
    "flash_sale": "flash-sales",
    "bargain": "bargains",
    "lottery": "lotteries",
    "presale": "presales",
    "group_buy": "group-buys",
}


@pytest.mark.parametrize("kind", [model.KIND for model in campaign_models()])
def test_nothing_begins_while_promotions_are_off_and_all_goes_on_when_they_are_on(tea: Sku, kind: str) -> None:
    make, refusal = MECHANISMS[kind]
    act = make(tea)
    assert act(MemberFactory()) == "acted"
    switch_promotions(on=False, actor=BOSS, now=clock.now())
    late = MemberFactory()
    assert act(late) == refusal
    switch_promotions(on=True, actor=BOSS, now=clock.now())
    assert act(late) == "acted"


@pytest.mark.parametrize("kind", LISTS)
def test_what_cannot_begin_is_not_shown(tea: Sku, kind: str, django_capture_on_commit_callbacks: Any) -> None:
    make, _refusal = MECHANISMS[kind]
    make(tea)
    front = client_for(MemberFactory())

    def shown() -> bool:
        told = front.get(f"/api/v1/{LISTS[kind]}").json()
        return bool(told.get("items") or told.get("sessions") or told.get("name"))

    assert shown()
    with django_capture_on_commit_callbacks(execute=True):
        switch_promotions(on=False, actor=BOSS, now=clock.now())
    assert not shown()


def activities_of(tea: Sku) -> list[str]:
    product = tea.product
    subject = FacetSubject(product.pk, product.category_id, product.brand_id, product.kind, {tea.pk: tea.price_fen})
    return [each["kind"] for each in facets_of(products=[subject], now=clock.now())[product.pk].activities]


@pytest.mark.parametrize("kind", ["timed_discount", "spend_offer", "flash_sale", "bargain", "presale", "group_buy"])
def test_products_do_not_show_what_is_off(tea: Sku, kind: str) -> None:
    make, _refusal = MECHANISMS[kind]
    make(tea)
    assert activities_of(tea) == [kind]
    switch_promotions(on=False, actor=BOSS, now=clock.now())
    assert activities_of(tea) == []


def test_a_team_under_way_takes_nobody_but_those_who_hold_its_seats(tea: Sku) -> None:
    made = make_group_buy((tea, 7000), size=2)
    leader = seated(made, tea)
    second = seated(made, tea, team=Team.objects.get())
    switch_promotions(on=False, actor=BOSS, now=clock.now())
    assert ordered(MemberFactory(), body(made, tea, team=Team.objects.get())) == "activity_not_found"
    settle_payment(leader)
    settle_payment(second)
    assert Team.objects.get().status == "succeeded"


def test_a_deposit_that_is_paid_keeps_the_price_of_its_balance(tea: Sku) -> None:
    answered = place(buyer(MemberFactory()), wish(make_item(tea))).json()
    order, now = Order.objects.get(number=answered["number"]), clock.now()
    with unit_of_work():
        confirm_deposit(order=lock_order(number=order.number), actor=BOSS, now=now)
    switch_promotions(on=False, actor=BOSS, now=now)
    due_at = order.deposit.balance_from + timedelta(hours=1)
    balance = open_payment(
        order_number=order.number, member_id=order.member_id, method="wechat", openid="oPayer", now=due_at
    )
    # ¥98, of which the deposit of ¥10 pays ¥20.
    assert (balance.part, balance.amount_fen) == ("balance", 7800)
