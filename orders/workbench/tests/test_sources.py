"""From a campaign to the orders that took of it: the same way for all that orders take something of."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from members.identity.models import Member
from members.identity.tests.factories import MemberFactory
from orders.after_sales.tests.making import stocked
from orders.checkout.models import Order
from orders.checkout.tests.making import buyer, items, place
from orders.workbench.criteria import matching, sentences
from orders.workbench.tests.making import clerk, order_of, owner, seated
from promotions.bargaining.tests.making import make_live_bargain, start, to_the_floor
from promotions.campaigns.mechanisms import campaign_models
from promotions.campaigns.models import Campaign
from promotions.coupons.tests.making import make_coupon, make_live_template
from promotions.discounts.tests import making as discounts
from promotions.flash_sale.tests.making import asked, live_item
from promotions.group_buy.tests.making import body, make_group_buy
from promotions.lottery.tests.making import given_and_drawn, make_live_lottery, sure
from promotions.presale.tests.making import make_item, wish
from promotions.quiz.tests.making import make_live_quiz
from shop.catalog.models import Sku
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock

pytestmark = pytest.mark.django_db

Wanted = tuple[Campaign, dict[str, Any]]


@pytest.fixture
def tea() -> Sku:
    sku = SkuFactory(price_fen=10_000, stock=0)
    stocked(sku, units=50)
    return sku


def coupon(tea: Sku, member: Member) -> Wanted:
    template = make_live_template()
    mine = make_coupon(member, template=template, now=clock.now())
    return template, {"items": items((tea, 1)), "coupon_ids": [mine.pk]}


def timed_discount(tea: Sku, member: Member) -> Wanted:
    now, item = clock.now(), {"sku": tea, "price_fen": 8000}
    made = discounts.published(discounts.draft_discount(item, starts_at=now, ends_at=now + discounts.DAY), now=now)
    return made, {"items": items((tea, 1))}


def spend_offer(tea: Sku, member: Member) -> Wanted:
    now, tier = clock.now(), {"threshold_fen": 5000, "off_fen": 1000}
    made = discounts.published(discounts.draft_offer(tier, starts_at=now, ends_at=now + discounts.DAY), now=now)
    return made, {"items": items((tea, 1))}


def flash_sale(tea: Sku, member: Member) -> Wanted:
    item = live_item(tea)
    return item.session.sale, asked(item)


def bargain(tea: Sku, member: Member) -> Wanted:
    attempt = to_the_floor(start(make_live_bargain(tea), member, now=clock.now()), now=clock.now())
    return attempt.bargain, {"items": items((tea, 1)), "activity": {"kind": "bargain", "attempt_id": attempt.pk}}


def presale(tea: Sku, member: Member) -> Wanted:
    item = make_item(tea)
    return item.presale, wish(item)


def group_buy(tea: Sku, member: Member) -> Wanted:
    made = make_group_buy((tea, 7000))
    return made, body(made, tea)


def lottery(tea: Sku, member: Member) -> Wanted:
    prize = {"name": "茶", "kind": "goods", "sku": tea, "weight": 1, "stock": 1}
    made = make_live_lottery(*sure(**prize))
    won = given_and_drawn(made, member, now=clock.now())
    return made, {"items": items((tea, 1)), "activity": {"kind": "prize", "draw_id": won.pk}}


SOURCES: dict[str, Callable[[Sku, Member], Wanted]] = {
    each.__name__: each
    for each in (coupon, timed_discount, spend_offer, flash_sale, bargain, presale, group_buy, lottery)
}


def found(**given: str) -> set[Order]:
    return set(matching(given))


def campaign_page(client: Client, campaign: Campaign) -> str:
    meta = campaign._meta
    page = client.get(reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[campaign.pk]))
    return page.content.decode()


@pytest.mark.parametrize("kind", SOURCES)
def test_a_campaign_leads_to_its_orders_and_to_no_others(tea: Sku, kind: str) -> None:
    member = MemberFactory.create()
    campaign, wanted = SOURCES[kind](tea, member)
    other, _unused = SOURCES[kind](SkuFactory(price_fen=9_000, stock=5), MemberFactory.create())
    order_of()
    answer = place(buyer(member), wanted)
    assert answer.status_code == 201, answer.content
    order = Order.objects.get(number=answer.json()["number"])
    source = f"{kind}:{campaign.pk}"
    assert found(source=source) == {order}
    assert found(source=f"{kind}:{other.pk}") == found(source=f"{kind}:{campaign.pk + 10**6}") == set()
    assert [campaign.name in each for each in sentences({"source": source})] == [True]
    link = f"/admin/checkout/order/?source={source}"
    page = campaign_page(seated(owner()), campaign)
    assert link in page
    assert order.number in seated(owner("second")).get(link).content.decode()


def test_every_campaign_that_orders_take_of_is_tried_here() -> None:
    without = {model.KIND for model in campaign_models() if model(pk=1).order_numbers() is None}
    assert without == {"quiz"}
    assert {model.KIND for model in campaign_models()} - without == set(SOURCES)


def test_a_quiz_and_who_may_not_see_orders_have_no_such_link(tea: Sku) -> None:
    quiz, (sale, _wanted) = make_live_quiz(), flash_sale(tea, MemberFactory.create())
    assert "?source=" not in campaign_page(seated(owner()), quiz)
    assert "?source=" not in campaign_page(seated(clerk("view_flashsale")), sale)
    assert found(source=f"quiz:{quiz.pk}") == set()
