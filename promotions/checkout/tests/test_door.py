"""What an order takes of promotions, from the quote to the end of the order, as members place it: over HTTP."""

import pytest

from members.identity.tests.factories import MemberFactory
from members.tiers.models import Tier
from members.tiers.services import set_manual_tier
from orders.checkout.locks import lock_order
from orders.checkout.models import Order, OrderLine, OrderStatus
from orders.checkout.services.cancellation import cancel_unpaid
from orders.checkout.tests.making import buyer, items, place, quote, stock
from orders.fulfilment.tests.test_parcels import deliver_facts, pay
from points.ledger.queries import balance_of
from points.ledger.services import grant
from promotions.campaigns.models import FirstPurchase
from promotions.checkout import services
from promotions.checkout.models import ClaimStatus, PromotionClaim
from promotions.coupons.models import Coupon
from promotions.coupons.tests.making import make_coupon, make_live_template
from promotions.discounts.models import SpendOffer, TimedDiscountItem
from promotions.discounts.tests.making import draft_discount, draft_offer, published
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.actors import Actor
from shop.core.models import OutboxEntry
from shop.core.transactions import unit_of_work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(member):
    return buyer(member)


@pytest.fixture
def tea():
    return SkuFactory(price_fen=10_000, stock=20)


def give_points(member, points):
    now = clock.now()
    with unit_of_work():
        grant(
            reference=f"t:{member.pk}",
            member_id=member.pk,
            points=points,
            source="manual",
            now=now,
            matures_at=now,
            expires_at=None,
        )


def points_of(member):
    balance = balance_of(member_id=member.pk, now=clock.now())
    return balance.available, balance.held


def campaign(draft, *children, **fields):
    return published(draft(*children, starts_at=clock.now(), ends_at=None, **fields), now=clock.now())


def order_of(answer):
    assert answer.status_code == 201, answer.content
    return Order.objects.get(number=answer.json()["number"])


def cancel(order):
    with unit_of_work():
        cancel_unpaid(order=lock_order(number=order.number), actor=Actor.member(order.member_id), now=clock.now())


def claims(order):
    return dict(PromotionClaim.objects.filter(order_number=order.number).values_list("mechanism", "status"))


@pytest.fixture
def rich_order(member, client, tea):
    """2 × ¥100: ¥90 each for a while, ¥30 off from ¥150, a coupon of ¥20, then 1,000 points: ¥120 and a gift."""
    gift = SkuFactory(price_fen=900, stock=5)
    campaign(draft_discount, {"sku": tea, "price_fen": 9000, "quota": 10})
    tier = {"threshold_fen": 15_000, "off_fen": 3000, "gift_sku": gift, "gift_quantity": 1, "gift_quota": 3}
    campaign(draft_offer, tier, budget_fen=10_000)
    coupon = make_coupon(member, template=make_live_template(), now=clock.now())
    give_points(member, 1500)
    body = {"items": items((tea, 2)), "coupon_ids": [coupon.pk], "points_to_use": 1000}
    return order_of(place(client, {**body, "expected_payable_fen": 12_000}))


def test_an_order_keeps_all_that_its_price_came_from(rich_order):
    assert (rich_order.goods_fen, rich_order.discount_fen, rich_order.payable_fen) == (20_000, 8000, 12_000)
    assert [(each["kind"], each["amount_fen"]) for each in rich_order.adjustments] == [
        ("timed_discount", -2000),
        ("spend_offer", -3000),
        ("coupon", -2000),
        ("points", -1000),
    ]
    assert all(each["version"] for each in rich_order.adjustments[:2])
    assert rich_order.points_used == 1000
    bought, given = rich_order.lines.all()
    assert [each["amount_fen"] for each in bought.adjustments] == [-2000, -3000, -2000, -1000]
    assert (bought.adjustments[0]["units"], bought.adjustments[3]["points"]) == (2, 1000)
    assert (given.is_gift, given.quantity, given.payable_fen) == (True, 1, 0)


