"""Friends bargain a price down, a cancelled order gives it back, another one buys: HTTP only, nothing replaced."""

from datetime import timedelta

import pytest

from orders.payments.services.closing import expire_unpaid_orders
from promotions.bargaining.models import Bargain, BargainAttempt
from promotions.campaigns.services.lifecycle import findings_of, publish_campaign, save_draft
from promotions.checkout.models import PromotionClaim
from shop.catalog.models import SkuStock
from shop.core import clock
from shop.core.actors import Actor
from shop.core.invariants import violations
from shop.core.transactions import unit_of_work
from tests.journeys.front import Front, advance, deliver_facts, stocked

OWNER, FRIENDS = "13800138010", ("13800138011", "13800138012")
MERCHANT = Actor.staff("operator")


@pytest.fixture
def bargain(transactional_db):
    """¥100 down to ¥60 in five cuts; who has just registered makes two of them at once. Sold at the floor only."""
    tin, now = stocked(price_fen=10_000, code="TIN", units=5), clock.now()
    drafted = Bargain(
        name="新春砍价",
        sku=tin,
        floor_fen=6000,
        fewest_cuts=5,
        most_cuts=5,
        new_helper_cuts=2,
        buy_at=Bargain.BuyAt.FLOOR,
        quota=1,
        budget_fen=10_000,
        starts_at=now,
        ends_at=now + timedelta(days=3),
    )
    with unit_of_work():
        save_draft(campaign=drafted, actor=MERCHANT, now=now)
    noted = {each.code for each in findings_of(drafted, now=now)}
    publish_campaign(kind=Bargain.KIND, pk=drafted.pk, actor=MERCHANT, now=now, noted=noted)
    return drafted


@pytest.fixture
def wish(front, sandbox, bargain):
    """The member has signed in and started; what the member orders once friends have helped."""
    front.sign_in(sandbox, OWNER)
    address = {"name": "林小满", "phone": OWNER, "region_code": "330106", "detail": "文三路 478 号"}
    address_id = front.post("me/addresses", address, status=201)["id"]
    [offered] = front.get("bargains")["items"]
    assert (offered["list_price_fen"], offered["floor_price_fen"], offered["left"]) == (10_000, 6000, 1)
    attempt = front.post(f"bargains/{offered['id']}/attempts", status=201)
    assert (attempt["mine"], attempt["cuts_made"], attempt["cuts_left"]) == (True, 1, 4)
    return {
        "items": [{"sku_id": bargain.sku_id, "quantity": 1}],
        "address_id": address_id,
        "activity": {"kind": "bargain", "attempt_id": attempt["id"]},
    }


def helped_to_the_floor(live_server, sandbox, attempt_id):
    for phone, left in zip(FRIENDS, (2, 0), strict=True):
        friend = Front(live_server.url)
        friend.sign_in(sandbox, phone)
        seen = friend.get(f"bargain-attempts/{attempt_id}")
        assert (seen["mine"], seen["helped_fen"], seen["can_buy"]) == (False, None, False)
        help_ = friend.post(f"bargain-attempts/{attempt_id}/cuts", status=201)
        assert (help_["cuts"], help_["attempt"]["cuts_left"]) == (2, left)
        assert seen["price_fen"] - help_["attempt"]["price_fen"] == help_["fen"]
        again = friend.post(f"bargain-attempts/{attempt_id}/cuts", status=409)
        assert again["code"] == "bargain_helped_already"


def place(front, wish):
    quote = front.post("checkout/quote", wish)
    assert (quote["goods_fen"], quote["discount_fen"], quote["freight_fen"]) == (10_000, 4000, 0)
    assert [each["kind"] for each in quote["applied"]] == ["bargain"]
    return front.post("orders", {**wish, "expected_payable_fen": 6000}, status=201)["number"]


def counted():
    """What the order holds: the attempt, the unit of the bargain, its money, and the tin."""
    attempt, bargain, stock = BargainAttempt.objects.get(), Bargain.objects.get(), SkuStock.objects.get()
    return attempt.status, bargain.taken, bargain.spent_fen, (stock.available, stock.reserved)


AT_REST = ("open", 0, 0, (5, 0))
HELD = ("ordered", 1, 4000, (4, 1))
# The warehouse has taken the tin over.
BOUGHT = ("bought", 1, 4000, (4, 0))


def test_a_price_cut_to_the_floor_is_bought_paid_and_shipped(live_server, front, sandbox, bargain, wish):
    attempt_id = wish["activity"]["attempt_id"]
    early = front.post("checkout/quote", wish, status=409)
    assert early["code"] == "bargain_not_at_floor"
    helped_to_the_floor(live_server, sandbox, attempt_id)
    told = [each["title"] for each in front.get("me/notifications")["items"]]
    assert "已砍到底价 ¥60.00" in told
    mine = front.get(f"bargain-attempts/{attempt_id}")
    assert (mine["price_fen"], mine["at_floor"], mine["can_buy"], len(mine["cuts"])) == (6000, True, True, 3)

    for _ in range(2):
        number = place(front, wish)
        assert counted() == HELD
        assert front.post("orders", wish, status=409)["code"] == "bargain_ordered"
        assert front.post(f"orders/{number}/cancel")["status"] == "cancelled"
        deliver_facts()
        assert counted() == AT_REST

    number = place(front, wish)
    codes = sandbox.wechat_codes(phone=OWNER)
    paying = {"method": "wechat", "login_code": codes["login_code"]}
    started = front.post(f"orders/{number}/payments", paying, status=201)
    assert started["amount_fen"] == 6000
    assert sandbox.pay(started["client_params"], wait=True)["notified"]["status"] == 204
    deliver_facts()
    assert counted() == BOUGHT
    assert front.get(f"bargain-attempts/{attempt_id}")["order_number"] == number
    [parcel] = front.get(f"orders/{number}/shipments")["items"]
    for status in ("picked_up", "delivered"):
        advance(sandbox, parcel["tracking_number"], status)
    assert front.post(f"orders/{number}/receive")["status"] == "completed"
    deliver_facts()
    claims = PromotionClaim.objects.filter(order_number=number, mechanism="bargain")
    assert claims.get().status == "completed"
    assert front.get("bargains")["items"] == []
    assert violations() == {}


def test_an_order_that_nobody_pays_burns_no_bargain(live_server, front, sandbox, bargain, wish):
    helped_to_the_floor(live_server, sandbox, wish["activity"]["attempt_id"])
    until = BargainAttempt.objects.get().expires_at
    place(front, wish)
    assert counted() == HELD
    assert expire_unpaid_orders(now=clock.now() + timedelta(days=2))["cancelled"] == 1
    deliver_facts()
    assert counted() == AT_REST
    # Its own time had run out while the order held it: what was left of it then is left again.
    assert BargainAttempt.objects.get().expires_at - until > timedelta(days=1)
    place(front, wish)
    assert counted() == HELD
    assert violations() == {}
