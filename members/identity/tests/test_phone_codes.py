"""One-time codes, through HTTP and the SMS gateway of the sandbox."""

import socket
from datetime import UTC, datetime, timedelta

import pytest

from members.identity.models import Member, MemberSession, PhoneCode
from members.identity.preferences import (
    CODES_PER_ADDRESS_HOUR,
    CODES_PER_DEVICE_HOUR,
    CODES_PER_PHONE_DAY,
    CODES_PER_PHONE_HOUR,
)
from members.identity.services import forget_phone_codes
from members.identity.tests.factories import MemberFactory
from shop.core import clock

pytestmark = pytest.mark.django_db

PHONE = "13800138000"
NOON = datetime.now(UTC).replace(microsecond=0)


def ask(api, phone=PHONE, **extra):
    return api.post("/api/v1/auth/sms-codes", {"phone": phone}, **extra)


def enter(api, code, phone=PHONE, **more):
    return api.post("/api/v1/auth/sms-login", {"phone": phone, "code": code, **more})


def refusal(answer):
    return answer.status_code, answer.json()["code"]


def other(code):
    return f"{(int(code) + 1) % 10**6:06d}"


@pytest.fixture
def sent(sandbox):
    """Count the messages that PHONE has received in this test."""
    before = len(sandbox.messages(PHONE))
    return lambda: len(sandbox.messages(PHONE)) - before


def test_a_newcomer_signs_in_with_the_code_from_the_message(api, sandbox):
    assert ask(api).status_code == 202
    code = sandbox.sms_code(PHONE)
    assert len(code) == 6
    answer = enter(api, code)
    assert answer.status_code == 200
    assert set(answer.json()) == {"access", "refresh", "is_new", "member"}
    assert answer.json()["is_new"] is True
    assert answer.json()["member"]["phone"] == PHONE
    assert Member.objects.get().phone == "+8613800138000"


def test_who_comes_back_is_the_same_member_however_the_phone_is_typed(api, sandbox):
    known = MemberFactory(phone="+8613800138000")
    ask(api, "+86 138-0013-8000")
    answer = enter(api, sandbox.sms_code(PHONE), "138 0013 8000")
    assert (answer.json()["is_new"], answer.json()["member"]["id"]) == (False, known.pk)
    me = api.get("/api/v1/me", HTTP_AUTHORIZATION=f"Bearer {answer.json()['access']}")
    assert me.json()["id"] == known.pk


def test_the_answer_does_not_tell_whether_a_number_has_an_account(api, sandbox):
    MemberFactory(phone="+8613800138000")
    MemberFactory(phone="+8613800138002", status=Member.Status.BLOCKED)
    answers = [ask(api, phone) for phone in (PHONE, "13800138001", "13800138002")]
    assert {(answer.status_code, answer.content) for answer in answers} == {(202, b'{"resend_after_seconds":60}')}


def test_the_code_is_kept_as_a_keyed_hash_only(api, sandbox, caplog):
    ask(api)
    code, row = sandbox.sms_code(PHONE), PhoneCode.objects.values().get()
    assert [name for name, value in row.items() if str(value) == code] == []
    assert code not in caplog.text
    assert PHONE not in caplog.text


def test_a_code_works_once(api, sandbox):
    ask(api)
    code = sandbox.sms_code(PHONE)
    enter(api, code)
    assert refusal(enter(api, code)) == (400, "phone_code_invalid")
    assert MemberSession.objects.count() == 1


def test_a_wrong_code_is_refused_and_five_of_them_use_the_right_one_up(api, sandbox):
    ask(api)
    code = sandbox.sms_code(PHONE)
    for _ in range(5):
        assert refusal(enter(api, other(code))) == (400, "phone_code_invalid")
    assert refusal(enter(api, code)) == (400, "phone_code_invalid")
    assert PhoneCode.objects.get().tries == 5
    assert not Member.objects.exists()


def test_the_fifth_try_may_be_the_right_one(api, sandbox):
    ask(api)
    code = sandbox.sms_code(PHONE)
    for _ in range(4):
        enter(api, other(code))
    assert enter(api, code).status_code == 200


def test_a_code_belongs_to_its_phone(api, sandbox):
    ask(api)
    assert refusal(enter(api, sandbox.sms_code(PHONE), "13800138001")) == (400, "phone_code_invalid")


@pytest.mark.parametrize(("seconds", "status"), [(299, 200), (300, 400)])
def test_a_code_lives_for_five_minutes(api, sandbox, seconds, status):
    with clock.fixed(NOON):
        ask(api)
    with clock.fixed(NOON + timedelta(seconds=seconds)):
        assert enter(api, sandbox.sms_code(PHONE)).status_code == status


def test_only_the_newest_code_works(api, sandbox):
    with clock.fixed(NOON):
        ask(api)
    first = sandbox.sms_code(PHONE)
    with clock.fixed(NOON + timedelta(seconds=60)):
        ask(api)
        second = sandbox.sms_code(PHONE)
        if first != second:
            assert refusal(enter(api, first)) == (400, "phone_code_invalid")
        assert enter(api, second).status_code == 200


def test_the_next_code_can_be_asked_for_after_a_minute(api, sandbox, sent):
    with clock.fixed(NOON):
        ask(api)
    with clock.fixed(NOON + timedelta(seconds=59)):
        answer = ask(api)
    assert refusal(answer) == (429, "phone_code_too_soon")
    assert answer["Retry-After"] == "1"
    assert sent() == 1
    with clock.fixed(NOON + timedelta(seconds=60)):
        assert ask(api).status_code == 202
    assert sent() == 2