def test_a_placed_order_holds_what_it_takes(rich_order, member, tea):
    assert claims(rich_order) == dict.fromkeys(
        ["first_purchase", "timed_discount", "spend_offer", "coupon", "points"], ClaimStatus.CLAIMED
    )
    assert points_of(member) == (500, 1000)
    assert Coupon.objects.get().status == "locked"
    assert TimedDiscountItem.objects.get().taken == 2
    assert SpendOffer.objects.get().spent_fen == 3000 + 900
    assert stock(tea) == (18, 2)
    assert stock(rich_order.lines.get(is_gift=True).sku) == (4, 1)


def test_a_paid_order_has_used_it(rich_order, member):
    pay(rich_order)
    assert set(claims(rich_order).values()) == {ClaimStatus.CONFIRMED}
    assert points_of(member) == (500, 0)
    assert Coupon.objects.get().status == "used"
    assert FirstPurchase.objects.get().is_paid


def test_an_order_given_up_gives_everything_back(rich_order, member, tea):
    cancel(rich_order)
    assert set(claims(rich_order).values()) == {ClaimStatus.RELEASED}
    assert points_of(member) == (1500, 0)
    assert Coupon.objects.get().status == "unused"
    assert TimedDiscountItem.objects.get().taken == 0
    assert SpendOffer.objects.get().spent_fen == 0
    assert stock(tea) == (20, 0)
    assert stock(rich_order.lines.get(is_gift=True).sku) == (5, 0)
    assert not FirstPurchase.objects.exists()


def test_each_step_takes_effect_once_however_often_it_is_told(rich_order, member):
    number, now = rich_order.number, clock.now()
    with unit_of_work():
        for _ in range(2):
            services.confirm(order_number=number, member_id=member.pk, paid_fen=12_000, now=now)
        services.release(order_number=number, now=now)
        for _ in range(2):
            services.complete(order_number=number, member_id=member.pk, paid_fen=12_000, now=now)
    assert set(claims(rich_order).values()) == {ClaimStatus.COMPLETED}
    assert points_of(member) == (500, 0)
    assert Coupon.objects.get().status == "used"


def test_a_plain_order_claims_nothing(client, tea):
    order = order_of(place(client, {"items": items((tea, 1))}))
    assert claims(order) == {}
    pay(order)
    assert FirstPurchase.objects.get().order_number == order.number


def test_an_order_that_costs_nothing_is_paid_without_a_gateway(member, client, tea):
    make_live = make_live_template(amount_off_fen=99_000, threshold_fen=0)
    coupon = make_coupon(member, template=make_live, now=clock.now())
    order = order_of(place(client, {"items": items((tea, 1)), "coupon_ids": [coupon.pk]}))
    assert (order.payable_fen, order.status) == (0, OrderStatus.PENDING_PAYMENT)
    answer = client.post(
        f"/api/v1/orders/{order.number}/payments",
        {"method": "balance_free"},
        headers={"Idempotency-Key": "free-order-1"},
    )
    assert (answer.status_code, answer.json()["status"]) == (201, "succeeded")
    order.refresh_from_db()
    assert order.status == OrderStatus.PAID
    assert claims(order)["coupon"] == ClaimStatus.CONFIRMED
    deliver_facts()


def test_an_order_that_costs_nothing_is_paid_without_being_asked_for(member, client, tea):
    """A member who has paid it all with a coupon leaves: the order must not expire for want of a payment of nothing."""
    coupon = make_coupon(member, template=make_live_template(amount_off_fen=99_000, threshold_fen=0), now=clock.now())
    order = order_of(place(client, {"items": items((tea, 1)), "coupon_ids": [coupon.pk]}))
    deliver_facts()
    order.refresh_from_db()
    assert order.status not in (OrderStatus.PENDING_PAYMENT, OrderStatus.CANCELLED)
    assert claims(order)["coupon"] == ClaimStatus.CONFIRMED
    answer = client.post(
        f"/api/v1/orders/{order.number}/payments",
        {"method": "balance_free"},
        headers={"Idempotency-Key": "free-order-2"},
    )
    assert (answer.status_code, answer.json()["status"]) == (201, "succeeded")
    assert order.payments.count() == 1
    assert order.events.filter(status=OrderStatus.PAID).count() == 1


