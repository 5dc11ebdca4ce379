"""R2 at the door of promotions: members place orders at the same moment for what there is too little of.

Orders come through `orders.checkout` as a member's do, all quoted before the first of them claims. Each guard has a
control: the same crowd at a door that believes the quote.
"""

from threading import Barrier

import pytest

from members.identity.tests.factories import MemberFactory, client_for
from orders.checkout.models import Order
from orders.checkout.tests.making import buyer, items, place, stock
from promotions.campaigns.models import FirstPurchase
from promotions.checkout import mechanisms, services
from promotions.checkout.models import PromotionClaim
from promotions.coupons.models import Coupon
from promotions.coupons.tests.making import make_coupon, make_live_template
from promotions.discounts.models import DiscountUse, MemberTally, SpendOfferTier, TimedDiscountItem
from promotions.discounts.services import using
from promotions.discounts.tests.making import draft_discount, draft_offer, published
from promotions.flash_sale.models import FlashSale
from promotions.flash_sale.services import using as flash_sale
from promotions.flash_sale.tests.making import asked, live_item
from promotions.group_buy.models import GroupBuy
from promotions.group_buy.services import seats
from promotions.group_buy.tests.making import make_group_buy
from promotions.presale import services as presale
from promotions.presale.models import Presale
from promotions.presale.tests.making import make_item, make_presale, wish
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.invariants import violations
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)
CROWD, THERE_ARE = 8, 3
guards = pytest.mark.parametrize("guarded", [True, False])


@pytest.fixture
def tea():
    return SkuFactory(price_fen=10_000, stock=50)


@pytest.fixture(autouse=True)
def _all_quoted_before_anybody_claims(monkeypatch):
    """Otherwise the quote of who comes late would know, and refuse in the place of the guard."""
    barrier, claim = Barrier(CROWD, timeout=30), services.claim

    def together(taking):
        barrier.wait()
        return claim(taking)

    monkeypatch.setattr("orders.checkout.services.placing.claim", together)


@pytest.fixture(autouse=True)
def _the_gate_knows_of_the_budget_too_late(monkeypatch):
    monkeypatch.setattr("promotions.flash_sale.admission.units_to_be_had", lambda item: 50)


def campaign(draft, *children, **fields):
    return published(draft(*children, starts_at=clock.now(), ends_at=None, **fields), now=clock.now())


def many():
    return [buyer(member) for member in MemberFactory.create_batch(CROWD)]


def devices_of(member, *, is_new=False):
    if not is_new:
        FirstPurchase.objects.create(member=member, order_number="before", placed_at=clock.now())
    return [buyer(member), *(client_for(member) for _ in range(CROWD - 1))]


def race(clients, body, sku):
    """What the crowd was answered: the codes of refusals, nothing for orders that were placed."""
    answers = run_together(*[lambda each=each: place(each, body).json().get("code", "") for each in clients])
    placed = answers.count("")
    assert (Order.objects.count(), stock(sku)) == (placed, (50 - placed, placed))
    return sorted(answers)


def told(code, there_are=THERE_ARE):
    return [""] * there_are + [code] * (CROWD - there_are)


def lawful():
    return not [law for law in violations() if law.startswith("promotions.")]


def stays(campaign):
    campaign.refresh_from_db()
    return campaign.spent_fen


@guards
def test_the_budget_of_an_offer(tea, guarded, monkeypatch):
    offer = campaign(draft_offer, {"threshold_fen": 10_000, "off_fen": 2000}, budget_fen=THERE_ARE * 2000 + 1999)
    if not guarded:
        monkeypatch.setattr(using, "spend_budgets", lambda **spent: None)
    answers = race(many(), {"items": items((tea, 1))}, tea)
    assert answers == (told("campaign_budget_spent") if guarded else [""] * CROWD)
    assert lawful() is guarded
    assert stays(offer) == (6000 if guarded else 0)


@guards
def test_the_budget_of_an_offer_of_gifts(tea, guarded, monkeypatch):
    cup = SkuFactory(price_fen=3000, cost_fen=2000, stock=50)
    offer = campaign(draft_offer, {"threshold_fen": 10_000, "gift_sku": cup}, budget_fen=THERE_ARE * 2000 + 1999)
    if not guarded:
        monkeypatch.setattr(using, "spend_budgets", lambda **spent: None)
    answers = race(many(), {"items": items((tea, 1))}, tea)
    assert answers == (told("campaign_budget_spent") if guarded else [""] * CROWD)
    assert lawful() is guarded
    assert stays(offer) == (6000 if guarded else 0)


@guards
def test_the_budget_of_a_discount(tea, guarded, monkeypatch):
    discount = campaign(draft_discount, {"sku": tea, "price_fen": 8000}, budget_fen=THERE_ARE * 2000)
    if not guarded:
        monkeypatch.setattr(using, "spend_budgets", lambda **spent: None)
    answers = race(many(), {"items": items((tea, 1))}, tea)
    assert answers == (told("campaign_budget_spent") if guarded else [""] * CROWD)
    assert lawful() is guarded
    assert stays(discount) == (6000 if guarded else 0)