def test_a_phone_gets_so_many_codes_an_hour_and_a_day(api, sandbox, sent):
    per_hour, per_day = CODES_PER_PHONE_HOUR.default, CODES_PER_PHONE_DAY.default
    assert (per_hour, per_day) == (5, 10)
    for minute in range(5):
        with clock.fixed(NOON + timedelta(minutes=minute)):
            assert ask(api).status_code == 202
    with clock.fixed(NOON + timedelta(minutes=10)):
        answer = ask(api)
    assert refusal(answer) == (429, "phone_code_quota_spent")
    assert answer["Retry-After"] == "3000"
    for minute in range(5):
        with clock.fixed(NOON + timedelta(hours=2, minutes=minute)):
            assert ask(api).status_code == 202
    with clock.fixed(NOON + timedelta(hours=12)):
        assert refusal(ask(api)) == (429, "phone_code_quota_spent")
    assert sent() == 10
    with clock.fixed(NOON + timedelta(hours=24)):
        assert ask(api).status_code == 202


def test_a_network_address_gets_so_many_codes_an_hour(api, sandbox):
    quota = CODES_PER_ADDRESS_HOUR.default
    here = {"REMOTE_ADDR": "203.0.113.7"}
    PhoneCode.objects.bulk_create(
        PhoneCode(phone=f"+86139{n:08d}", code_hash="-", address="203.0.113.7", sent_at=NOON, expires_at=NOON)
        for n in range(quota)
    )
    with clock.fixed(NOON + timedelta(minutes=1)):
        assert refusal(ask(api, **here)) == (429, "phone_code_quota_spent")
        assert ask(api, REMOTE_ADDR="203.0.113.8").status_code == 202


def test_a_message_that_the_gateway_refuses_does_not_count(api, sandbox, sent):
    sandbox.fault("sms", "500", times=1)
    answer = ask(api)
    assert refusal(answer) == (503, "sms_unavailable")
    assert "Retry-After" in answer
    assert not PhoneCode.objects.exists()
    assert ask(api).status_code == 202
    assert sent() == 1


def test_a_gateway_that_is_away_does_not_count(api, settings):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        settings.SMS_GATEWAY_URL = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        assert refusal(ask(api)) == (503, "sms_unavailable")
    assert not PhoneCode.objects.exists()


def test_a_message_that_may_have_gone_out_counts(api, sandbox):
    sandbox.fault("sms", "hang", times=1, seconds=0.1)
    assert refusal(ask(api)) == (503, "sms_unavailable")
    assert PhoneCode.objects.count() == 1
    assert refusal(ask(api)) == (429, "phone_code_too_soon")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"phone": ""},
        {"phone": None},
        {"phone": "12345"},
        {"phone": 13800138000},
        {"phone": "+12025550123"},
        {"phone": ["1"]},
    ],
)
def test_what_is_no_phone_is_refused(api, body):
    answer = api.post("/api/v1/auth/sms-codes", body)
    assert refusal(answer) == (400, "invalid_input")
    assert answer.json()["details"][0]["field"] == "/phone"


@pytest.mark.parametrize("code", ["", "1234567", "12345", "abcdef", "１２３４５６", None, 123456, "12\n456"])
def test_what_is_no_code_is_refused(api, code):
    MemberFactory(phone="+8613800138000")
    assert enter(api, code).status_code == 400


def test_a_blocked_member_cannot_enter_and_gets_no_session(api, sandbox):
    MemberFactory(phone="+8613800138000", status=Member.Status.BLOCKED)
    ask(api)
    assert refusal(enter(api, sandbox.sms_code(PHONE))) == (403, "member_blocked")
    assert not MemberSession.objects.exists()


def test_the_inviter_is_bound_at_registration_only(api, sandbox):
    inviter, known = MemberFactory(invite_code="FRIEND2345"), MemberFactory(phone="+8613800138001")
    for phone, code in ((PHONE, "friend2345"), ("13800138001", "FRIEND2345"), ("13800138002", "NOBODY")):
        ask(api, phone)
        assert enter(api, sandbox.sms_code(phone), phone, invite_code=code).status_code == 200
    assert Member.objects.get(phone="+8613800138000").inviter == inviter
    known.refresh_from_db()
    assert known.inviter is None
    assert Member.objects.get(phone="+8613800138002").inviter is None


def test_old_codes_are_forgotten(api):
    for days in (1, 3):
        sent_at = NOON - timedelta(days=days)
        PhoneCode.objects.create(phone="+8613800138000", code_hash="-", sent_at=sent_at, expires_at=sent_at)
    assert forget_phone_codes(before=NOON - timedelta(days=2)) == 1
    assert PhoneCode.objects.count() == 1


def test_one_device_asks_for_so_many_codes_an_hour_whatever_the_phones(api, sandbox):
    limit = CODES_PER_DEVICE_HOUR.default
    with clock.fixed(NOON):
        answers = [ask(api, f"1390013{n:04d}", HTTP_X_DEVICE_ID="d-1").status_code for n in range(limit)]
        assert answers == [202] * limit
        refused = ask(api, "13900139999", HTTP_X_DEVICE_ID="d-1")
        assert (refusal(refused), refused["Retry-After"]) == ((429, "phone_code_quota_spent"), "3600")
        assert ask(api, "13900139999", HTTP_X_DEVICE_ID="d-2").status_code == 202
    assert PhoneCode.objects.filter(device__contains="d-1").count() == 0
    with clock.fixed(NOON + timedelta(hours=1)):
        assert ask(api, "13900139998", HTTP_X_DEVICE_ID="d-1").status_code == 202
