"""Signing in with WeChat, against the sandbox's mini-program API."""

import pytest
import redis
from django.core.cache import cache

from members.identity import wechat
from members.identity.errors import WechatUnavailable
from members.identity.models import Member, MemberSession
from members.identity.tests.factories import MemberFactory

pytestmark = pytest.mark.django_db

PHONE, E164 = "13800138000", "+8613800138000"


@pytest.fixture(autouse=True)
def _no_token_yet(sandbox, settings):
    key = f"wechat:access-token:{settings.WECHAT_APP_ID}"
    cache.delete_many([key, f"{key}:refresher"])
    yield
    cache.delete_many([key, f"{key}:refresher"])


def enter(api, login_code, **more):
    return api.post("/api/v1/auth/wechat-login", {"login_code": login_code, **more})


def refusal(answer):
    return answer.status_code, answer.json()["code"]


def test_a_newcomer_without_phone_gets_an_account_by_openid(api, sandbox):
    codes = sandbox.wechat_codes()
    answer = enter(api, codes["login_code"])
    assert answer.status_code == 200
    assert (answer.json()["is_new"], answer.json()["member"]["phone"]) == (True, None)
    assert Member.objects.get().openid == codes["openid"]
    again = enter(api, sandbox.wechat_codes(openid=codes["openid"])["login_code"])
    assert (again.json()["is_new"], again.json()["member"]["id"]) == (False, answer.json()["member"]["id"])


def test_login_code_and_phone_code_together_register_both(api, sandbox):
    codes = sandbox.wechat_codes(openid="both-1", phone=PHONE)
    answer = enter(api, codes["login_code"], phone_code=codes["phone_code"])
    assert (answer.status_code, answer.json()["is_new"], answer.json()["member"]["phone"]) == (200, True, PHONE)
    assert Member.objects.values_list("openid", "phone").get() == ("both-1", E164)


def test_a_wechat_account_is_tied_to_the_account_of_its_phone(api, sandbox):
    known = MemberFactory(phone=E164)
    codes = sandbox.wechat_codes(openid="tie-1", phone=PHONE)
    answer = enter(api, codes["login_code"], phone_code=codes["phone_code"])
    assert (answer.json()["is_new"], answer.json()["member"]["id"]) == (False, known.pk)
    known.refresh_from_db()
    assert known.openid == "tie-1"


def test_a_phone_is_tied_to_the_wechat_account_that_shares_it(api, sandbox):
    known = MemberFactory(phone=None, openid="tie-2")
    codes = sandbox.wechat_codes(openid="tie-2", phone=PHONE)
    answer = enter(api, codes["login_code"], phone_code=codes["phone_code"])
    assert (answer.json()["is_new"], answer.json()["member"]["id"]) == (False, known.pk)
    known.refresh_from_db()
    assert known.phone == E164


@pytest.mark.parametrize(
    "accounts",
    [
        [{"phone": "+8613900139000", "openid": "mine"}, {"phone": E164, "openid": None}],
        [{"phone": None, "openid": "mine"}, {"phone": E164, "openid": "somebody-else"}],
        [{"phone": E164, "openid": "somebody-else"}],
        [{"phone": "+8613900139000", "openid": "mine"}],
    ],
    ids=["two phones", "two WeChat accounts", "phone of another WeChat account", "WeChat account of another phone"],
)
def test_accounts_in_conflict_are_left_alone(api, sandbox, accounts):
    for account in accounts:
        MemberFactory(**account)
    before = list(Member.objects.order_by("pk").values())
    codes = sandbox.wechat_codes(openid="mine", phone=PHONE)
    answer = enter(api, codes["login_code"], phone_code=codes["phone_code"])
    assert refusal(answer) == (409, "wechat_account_conflict")
    assert list(Member.objects.order_by("pk").values()) == before
    assert not MemberSession.objects.exists()


def test_a_login_code_works_once(api, sandbox):
    codes = sandbox.wechat_codes()
    enter(api, codes["login_code"])
    assert refusal(enter(api, codes["login_code"])) == (400, "wechat_login_code_invalid")