@guards
def test_the_quota_of_a_discount(tea, guarded, monkeypatch):
    campaign(draft_discount, {"sku": tea, "price_fen": 8000, "quota": THERE_ARE})
    if not guarded:
        monkeypatch.setattr(using, "_take_units", lambda item, member_id, units: None)
    answers = race(many(), {"items": items((tea, 1))}, tea)
    assert answers == (told("discount_sold_out") if guarded else [""] * CROWD)
    assert (TimedDiscountItem.objects.get().taken, lawful()) == (THERE_ARE if guarded else 0, guarded)


@guards
def test_what_one_member_may_have_of_a_discount(tea, guarded, monkeypatch):
    campaign(draft_discount, {"sku": tea, "price_fen": 8000, "limit_per_member": THERE_ARE})
    if not guarded:
        monkeypatch.setattr(using, "_count_member", lambda item, member_id, units: 1)
    answers = race(devices_of(MemberFactory()), {"items": items((tea, 1))}, tea)
    assert answers == (told("discount_limit_reached") if guarded else [""] * CROWD)
    assert sum(MemberTally.objects.values_list("units", flat=True)) == (THERE_ARE if guarded else 0)
    assert DiscountUse.objects.count() == (THERE_ARE if guarded else CROWD)


@guards
def test_the_gifts_of_an_offer(tea, guarded, monkeypatch):
    cup = SkuFactory(stock=50, price_fen=900)
    campaign(draft_offer, {"threshold_fen": 10_000, "gift_sku": cup, "gift_quantity": 1, "gift_quota": THERE_ARE})
    if not guarded:
        monkeypatch.setattr(using, "_count_gifts", lambda tier, units: 1)
    answers = race(many(), {"items": items((tea, 1))}, tea)
    assert answers == (told("gifts_gone") if guarded else [""] * CROWD)
    assert (SpendOfferTier.objects.get().gifts_given, lawful()) == (THERE_ARE if guarded else 0, guarded)
    assert stock(cup) == ((47, 3) if guarded else (42, 8))


@guards
def test_one_coupon_of_one_member(tea, guarded, monkeypatch):
    member = MemberFactory()
    coupon = make_coupon(member, template=make_live_template(), now=clock.now())

    def hold_whatever_it_is(*, order_number, member_id, costs_fen, now):
        Coupon.objects.filter(pk__in=costs_fen).update(status="locked", order_number=order_number)

    if not guarded:
        monkeypatch.setattr(mechanisms, "claim_coupons", hold_whatever_it_is)
    answers = race(devices_of(member), {"items": items((tea, 1)), "coupon_ids": [coupon.pk]}, tea)
    assert answers == (told("coupon_not_usable", 1) if guarded else [""] * CROWD)
    assert PromotionClaim.objects.filter(mechanism="coupon").count() == (1 if guarded else CROWD)


@guards
def test_what_is_for_the_first_order_of_a_member(tea, guarded, monkeypatch):
    campaign(draft_offer, {"threshold_fen": 10_000, "off_fen": 2000}, new_members_only=True)
    if not guarded:
        monkeypatch.setattr(mechanisms, "take_first_purchase", lambda **order: True)
    answers = race(devices_of(MemberFactory(), is_new=True), {"items": items((tea, 1))}, tea)
    assert answers == (told("promotions_changed", 1) if guarded else [""] * CROWD)
    assert sum(Order.objects.values_list("discount_fen", flat=True)) == (2000 if guarded else CROWD * 2000)


def flash_sale_of(sku):
    item = live_item(sku, price_fen=8000, quota=50, sale={"budget_fen": THERE_ARE * 2000})
    return flash_sale, FlashSale.objects.get(), asked(item)


def group_buy_of(sku):
    group = make_group_buy((sku, 8000), budget_fen=THERE_ARE * 2000)
    return seats, group, {"items": items((sku, 1)), "activity": {"kind": GroupBuy.KIND, "id": group.pk}}


def presale_of(sku):
    item = make_item(sku, presale=make_presale(budget_fen=THERE_ARE * 1200))
    return presale, Presale.objects.get(), wish(item)


@guards
@pytest.mark.parametrize("make", [flash_sale_of, group_buy_of, presale_of])
def test_the_budget_of_an_activity(tea, make, guarded, monkeypatch):
    room, activity, body = make(tea)
    if not guarded:
        monkeypatch.setattr(room, "spend_budgets", lambda **spent: None)
    answers = race(many(), body, tea)
    assert answers == (told("campaign_budget_spent") if guarded else [""] * CROWD)
    assert lawful() is guarded
    assert stays(activity) == (activity.budget_fen if guarded else 0)
