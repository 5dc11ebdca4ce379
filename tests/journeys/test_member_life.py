"""A member comes by an invitation, buys, rises, is told of it, leaves, and is nobody any more: HTTP only.

What stays after the erasure is trade, as the law wants it kept (order, lines, amounts, the region that it went to, the
payment, growth), tied to a number that leads to nobody.
"""

from datetime import datetime, timedelta

import pytest

from members.identity.jobs import erase_cancelled
from members.identity.models import Cancellation, Member
from members.invitations.models import Invitation
from members.notifications.models import NotificationTemplate
from orders.checkout.models import Order
from orders.payments.models import Payment
from shop.core import clock
from shop.core.invariants import violations
from tests.journeys.front import Front, advance, deliver_facts, stocked
from tests.traces import traces

PHONE, NICKNAME = "13911112222", "云间小满"
RECIPIENT, RECIPIENT_PHONE, STREET = "林晚舟", "13733334444", "文三路 478 号 7 幢"
TIER_TEMPLATE, PAID_TEMPLATE = "tmpl-tier", "tmpl-paid"


@pytest.fixture
def teapot(transactional_db):
    """A teapot at ¥1,200: one lifts a newcomer over the 1,000 growth that silver asks for."""
    return stocked(price_fen=120_000, code="POT", units=2)


@pytest.fixture
def subscribe_templates(transactional_db):
    """The merchant has entered WeChat's numbers of two messages; parcels are told by SMS only."""
    for event, number in (("tier_changed", TIER_TEMPLATE), ("order_paid", PAID_TEMPLATE)):
        rows = NotificationTemplate.objects.filter(event=event, channel="subscribe")
        assert rows.update(provider_template=number) == 2


def register(front, sandbox, openid, invite_code):
    codes = sandbox.wechat_codes(openid=openid, phone=PHONE)
    signed_in = front.post(
        "auth/wechat-login",
        {"login_code": codes["login_code"], "phone_code": codes["phone_code"], "invite_code": invite_code},
    )
    assert signed_in["is_new"]
    deliver_facts()
    return front.enter(signed_in)["member"]["id"]


def introduce(front):
    """Profile, address, and what the member wants to be told by: SMS not, and one tier message was accepted."""
    front.put("me", {"nickname": NICKNAME, "birthday": "1990-05-17"})
    refuse = [{"category": "transactional", "channel": "sms", "allowed": False}]
    front.put("me/notification-preferences", {"language": "zh-hans", "preferences": refuse})
    assert front.post("me/subscribe-credits", {"template": TIER_TEMPLATE, "accepted": True})["remaining"] == 1
    address = {"name": RECIPIENT, "phone": RECIPIENT_PHONE, "region_code": "330106", "detail": STREET}
    return front.post("me/addresses", address, status=201)["id"]


def buy(front, sandbox, sku, address_id):
    """From the quote to the parcel in hand; returns the order's number."""
    wish = {"items": [{"sku_id": sku.pk, "quantity": 1}], "address_id": address_id, "remark": f"请交给{RECIPIENT}"}
    number = front.post("orders", wish, status=201)["number"]
    codes = sandbox.wechat_codes(phone=PHONE)
    started = front.post(
        f"orders/{number}/payments", {"method": "wechat", "login_code": codes["login_code"]}, status=201
    )
    assert sandbox.pay(started["client_params"], wait=True)["notified"]["status"] == 204
    deliver_facts()
    [parcel] = front.get(f"orders/{number}/shipments")["items"]
    advance(sandbox, parcel["tracking_number"], "picked_up")
    advance(sandbox, parcel["tracking_number"], "delivered")
    assert front.post(f"orders/{number}/receive")["status"] == "completed"
    deliver_facts()
    return number


def leave(front, sandbox):
    """Ask to be erased, proven by a code, and let the days go by in which one may change one's mind."""
    front.post("auth/sms-codes", {"phone": PHONE}, status=202)
    asked = front.post("me/cancellation", {"code": sandbox.sms_code(PHONE)}, status=202)
    due_at = datetime.fromisoformat(asked["due_at"])
    with clock.fixed(due_at - timedelta(seconds=1)):
        erase_cancelled()
    assert front.get("me")["nickname"] == NICKNAME
    with clock.fixed(due_at):
        erase_cancelled()


def test_a_member_comes_by_invitation_rises_is_told_and_leaves_no_trace(
    front, sandbox, teapot, subscribe_templates, live_server
):
    inviter = Front(live_server.url)
    inviter.sign_in(sandbox, "13600007777")
    openid = sandbox.user()
    member_id = register(front, sandbox, openid, inviter.get("me")["invite_code"])
    invitation = Invitation.objects.get(invitee_id=member_id)
    assert (invitation.review, invitation.settled_at) == ("clear", None)

    address_id = introduce(front)
    number = buy(front, sandbox, teapot, address_id)

    me = front.get("me")
    # ¥1,200 for goods at one growth a yuan; freight does not count. Silver begins at 1,000.
    assert (me["tier"]["code"], me["growth"]) == ("silver", 1200)
    [step] = front.get("me/tier")["history"]
    assert (step["from"]["code"], step["to"]["code"], step["reason"]) == ("normal", "silver", "upgrade")
    invitation.refresh_from_db()
    assert (invitation.order_number, invitation.settled_at is not None) == (number, True)
    [brought] = inviter.get("me/invitations")["items"]
    assert brought["settled_at"] is not None

    told = [each["event"] for each in front.get("me/notifications")["items"]]
    of_the_order = ["order_delivered", "order_paid", "order_shipped", "points_came"]
    assert sorted(told) == ["member_registered", *of_the_order, "review_invited", "tier_changed"]
    # Accepted once and sent once; the payment's message was never accepted, and SMS is not wanted.
    sent = [(each["recipient"], each["body"]["template_id"]) for each in sandbox.outbox("subscribe")]
    assert [each for each in sent if each[0] == openid] == [(openid, TIER_TEMPLATE)]
    [credit] = [each for each in front.get("me/subscribe-credits")["items"] if each["template"] == TIER_TEMPLATE]
    assert credit["remaining"] == 0
    assert sandbox.messages(PHONE) == sandbox.messages(RECIPIENT_PHONE) == []

    personal = [PHONE, openid, NICKNAME, RECIPIENT, RECIPIENT_PHONE, STREET]
    before = traces(personal)
    assert set().union(*before.values()) == set(personal)
    assert {"identity_member.phone", "identity_address.detail", "checkout_order.recipient"} <= before.keys()

    leave(front, sandbox)

    assert traces(personal) == {}
    gone = Member.objects.get(pk=member_id)
    assert (gone.status, gone.phone, gone.openid, gone.nickname, gone.birthday) == ("closed", None, None, "", None)
    assert Cancellation.objects.get(member=gone).erased["addresses"] == 1
    order = Order.objects.get(number=number)
    assert order.remark == order.phone_tail == ""
    assert (order.status, order.goods_fen, order.recipient.keys()) == (
        "completed",
        120_000,
        {"region_code", "region_path", "province_code"},
    )
    assert Payment.objects.get(order=order).payer_openid == ""
    assert violations() == {}
