"""SMS and subscribe messages: taken, and shown."""

import pytest


def send_sms(http, env, *, key=None, **change):
    message = {
        "phone": "13800138001",
        "template": "login_code",
        "params": {"code": "274913", "minutes": 5},
        "text": "验证码 274913，5 分钟内有效。",
    }
    headers = {"Authorization": f"Bearer {key or env['SMS_GATEWAY_KEY']}"}
    return http.post("/sms/send", json=message | change, headers=headers)


def test_a_phone_sees_its_newest_message_first(http, sandbox):
    send_sms(http, sandbox.env)
    send_sms(http, sandbox.env, phone="+8613800138001", params={}, text="Your code is 8842; order 20260131001 is paid.")
    send_sms(http, sandbox.env, phone="13800138002", params={}, text="您的包裹已签收")

    for phone in ("13800138001", "+8613800138001", "86 13800138001"):
        messages = http.get("/sms", params={"phone": phone}).json()
        assert [message["code"] for message in messages[:2]] == ["8842", "274913"]
        assert messages[1].keys() == {"phone", "code", "text", "at"}
    assert http.get("/sms?phone=+8613800138001").json()[0]["code"] == "8842"
    assert http.get("/sms?phone=13800138002").json()[0]["code"] is None
    assert http.get("/sms?phone=13800138003").json() == []


def test_the_wrong_key_sends_nothing(http, sandbox):
    answer = send_sms(http, sandbox.env, key="wrong", phone="13800138009")

    assert answer.status_code == 401
    assert http.get("/sms?phone=13800138009").json() == []


@pytest.mark.parametrize(
    "change", [{"phone": "abc"}, {"phone": None}, {"text": ""}, {"text": "x" * 501}, {"template": ""}, {"params": []}]
)
def test_bad_messages_are_refused(http, sandbox, change):
    before = http.get("/outbox?kind=sms").json()

    assert send_sms(http, sandbox.env, **change).status_code == 400

    assert http.get("/outbox?kind=sms").json() == before


def test_a_subscribe_message_reaches_the_outbox_unless_refused(http, sandbox, openid):
    env = sandbox.env
    grant = {"grant_type": "client_credential", "appid": env["WECHAT_APP_ID"], "secret": env["WECHAT_APP_SECRET"]}
    token = http.post("/cgi-bin/stable_token", json=grant).json()["access_token"]
    path = f"/cgi-bin/message/subscribe/send?access_token={token}"
    message = {"touser": openid, "template_id": "TPL1", "data": {"thing1": {"value": "龙井茶已发货"}}}

    sent = http.post(path, json=message).json()
    http.post("/faults", json={"target": "subscribe", "kind": "43101"})
    refused = http.post(path, json=message).json()

    assert (sent["errcode"], refused["errcode"]) == (0, 43101)
    [shown] = [m for m in http.get("/outbox?kind=subscribe").json() if m["recipient"] == openid]
    assert shown["body"] == message
    assert http.post(path, json=message | {"touser": "nobody"}).json()["errcode"] == 40003
    assert http.post(path, json=message | {"template_id": ""}).json()["errcode"] == 40037
    assert http.post(path, json=message | {"data": {"thing1": "flat"}}).json()["errcode"] == 47003
    assert http.post("/cgi-bin/message/subscribe/send", json=message).json()["errcode"] == 41001


def test_the_outbox_knows_its_kinds(http):
    assert {message["kind"] for message in http.get("/outbox?kind=email").json()} <= {"email"}
    assert http.get("/outbox?kind=pigeon").status_code == 400
