"""A member, or staff for them, changes the phone that signs in: through HTTP, the SMS gateway and WeChat."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client

from members.identity.member_data import erase, export
from members.identity.models import Member, PhoneChange, PhoneCode
from members.identity.origin import Origin
from members.identity.services.sessions import open_session
from members.identity.tests.factories import MemberFactory, client_for
from shop.core import clock, outbox
from shop.core.models import OutboxEntry, StaffUser

pytestmark = pytest.mark.django_db

OLD, NEW, OTHER = "13800138000", "13900139000", "13700137000"
NOON = datetime.now(UTC).replace(microsecond=0)


def e164(phone):
    return f"+86{phone}"


@pytest.fixture
def owner():
    return MemberFactory(phone=e164(OLD), openid="owner", birthday=date(1994, 5, 21))


@pytest.fixture
def client(owner):
    return client_for(owner)


@pytest.fixture
def code(api, sandbox):
    def send(phone, purpose="change_phone"):
        PhoneCode.objects.filter(phone=e164(phone)).delete()
        assert api.post("/api/v1/auth/sms-codes", {"phone": phone, "purpose": purpose}).status_code == 202
        return sandbox.sms_code(phone)

    return send


def change(client, **given):
    return client.post("/api/v1/me/phone", {"phone": NEW, **given})


def refusal(answer):
    return answer.status_code, answer.json()["code"]


def unchanged(member):
    was = member.phone
    member.refresh_from_db()
    return member.phone == was and not PhoneChange.objects.exists() and not OutboxEntry.objects.exists()


def deliver_facts():
    for again in ("pending", "done"):
        # Delivered twice, as may happen.
        OutboxEntry.objects.filter(status=again).update(status="pending", leased_until=None)
        outbox.deliver(entry_ids=list(OutboxEntry.objects.order_by("pk").values_list("pk", flat=True)))


def test_codes_to_both_phones_change_it_and_end_the_other_sessions(client, owner, code, api):
    here = owner.sessions.get()
    elsewhere = client_for(owner)
    answer = change(client, code=code(NEW), old_code=code(OLD))
    assert (answer.status_code, answer.json()["phone"], answer.json()["id"]) == (200, NEW, owner.pk)
    assert list(owner.sessions.filter(revoked_at=None)) == [here]
    assert refusal(elsewhere.put("/api/v1/me", {})) == (401, "session_ended")
    entered = api.post("/api/v1/auth/sms-login", {"phone": NEW, "code": code(NEW, "sign_in")})
    assert (entered.json()["is_new"], entered.json()["member"]["id"]) == (False, owner.pk)
    # The old number may be a stranger's by now, who gets an account of their own.
    stranger = api.post("/api/v1/auth/sms-login", {"phone": OLD, "code": code(OLD, "sign_in")})
    assert stranger.json()["is_new"] is True
    assert stranger.json()["member"]["id"] != owner.pk


@pytest.mark.parametrize("phone", [e164(OLD), None], ids=["old number lost", "never had one"])
def test_wechat_proves_who_has_no_old_phone(sandbox, code, phone):
    member = MemberFactory(phone=phone, openid="mine")
    client = client_for(member)
    answer = change(client, code=code(NEW), login_code=sandbox.login_code("mine"))
    assert (answer.status_code, answer.json()["phone"]) == (200, NEW)
    assert PhoneChange.objects.values_list("old_phone", "new_phone", "actor").get() == (
        phone or "",
        e164(NEW),
        f"member:{member.pk}",
    )


def test_what_proves_nothing_changes_nothing(client, owner, code, sandbox):
    new = code(NEW)
    stranger = sandbox.login_code("somebody-else")
    spent = sandbox.login_code("owner")
    assert client.post("/api/v1/auth/wechat-login", {"login_code": spent}).status_code == 200
    OutboxEntry.objects.all().delete()
    assert change(client, code=new).json()["details"][0]["field"] == "/old_code"
    assert refusal(change(client, code=new, old_code="000000")) == (400, "phone_code_invalid")
    assert refusal(change(client, code=new, old_code=new)) == (400, "phone_code_invalid")
    assert refusal(change(client, code=new, login_code=stranger)) == (400, "wechat_login_code_invalid")
    assert refusal(change(client, code=new, login_code=spent)) == (400, "wechat_login_code_invalid")
    same = client.post("/api/v1/me/phone", {"phone": OLD, "code": new, "old_code": new})
    assert same.json()["details"][0]["code"] == "phone_unchanged"
    assert unchanged(owner)


@pytest.mark.parametrize("wrong", ["code", "old_code"])
def test_a_sign_in_code_changes_no_phone(client, owner, code, wrong):
    kinds = {"code": "change_phone", "old_code": "change_phone", wrong: "sign_in"}
    answer = change(client, code=code(NEW, kinds["code"]), old_code=code(OLD, kinds["old_code"]))
    assert refusal(answer) == (400, "phone_code_invalid")
    assert unchanged(owner)


def test_a_code_for_changing_signs_nobody_in(client, owner, code, api):
    given = code(OLD)
    assert refusal(api.post("/api/v1/auth/sms-login", {"phone": OLD, "code": given})) == (400, "phone_code_invalid")
    assert refusal(client.post("/api/v1/me/cancellation", {"code": given})) == (400, "phone_code_invalid")
    assert change(client, code=code(NEW), old_code=given).status_code == 200


def test_codes_work_once(client, owner, code):
    new, old = code(NEW), code(OLD)
    assert change(client, code=new, old_code=old).status_code == 200
    assert change(client, code=new, old_code=old).status_code == 400
    back = client.post("/api/v1/me/phone", {"phone": OLD, "code": old, "old_code": new})
    assert refusal(back) == (400, "phone_code_invalid")
    assert PhoneChange.objects.count() == 1


def test_all_purposes_share_the_quota_and_the_answer(api, sandbox, owner):
    with clock.fixed(NOON):
        bodies = [
            {"phone": OLD, "purpose": "change_phone"},
            {"phone": NEW, "purpose": "change_phone"},
            {"phone": OTHER},
        ]
        answers = [api.post("/api/v1/auth/sms-codes", body) for body in bodies]
        assert {(each.status_code, each.content) for each in answers} == {(202, b'{"resend_after_seconds":60}')}
        assert refusal(api.post("/api/v1/auth/sms-codes", {"phone": NEW})) == (429, "phone_code_too_soon")
    assert refusal(api.post("/api/v1/auth/sms-codes", {"phone": NEW, "purpose": "x"})) == (400, "invalid_input")
    assert "更换账号手机号" in sandbox.messages(NEW)[0]["text"]


def test_a_phone_of_another_account_is_refused_and_only_to_who_has_it(client, owner, code):
    MemberFactory(phone=e164(NEW))
    assert refusal(change(client, code="000000", old_code=code(OLD))) == (400, "phone_code_invalid")
    answer = change(client, code=code(NEW), old_code=code(OLD))
    assert refusal(answer) == (409, "phone_taken")
    assert unchanged(owner)
    assert owner.sessions.get().revoked_at is None


def test_whoever_shares_a_new_number_is_told_the_way_and_it_works(api, sandbox, owner, code):
    codes = sandbox.wechat_codes(openid="owner", phone=NEW)
    refused = api.post("/api/v1/auth/wechat-login", {name: codes[name] for name in ("login_code", "phone_code")})
    assert refusal(refused) == (409, "wechat_account_conflict")
    assert "更换手机号" in refused.json()["message"]
    entered = api.post("/api/v1/auth/wechat-login", {"login_code": sandbox.login_code("owner")})
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {entered.json()['access']}")
    assert change(api, code=code(NEW), login_code=sandbox.login_code("owner")).status_code == 200
    codes = sandbox.wechat_codes(openid="owner", phone=NEW)
    again = api.post("/api/v1/auth/wechat-login", {name: codes[name] for name in ("login_code", "phone_code")})
    assert (again.status_code, again.json()["member"]["id"]) == (200, owner.pk)


def test_the_account_and_the_old_phone_are_told_once(client, owner, code, sandbox):
    change(client, code=code(NEW), old_code=code(OLD))
    before = len(sandbox.messages(OLD))
    deliver_facts()
    told = client.get("/api/v1/me/notifications").json()["items"]
    assert [each["title"] for each in told] == ["您的手机号已更换"]
    assert "139****9000" in told[0]["body"]
    warned = sandbox.messages(OLD)
    assert len(warned) - before == 1
    assert "不能再登录" in warned[0]["text"]
    assert NEW not in warned[0]["text"]


def staff_client(*permissions):
    clerk = StaffUser.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(clerk)
    return client


def page_of(member, tail="change/"):
    return f"/admin/identity/member/{member.pk}/{tail}"


def test_staff_change_a_phone_for_a_reason_and_everybody_sees_it(owner):
    clerk = staff_client("view_member", "renumber_member")
    open_session(member=owner, origin=Origin(), now=clock.now())
    address = page_of(owner, "change-phone/")
    assert clerk.post(address, {"phone": NEW, "reason": ""}).status_code == 200
    assert clerk.post(address, {"phone": "12345", "reason": "x"}).status_code == 200
    assert unchanged(owner)
    assert clerk.post(address, {"phone": NEW, "reason": "核对了身份证"}).status_code == 302
    owner.refresh_from_db()
    assert owner.phone == e164(NEW)
    assert owner.sessions.get().revoked_at is not None
    assert OutboxEntry.objects.filter(fact="PhoneChanged").count() == 2
    assert LogEntry.objects.get().object_id == str(owner.pk)
    shown = clerk.get(page_of(owner)).content.decode()
    assert "手机号由 138****8000 更换为 139****9000，操作者 clerk。 核对了身份证" in shown
    assert NEW not in shown


def test_staff_cannot_take_the_phone_of_another_account(owner):
    MemberFactory(phone=e164(NEW))
    answer = staff_client("view_member", "renumber_member").post(
        page_of(owner, "change-phone/"), {"phone": NEW, "reason": "x"}
    )
    assert "该手机号已属于另一个账号" in answer.content.decode()
    assert unchanged(owner)


def test_who_may_only_block_cannot_change_a_phone(owner):
    clerk = staff_client("view_member", "change_member")
    assert clerk.post(page_of(owner, "change-phone/"), {"phone": NEW, "reason": "x"}).status_code == 403
    assert "change-phone" not in clerk.get(page_of(owner)).content.decode()
    assert unchanged(owner)


def test_the_export_has_the_changes_and_erasing_leaves_no_number(client, owner, code):
    with clock.fixed(NOON):
        change(client, code=code(NEW), old_code=code(OLD))
    assert export(member_id=owner.pk)["phone_changes"] == [{"old": OLD, "new": NEW, "changed_at": NOON}]
    later = NOON + timedelta(minutes=2)
    PhoneCode.objects.create(phone=e164(OLD), code_hash="the next owner's", sent_at=later, expires_at=later)
    erase(member_id=owner.pk, now=later)
    assert PhoneChange.objects.values_list("old_phone", "new_phone", "reason").get() == ("", "", "")
    assert [each.code_hash for each in PhoneCode.objects.all()] == ["the next owner's"]
    assert Member.objects.get(pk=owner.pk).phone is None
    deliver_facts()
    assert not OutboxEntry.objects.exclude(status="done").exists()