def test_codes_that_wechat_does_not_know_are_refused(api, sandbox):
    assert refusal(enter(api, "made-up")) == (400, "wechat_login_code_invalid")
    codes = sandbox.wechat_codes()
    assert refusal(enter(api, codes["phone_code"])) == (400, "wechat_login_code_invalid")
    answer = enter(api, codes["login_code"], phone_code="made-up")
    assert refusal(answer) == (400, "wechat_phone_code_invalid")
    assert not Member.objects.exists()


@pytest.mark.parametrize("login_code", ["", None, 1, "a" * 129, {"a": 1}])
def test_what_is_no_login_code_is_refused(api, login_code):
    assert refusal(enter(api, login_code)) == (400, "invalid_input")


@pytest.mark.parametrize("fault", [{"kind": "500"}, {"kind": "45011"}, {"kind": "hang", "seconds": 0.1}])
def test_when_wechat_fails_the_client_may_come_again(api, sandbox, fault):
    codes = sandbox.wechat_codes()
    sandbox.fault("wechat_login", times=1, **fault)
    answer = enter(api, codes["login_code"])
    assert refusal(answer) == (503, "wechat_unavailable")
    assert answer["Retry-After"] == "1"
    sandbox.heal()
    assert enter(api, sandbox.wechat_codes()["login_code"]).status_code == 200


def test_a_wrong_app_secret_is_our_failure_and_stays_out_of_the_log(api, sandbox, settings, caplog):
    settings.WECHAT_APP_SECRET = "not-the-secret"
    assert refusal(enter(api, sandbox.wechat_codes()["login_code"])) == (503, "wechat_unavailable")
    assert "not-the-secret" not in caplog.text


def test_a_blocked_member_cannot_enter(api, sandbox):
    MemberFactory(phone=None, openid="bad-1", status=Member.Status.BLOCKED)
    assert refusal(enter(api, sandbox.wechat_codes(openid="bad-1")["login_code"])) == (403, "member_blocked")
    assert not MemberSession.objects.exists()


def test_the_access_token_is_asked_for_once_and_shared(sandbox, monkeypatch):
    asked = _count_token_calls(monkeypatch)
    assert wechat.access_token() == wechat.access_token()
    assert asked == [False]


def test_a_token_that_wechat_refuses_is_replaced_and_the_phone_still_found(sandbox, settings):
    cache.set(f"wechat:access-token:{settings.WECHAT_APP_ID}", "outdated", 600)
    codes = sandbox.wechat_codes(phone=PHONE)
    assert wechat.phone_number(codes["phone_code"]) == E164
    assert cache.get(f"wechat:access-token:{settings.WECHAT_APP_ID}") != "outdated"


def test_a_new_token_is_forced_only_when_wechat_holds_on_to_the_stale_one(sandbox, monkeypatch):
    stale = wechat.access_token()
    asked = _count_token_calls(monkeypatch)
    assert wechat.access_token(stale=stale) != stale
    assert asked == [False, True]


def test_without_redis_members_still_sign_in(sandbox, monkeypatch):
    def away(*_args, **_more):
        raise redis.ConnectionError

    monkeypatch.setattr(wechat.cache, "get", away)
    assert wechat.phone_number(sandbox.wechat_codes(phone=PHONE)["phone_code"]) == E164


def test_waiting_for_another_refresher_has_an_end(sandbox, settings, monkeypatch):
    monkeypatch.setattr(wechat, "_REFRESHER_SECONDS", 0.2)
    cache.set(f"wechat:access-token:{settings.WECHAT_APP_ID}:refresher", 1, 60)
    with pytest.raises(WechatUnavailable):
        wechat.access_token()


def _count_token_calls(monkeypatch):
    asked, real = [], wechat._ask_token

    def counted(*, force):
        asked.append(force)
        return real(force=force)

    monkeypatch.setattr(wechat, "_ask_token", counted)
    return asked
