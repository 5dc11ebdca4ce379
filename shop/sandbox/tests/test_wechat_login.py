"""Codes, tokens and phone numbers, with the real error codes."""

import pytest


def session(http, env, code, **change):
    params = {
        "appid": env["WECHAT_APP_ID"],
        "secret": env["WECHAT_APP_SECRET"],
        "js_code": code,
        "grant_type": "authorization_code",
    }
    return http.get("/sns/jscode2session", params=params | change).json()


def access_token(http, env, **more):
    body = {"grant_type": "client_credential", "appid": env["WECHAT_APP_ID"], "secret": env["WECHAT_APP_SECRET"]}
    return http.post("/cgi-bin/stable_token", json=body | more).json()["access_token"]


def phone_number(http, token, code):
    return http.post("/wxa/business/getuserphonenumber", params={"access_token": token}, json={"code": code}).json()


def test_a_login_code_works_once(http, sandbox):
    codes = http.post("/wechat/login-codes", json={"phone": "13800138000"}).json()

    first = session(http, sandbox.env, codes["login_code"])
    again = session(http, sandbox.env, codes["login_code"])

    assert first.keys() == {"openid", "session_key"}
    assert first["openid"] == codes["openid"]
    assert again["errcode"] == 40163


def test_a_phone_code_is_another_code_and_works_once(http, sandbox):
    codes = http.post("/wechat/login-codes", json={"phone": "13912345678"}).json()
    token = access_token(http, sandbox.env)

    assert phone_number(http, token, codes["login_code"])["errcode"] == 40029
    assert session(http, sandbox.env, codes["phone_code"])["errcode"] == 40029
    answered = phone_number(http, token, codes["phone_code"])
    assert (answered["errcode"], answered["errmsg"]) == (0, "ok")
    assert answered["phone_info"]["phoneNumber"] == answered["phone_info"]["purePhoneNumber"] == "13912345678"
    assert answered["phone_info"]["countryCode"] == "86"
    assert answered["phone_info"]["watermark"]["appid"] == sandbox.env["WECHAT_APP_ID"]
    assert phone_number(http, token, codes["phone_code"])["errcode"] == 40029


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"appid": "wx0"}, 40013),
        ({"secret": "no"}, 40125),
        ({"grant_type": "password"}, 40002),
        ({"js_code": "unknown"}, 40029),
        ({"js_code": ""}, 41008),
    ],
)
def test_bad_logins_leave_the_code_unused(http, sandbox, change, errcode):
    code = http.post("/wechat/login-codes", json={}).json()["login_code"]

    assert session(http, sandbox.env, code, **change)["errcode"] == errcode

    assert "openid" in session(http, sandbox.env, code)


def test_the_rate_limit_strikes_by_fault_and_spares_the_code(http, sandbox):
    code = http.post("/wechat/login-codes", json={}).json()["login_code"]
    http.post("/faults", json={"target": "wechat-login", "kind": 45011})

    assert session(http, sandbox.env, code)["errcode"] == 45011

    assert "openid" in session(http, sandbox.env, code)


def test_a_phone_keeps_its_openid_and_an_openid_can_be_chosen(http):
    first = http.post("/wechat/login-codes", json={"phone": "13700000001"}).json()
    second = http.post("/wechat/login-codes", json={"phone": "13700000001"}).json()
    chosen = http.post("/wechat/login-codes", json={"openid": "o-chosen"}).json()

    assert first["openid"] == second["openid"]
    assert first["login_code"] != second["login_code"]
    assert chosen["openid"] == "o-chosen"


def test_access_tokens(http, sandbox):
    stable = access_token(http, sandbox.env)
    query = {
        "grant_type": "client_credential",
        "appid": sandbox.env["WECHAT_APP_ID"],
        "secret": sandbox.env["WECHAT_APP_SECRET"],
    }

    assert access_token(http, sandbox.env) == stable
    refreshed = access_token(http, sandbox.env, force_refresh=True)
    assert refreshed != stable
    plain = http.get("/cgi-bin/token", params=query).json()
    assert plain["expires_in"] == 7200
    # The older ones live on for a while, as the real ones do; the code alone is wrong here.
    for token in (stable, refreshed, plain["access_token"]):
        assert phone_number(http, token, "unknown")["errcode"] == 40029
    assert phone_number(http, "made-up", "unknown")["errcode"] == 40001
    assert phone_number(http, "", "unknown")["errcode"] == 41001
    assert http.get("/cgi-bin/token", params=query | {"secret": "x"}).json()["errcode"] == 40125


@pytest.mark.parametrize("body", [{"openid": ""}, {"openid": 5}, {"phone": "12345"}, {"phone": 13800138000}])
def test_bad_users_are_refused(http, body):
    answer = http.post("/wechat/login-codes", json=body)

    assert answer.status_code == 400
    assert answer.json()["code"].startswith("INVALID_")
