"""Members take their data along, and leave without a trace of who they were."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType

from members.identity.models import Cancellation, Member, PhoneCode
from members.identity.services import erase_due
from members.identity.tests.factories import AddressFactory, MemberFactory, client_for
from orders.checkout.models import Order, OrderStatus
from orders.checkout.tests.making import ordered
from orders.payments.models import Payment, Refund
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.models import IdempotencyKey
from tests.traces import traces

pytestmark = pytest.mark.django_db

PHONE = "13800138000"
NOW = datetime.now(UTC).replace(microsecond=0)
LATER = NOW + timedelta(days=7)


@pytest.fixture
def leaver(db):
    member = MemberFactory(
        phone=f"+86{PHONE}", openid="leaver", unionid="union", nickname="林小满", birthday=date(1994, 5, 21)
    )
    AddressFactory(member=member, name="林小满", phone=f"+86{PHONE}", detail="文三路 478 号")
    return member


@pytest.fixture
def client(leaver):
    return client_for(leaver)


@pytest.fixture
def code(api, sandbox):
    def send():
        PhoneCode.objects.all().delete()
        api.post("/api/v1/auth/sms-codes", {"phone": PHONE})
        return sandbox.sms_code(PHONE)

    return send


def ask(client, **proof):
    return client.post("/api/v1/me/cancellation", proof)


def refusal(answer):
    return answer.status_code, answer.json()["code"]


def test_a_member_leaves_after_seven_days(client, leaver, code):
    with clock.fixed(NOW):
        answer = ask(client, code=code())
        assert (answer.status_code, answer.json()) == (
            202,
            {"requested_at": NOW.isoformat(), "due_at": LATER.isoformat()},
        )
        assert client.get("/api/v1/me/cancellation").json() == answer.json()
    assert erase_due(now=LATER - timedelta(seconds=1)) == {"erased": 0, "postponed": 0}
    assert erase_due(now=LATER) == {"erased": 1, "postponed": 0}
    assert erase_due(now=LATER) == {"erased": 0, "postponed": 0}
    leaver.refresh_from_db()
    assert (leaver.status, leaver.phone, leaver.openid) == ("closed", None, None)
    assert refusal(client.get("/api/v1/me")) == (401, "not_signed_in")


def test_asked_twice_the_first_request_stays(client, code):
    with clock.fixed(NOW):
        first = ask(client, code=code())
    with clock.fixed(NOW + timedelta(hours=1)):
        assert ask(client, code=code()).json() == first.json()
    assert Cancellation.objects.count() == 1


def test_who_changes_their_mind_stays(client, leaver, code):
    ask(client, code=code())
    assert client.delete("/api/v1/me/cancellation").status_code == 204
    assert refusal(client.get("/api/v1/me/cancellation")) == (404, "not_found")
    assert refusal(client.delete("/api/v1/me/cancellation")) == (404, "not_found")
    assert erase_due(now=NOW + timedelta(days=30)) == {"erased": 0, "postponed": 0}
    leaver.refresh_from_db()
    assert leaver.status == Member.Status.ACTIVE


def test_a_wrong_or_missing_proof_changes_nothing(client, code):
    wrong = f"{(int(code()) + 1) % 10**6:06d}"
    assert refusal(ask(client, code=wrong)) == (400, "phone_code_invalid")
    assert refusal(ask(client)) == (400, "invalid_input")
    assert refusal(ask(client, login_code="made-up")) == (400, "invalid_input")
    assert not Cancellation.objects.exists()


def test_without_a_phone_wechat_is_the_proof(sandbox):
    member = MemberFactory(phone=None, openid="only-wechat")
    client = client_for(member)
    other = sandbox.wechat_codes(openid="somebody-else")["login_code"]
    assert refusal(ask(client, login_code=other)) == (400, "wechat_login_code_invalid")
    assert refusal(ask(client)) == (400, "invalid_input")
    assert ask(client, login_code=sandbox.login_code("only-wechat")).status_code == 202


def test_an_open_order_or_refund_must_be_finished_first(client, leaver, code):
    order = ordered(client, (SkuFactory(), 1))
    answer = ask(client, code=code())
    assert refusal(answer) == (409, "cancellation_blocked")
    assert [each["code"] for each in answer.json()["details"]] == ["open_orders"]
    Order.objects.update(status=OrderStatus.REFUNDED)
    payment = Payment.objects.create(
        number="P1", order=order, method="wechat", amount_fen=100, created_at=NOW, status="succeeded", succeeded_at=NOW
    )
    Refund.objects.create(number="R1", payment=payment, amount_fen=100, reason="late", created_at=NOW)
    assert [each["code"] for each in ask(client, code=code()).json()["details"]] == ["open_refunds"]
    Refund.objects.update(status="succeeded")
    assert ask(client, code=code()).status_code == 202


def test_who_orders_during_the_cool_off_is_erased_when_the_order_is_finished(client, leaver, code):
    with clock.fixed(NOW):
        ask(client, code=code())
    ordered(client, (SkuFactory(), 1))
    assert erase_due(now=LATER) == {"erased": 0, "postponed": 1}
    asked = Cancellation.objects.get()
    assert (asked.obstacles, asked.due_at) == (["open_orders"], LATER + timedelta(days=1))
    Order.objects.update(status=OrderStatus.COMPLETED)
    assert erase_due(now=LATER + timedelta(days=1)) == {"erased": 1, "postponed": 0}


def test_nothing_that_is_left_leads_to_the_person(client, leaver, code, admin_user, admin_client):
    order = ordered(client, (SkuFactory(), 1))
    client.post("/api/v1/cart/items", {"sku_id": SkuFactory().pk, "quantity": 1})
    Order.objects.update(status=OrderStatus.COMPLETED, remark="请打我电话 13800138000", staff_remark="林小满 来电")
    Payment.objects.create(
        number="P1",
        order=order,
        method="wechat",
        amount_fen=100,
        created_at=NOW,
        payer_openid="leaver",
        status="closed",
    )
    kind = ContentType.objects.get_for_model(Member)
    LogEntry.objects.create(
        user=admin_user,
        content_type=kind,
        object_id=str(leaver.pk),
        object_repr="林小满",
        action_flag=2,
        change_message="标签：孕妈",
    )
    note = {"member": leaver.pk, "text": "林小满 喜欢明前茶"}
    assert admin_client.post("/admin/segments/membernote/add/", note).status_code == 302
    ask(client, code=code())
    erase_due(now=NOW + timedelta(days=8))
    order.refresh_from_db()
    assert set(order.recipient) == {"region_code", "region_path", "province_code"}
    assert (order.payable_fen, order.lines.count()) != (0, 0)
    assert traces([PHONE, "林小满", "文三路", "leaver", "union"]) == {}
    assert not IdempotencyKey.objects.exists()
    trail = LogEntry.objects.get(content_type=kind)
    assert (trail.object_repr, trail.change_message) == (str(leaver.pk), "")


def test_the_same_phone_registers_anew(client, leaver, api, code):
    ask(client, code=code())
    erase_due(now=NOW + timedelta(days=8))
    answer = api.post("/api/v1/auth/sms-login", {"phone": PHONE, "code": code()})
    assert answer.json()["is_new"] is True
    assert answer.json()["member"]["id"] != leaver.pk


def test_the_export_holds_what_every_room_knows(client, leaver):
    order = ordered(client, (SkuFactory(), 2))
    answer = client.get("/api/v1/me/export")
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith(f'attachment; filename="member-{leaver.pk}-')
    data = answer.json()
    assert data["profile"] | {"phone": PHONE, "nickname": "林小满", "birthday": "1994-05-21"} == data["profile"]
    assert [each["detail"] for each in data["addresses"]] == ["文三路 478 号"]
    assert [each["number"] for each in data["orders"]] == [order.number]
    assert data["orders"][0]["recipient"]["name"] == "林小满"
    assert data["orders"][0]["lines"][0]["quantity"] == 2
    assert {"exported_at", "sessions", "cart", "payments", "refunds"} <= data.keys()


def test_the_export_is_asked_for_five_times_a_day_at_most(client):
    answers = [client.get("/api/v1/me/export").status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]
