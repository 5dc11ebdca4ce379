"""One order takes a timed discount, a spend offer with a gift, a coupon and points: HTTP only, nothing replaced.

However the order ends, each of them is back or used up, once.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import pytest

from logistics.network.models import Warehouse, WarehouseStock
from logistics.network.services import receive_stock
from members.identity.models import Member
from orders.payments.services.closing import expire_unpaid_orders
from points.ledger.services import grant
from promotions.checkout.models import PromotionClaim
from promotions.coupons.models import CouponTemplate
from promotions.coupons.tests.making import make_live_template
from promotions.discounts.models import DiscountUse, MemberTally, SpendOffer, SpendOfferTier, TimedDiscountItem
from promotions.discounts.tests.making import draft_discount, draft_offer, published
from shop.catalog.models import Sku, SkuStock
from shop.catalog.tests.factories import CLERK, make_sku
from shop.core import clock
from shop.core.invariants import violations
from shop.core.transactions import unit_of_work
from tests.journeys.front import advance, deliver_facts, stocked

PHONE = "13800138005"
# Two tins at ¥100: ¥90 each for a while, ¥30 off from ¥150, ¥20 by the coupon, ¥10 by points; freight is free.
PAYABLE_FEN = 2 * 10_000 - 2 * 1000 - 3000 - 2000 - 1000
AT_REST = {
    "coupons": ["unused"],
    "points": (1500, 0),
    "tins": (5, 0),
    "cups": (3, 0),
    "discounted": (0, 0),
    "offered": (0, 0),
    "uses that stand": 0,
}
HELD = {
    "coupons": ["locked"],
    "points": (500, 1000),
    "tins": (3, 2),
    "cups": (2, 1),
    "discounted": (2, 2),
    "offered": (3000 + 900, 1),
    "uses that stand": 3,
}
# Goods stay reserved until they leave the warehouse.
USED = {**HELD, "coupons": ["used"], "points": (500, 0)}
GONE = {**USED, "tins": (3, 0), "cups": (2, 0)}


@dataclass(frozen=True)
class Festival:
    tin: Sku
    cup: Sku
    template: CouponTemplate


@pytest.fixture
def festival(transactional_db):
    """What the merchant has published: each of it counted, so that none could be taken twice unseen."""
    tin, cup = stocked(price_fen=10_000, code="TIN", units=5), make_sku(price_fen=900, code="CUP")
    hangzhou = Warehouse.objects.get(code="HZ").pk
    receive_stock(warehouse_id=hangzhou, items={cup.pk: 3}, reference="R2", actor=CLERK, now=clock.now())
    window = {"starts_at": clock.now(), "ends_at": clock.now() + timedelta(days=1)}
    item = {"sku": tin, "price_fen": 9000, "quota": 10, "limit_per_member": 4}
    published(draft_discount(item, budget_fen=10_000, **window), now=clock.now())
    tier = {"threshold_fen": 15_000, "off_fen": 3000, "gift_sku": cup, "gift_quantity": 1, "gift_quota": 3}
    published(draft_offer(tier, budget_fen=10_000, **window), now=clock.now())
    return Festival(tin, cup, make_live_template(total_limit=1))


@pytest.fixture
def wish(front, sandbox, festival):
    """The member has registered, been given points and claimed the only coupon; what the member then asks for."""
    front.sign_in(sandbox, PHONE)
    address = {"name": "林小满", "phone": PHONE, "region_code": "330106", "detail": "文三路 478 号"}
    address_id = front.post("me/addresses", address, status=201)["id"]
    now, member = clock.now(), Member.objects.get()
    with unit_of_work():
        grant(
            reference="festival",
            member_id=member.pk,
            points=1500,
            source="campaign",
            now=now,
            matures_at=now,
            expires_at=None,
        )
    coupon = front.post(f"coupons/{festival.template.pk}/claim", status=201)
    return {
        "items": [{"sku_id": festival.tin.pk, "quantity": 2}],
        "address_id": address_id,
        "coupon_ids": [coupon["id"]],
        "points_to_use": 1000,
    }


def state(front, festival):
    """Everything that the order could take, as the member sees it and as the shop counts it."""
    points = front.get("points")
    item, offer, tier = TimedDiscountItem.objects.get(), SpendOffer.objects.get(), SpendOfferTier.objects.get()
    tally = MemberTally.objects.first()
    return {
        "coupons": [each["status"] for each in front.get("me/coupons")["items"]],
        "points": (points["available"], points["held"]),
        "tins": stock_of(festival.tin),
        "cups": stock_of(festival.cup),
        "discounted": (item.taken, tally.units if tally else 0),
        "offered": (offer.spent_fen, tier.gifts_given),
        "uses that stand": DiscountUse.objects.filter(released_at=None).count(),
    }


def stock_of(sku):
    row = SkuStock.objects.get(sku=sku)
    return row.available, row.reserved


def claims(number):
    return set(PromotionClaim.objects.filter(order_number=number).values_list("status", flat=True))


def place(front, wish):
    quote = front.post("checkout/quote", wish)
    assert quote["payable_fen"] == PAYABLE_FEN
    assert [each["kind"] for each in quote["applied"]] == ["timed_discount", "spend_offer", "coupon", "points"]
    assert [each["asked"] for each in quote["rejected"]] == []
    order = front.post("orders", {**wish, "expected_payable_fen": PAYABLE_FEN}, status=201)
    assert order["payable_fen"] == quote["payable_fen"]
    return order["number"]


def start_payment(front, sandbox, number):
    codes = sandbox.wechat_codes(phone=PHONE)
    return front.post(f"orders/{number}/payments", {"method": "wechat", "login_code": codes["login_code"]}, status=201)


def test_a_cancelled_order_gives_everything_back_for_another_one(front, sandbox, festival, wish):
    assert state(front, festival) == AT_REST
    for _ in range(2):
        number = place(front, wish)
        assert state(front, festival) == HELD
        for _again in range(2):
            assert front.post(f"orders/{number}/cancel")["status"] == "cancelled"
        deliver_facts()
        assert state(front, festival) == AT_REST
        assert claims(number) == {"released"}
    assert violations() == {}


def test_an_order_that_nobody_pays_is_closed_and_gives_everything_back(front, sandbox, festival, wish):
    number = place(front, wish)
    started = start_payment(front, sandbox, number)
    assert expire_unpaid_orders(now=clock.now())["cancelled"] == 0
    assert state(front, festival) == HELD
    for cancelled in (1, 0):
        assert expire_unpaid_orders(now=clock.now() + timedelta(days=1))["cancelled"] == cancelled
    deliver_facts()
    assert front.get(f"orders/{number}")["status"] == "cancelled"
    assert front.get(f"payments/{started['number']}")["status"] == "closed"
    assert state(front, festival) == AT_REST
    assert claims(number) == {"released"}
    assert violations() == {}


def test_a_paid_order_uses_everything_up_once(front, sandbox, festival, wish):
    number = place(front, wish)
    started = start_payment(front, sandbox, number)
    assert sandbox.pay(started["client_params"], wait=True)["notified"]["status"] == 204
    assert state(front, festival) == USED
    assert claims(number) == {"confirmed"}
    assert not DiscountUse.objects.filter(confirmed_at=None).exists()
    refused = front.post("orders", wish, status=409)
    assert [(each["field"], each["code"]) for each in refused["details"]] == [
        ("/coupon", "coupon_not_found"),
        ("/points", "points_insufficient"),
    ]

    deliver_facts()
    [parcel] = front.get(f"orders/{number}/shipments")["items"]
    for status in ("picked_up", "delivered"):
        advance(sandbox, parcel["tracking_number"], status)
    assert front.post(f"orders/{number}/receive")["status"] == "completed"
    deliver_facts()
    # The night after: nothing of it is given up for being old.
    assert expire_unpaid_orders(now=clock.now() + timedelta(days=1))["cancelled"] == 0
    assert claims(number) == {"completed"}
    assert state(front, festival) == GONE
    on_hand = dict(WarehouseStock.objects.filter(warehouse__code="HZ").values_list("sku", "on_hand"))
    assert on_hand == {festival.tin.pk: 3, festival.cup.pk: 2}
    assert violations() == {}


def test_of_two_orders_at_once_one_has_the_coupon_and_the_points(front, sandbox, festival, wish):
    body = {**wish, "expected_payable_fen": PAYABLE_FEN}
    with ThreadPoolExecutor(2) as both:
        headers = [{"Idempotency-Key": "one-order-1"}, {"Idempotency-Key": "two-order-2"}]
        answers = list(both.map(lambda own: front.http.post("orders", json=body, headers=own), headers))
    assert sorted(answer.status_code for answer in answers) == [201, 409], [answer.text for answer in answers]
    assert state(front, festival) == HELD
    assert violations() == {}