def test_an_order_that_costs_nothing_and_was_given_up_stays_so(member, client, tea):
    coupon = make_coupon(member, template=make_live_template(amount_off_fen=99_000, threshold_fen=0), now=clock.now())
    order = order_of(place(client, {"items": items((tea, 1)), "coupon_ids": [coupon.pk]}))
    cancelled = client.post(f"/api/v1/orders/{order.number}/cancel", {}, headers={"Idempotency-Key": "free-order-3"})
    assert cancelled.json()["status"] == "cancelled"
    deliver_facts()
    order.refresh_from_db()
    assert (order.status, order.payments.count()) == (OrderStatus.CANCELLED, 0)
    assert not OutboxEntry.objects.exclude(status="done").exists()
    assert stock(tea) == (20, 0)


def test_a_coupon_is_used_by_one_order_only(member, client, tea):
    coupon = make_coupon(member, template=make_live_template(), now=clock.now())
    body = {"items": items((tea, 1)), "coupon_ids": [coupon.pk]}
    order_of(place(client, body))
    refused = place(client, body)
    assert (refused.status_code, refused.json()["code"]) == (409, "selection_rejected")
    assert Order.objects.count() == 1
    assert stock(tea) == (19, 1)


def test_nothing_is_left_of_an_order_whose_promotion_was_gone_in_the_end(member, client, tea, monkeypatch):
    """Somebody takes the last of the budget between the price and the claim."""
    offer = campaign(draft_offer, {"threshold_fen": 10_000, "off_fen": 2000}, budget_fen=2000)
    give_points(member, 500)
    make_claim = services.claim

    def late(taking):
        SpendOffer.objects.filter(pk=offer.pk).update(spent_fen=1)
        return make_claim(taking)

    monkeypatch.setattr("orders.checkout.services.placing.claim", late)
    refused = place(client, {"items": items((tea, 1)), "points_to_use": 100})
    assert (refused.status_code, refused.json()["code"]) == (409, "campaign_budget_spent")
    offer.refresh_from_db()
    assert (offer.status, offer.spent_fen) == ("running", 0)
    assert not Order.objects.exists()
    assert not OrderLine.objects.exists()
    assert not PromotionClaim.objects.exists()
    assert stock(tea) == (20, 0)
    assert points_of(member) == (500, 0)


def test_a_second_order_gets_nothing_that_is_for_new_members(member, client, tea):
    campaign(draft_offer, {"threshold_fen": 10_000, "off_fen": 2000}, new_members_only=True)
    assert order_of(place(client, {"items": items((tea, 1))})).discount_fen == 2000
    assert order_of(place(client, {"items": items((tea, 1))})).discount_fen == 0


def test_tiers_bring_their_price_and_free_shipping(member, client, tea):
    gold = Tier.objects.get(code="gold")
    Tier.objects.filter(pk=gold.pk).update(discount_bp=500, free_shipping=True)
    set_manual_tier(
        member_id=member.pk,
        tier_id=gold.pk,
        reason="guest",
        last_day=None,
        holds_down=False,
        actor=Actor.staff("owner"),
        now=clock.now(),
    )
    body = quote(client, {"items": items((tea, 2))}).json()
    assert [(each["kind"], each["id"], each["amount_fen"]) for each in body["applied"]] == [
        ("member_price", gold.pk, -1000),
        ("member_shipping", gold.pk, 0),
    ]
    assert body["payable_fen"] == 19_000


def test_a_gift_of_what_was_bought_is_reserved_with_it(client, tea):
    campaign(draft_offer, {"threshold_fen": 20_000, "gift_sku": tea, "gift_quantity": 1})
    order = order_of(place(client, {"items": items((tea, 2))}))
    assert [(line.quantity, line.is_gift) for line in order.lines.all()] == [(2, False), (1, True)]
    assert stock(tea) == (17, 3)
    pay(order)
    deliver_facts()


def test_a_gift_that_the_budget_does_not_reach_for_is_not_promised(client, tea):
    cup = SkuFactory(price_fen=3000, stock=9)
    offer = campaign(draft_offer, {"threshold_fen": 10_000, "gift_sku": cup}, name="满赠", budget_fen=5999)
    assert place(client, {"items": items((tea, 1))}).status_code == 201
    offer.refresh_from_db()
    assert offer.spent_fen == 3000
    body = quote(client, {"items": items((tea, 1))}).json()
    assert (body["applied"], [each["code"] for each in body["rejected"]]) == ([], ["campaign_budget_short"])


def test_an_order_too_large_for_what_is_left_of_a_budget_does_not_stop_the_campaign(client, tea):
    offer = campaign(draft_offer, {"threshold_fen": 10_000, "off_bp": 1000}, name="九折", budget_fen=2500)
    body = quote(client, {"items": items((tea, 3))}).json()
    assert (body["applied"], [each["code"] for each in body["rejected"]]) == ([], ["campaign_budget_short"])
    assert body["rejected"][0]["message"] == "“九折”的预算不够用于此订单"
    assert order_of(place(client, {"items": items((tea, 3)), "expected_payable_fen": 30_000})).discount_fen == 0
    for payable_fen in (18_000, 20_000):
        assert order_of(place(client, {"items": items((tea, 2))})).payable_fen == payable_fen
    offer.refresh_from_db()
    assert (offer.status, offer.spent_fen) == ("running", 2000)


def test_the_tier_that_gives_a_gift_counts_it(member, client, tea):
    gift = SkuFactory(stock=9, price_fen=900)
    cup = {"gift_sku": gift, "gift_quantity": 1}
    low = {"threshold_fen": 10_000, "gift_quota": 5, **cup}
    high = {"threshold_fen": 30_000, "gift_quota": 1, **cup}
    offer = campaign(draft_offer, low, high)
    for _ in range(2):
        assert order_of(place(client, {"items": items((tea, 1))})).lines.get(is_gift=True).quantity == 1
    assert list(offer.tiers.order_by("threshold_fen").values_list("gifts_given", flat=True)) == [2, 0]


def test_who_buys_the_last_ones_gets_none_of_them_as_a_gift(client, tea):
    campaign(draft_offer, {"threshold_fen": 20_000, "gift_sku": tea, "gift_quantity": 1})
    body = quote(client, {"items": items((tea, 20))}).json()
    assert (body["gifts"], [each["code"] for each in body["rejected"]]) == ([], ["gift_run_out"])
    assert order_of(place(client, {"items": items((tea, 20))})).lines.get().quantity == 20
    assert stock(tea) == (0, 20)


def test_a_quote_shows_what_a_front_needs(member, client, tea):
    campaign(draft_offer, {"threshold_fen": 25_000, "off_fen": 3000}, name="满 250 减 30")
    coupon = make_coupon(member, template=make_live_template(threshold_fen=11_200), now=clock.now())
    body = quote(client, {"items": items((tea, 1)), "coupon_ids": [coupon.pk]}).json()
    assert [(each["kind"], each["code"], each["message"], each["asked"]) for each in body["rejected"]] == [
        ("spend_offer", "spend_offer_threshold", "再买 ¥150.00，可享“满 250 减 30”", False),
        ("coupon", "coupon_threshold_not_met", "还差 ¥12.00 可用", True),
    ]
    assert body["usable_coupons"] == [
        {
            "id": coupon.pk,
            "label": "满 100 减 20",
            "amount_fen": 0,
            "usable": False,
            "code": "coupon_threshold_not_met",
            "message": "还差 ¥12.00 可用",
        }
    ]


@pytest.mark.parametrize("lines", [1, 20])
def test_queries_of_a_quote_depend_on_neither_lines_nor_promotions(member, lines, django_assert_num_queries):
    skus = [SkuFactory(stock=5) for _ in range(lines)]
    for sku in skus:
        campaign(draft_offer, {"threshold_fen": 100, "off_fen": 10})
        campaign(draft_discount, {"sku": sku, "off_bp": 500})
    from_now = buyer(MemberFactory())
    body = {"items": items(*((sku, 1) for sku in skus)), "coupon_ids": "best", "points_to_use": "max"}
    quote(from_now, body)
    with django_assert_num_queries(2):
        assert quote(from_now, body).status_code == 200
