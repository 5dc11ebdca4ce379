"""Who may call the merchant API, and whether answers can be trusted."""

import json
import time
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from wechatpayv3.utils import rsa_sign

from shop.sandbox.tests.clients import new_number, pay_client

QUERY = "/v3/pay/transactions/out-trade-no/UNKNOWN1?mchid="


def signed_get(env, *, target, signed_target=None, nonce="N" * 32, timestamp=None, mchid=None, serial=None):
    """Send a GET with a hand-made Authorization header."""
    timestamp = timestamp or str(int(time.time()))
    key = load_pem_private_key(Path(env["WECHATPAY_PRIVATE_KEY_PATH"]).read_bytes(), password=None)
    signature = rsa_sign(key, f"GET\n{signed_target or target}\n{timestamp}\n{nonce}\n\n")
    values = {
        "mchid": mchid or env["WECHATPAY_MCH_ID"],
        "nonce_str": nonce,
        "signature": signature,
        "timestamp": timestamp,
        "serial_no": serial or env["WECHATPAY_MCH_SERIAL"],
    }
    header = "WECHATPAY2-SHA256-RSA2048 " + ",".join(f'{name}="{value}"' for name, value in values.items())
    return httpx.get(env["WECHATPAY_GATEWAY_URL"] + target, headers={"authorization": header})


def test_a_right_signature_is_accepted_once(sandbox):
    target, nonce = QUERY + sandbox.env["WECHATPAY_MCH_ID"], new_number("N")

    first = signed_get(sandbox.env, target=target, nonce=nonce)
    replayed = signed_get(sandbox.env, target=target, nonce=nonce)

    assert (first.status_code, first.json()["code"]) == (404, "ORDER_NOT_EXIST")
    assert (replayed.status_code, replayed.json()["code"]) == (401, "SIGN_ERROR")


@pytest.mark.parametrize(
    "change",
    [
        {"signed_target": QUERY + "1"},
        {"timestamp": str(int(time.time()) - 3600)},
        {"timestamp": str(int(time.time()) + 3600)},
        {"timestamp": "soon"},
        {"mchid": "1900000001"},
        {"serial": "0" * 40},
    ],
)
def test_an_altered_or_stale_request_is_refused(sandbox, change):
    target = QUERY + sandbox.env["WECHATPAY_MCH_ID"]

    refused = signed_get(sandbox.env, target=target, nonce=new_number("N"), **change)

    assert (refused.status_code, refused.json()["code"]) == (401, "SIGN_ERROR")


def test_a_foreign_key_is_refused_and_nothing_is_placed(sandbox, openid, client):
    foreign = generate_private_key(public_exponent=65537, key_size=2048)
    pem = foreign.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    thief = pay_client(sandbox.env, private_key=pem, notify_url="http://127.0.0.1:9/notify")
    number = new_number("F")

    status, answer = thief.pay(description="Tea", out_trade_no=number, amount={"total": 1}, payer={"openid": openid})

    assert (status, json.loads(answer)["code"]) == (401, "SIGN_ERROR")
    assert client.query(out_trade_no=number)[0] == 404


def test_a_body_altered_on_the_way_is_refused(sandbox, client, openid, monkeypatch):
    send = httpx.Client(base_url=sandbox.url)

    def altered(url, json, headers, **more):
        body = {**json, "amount": {"total": 1}}
        answer = send.post(url, json=body, headers=headers)
        assert answer.json()["code"] == "SIGN_ERROR"
        return answer

    monkeypatch.setattr("wechatpayv3.core.requests.post", altered)

    status, _ = client.pay(
        description="Tea", out_trade_no=new_number("A"), amount={"total": 100}, payer={"openid": openid}
    )

    assert status == 401


def test_requests_without_authorization_are_refused(http):
    for path in ("/v3/refund/domestic/refunds/R1", "/v3/billdownload/file?token=x"):
        assert http.get(path).status_code == 401


def test_refusals_are_signed_too(http, client):
    refused = http.get("/v3/refund/domestic/refunds/R1")

    assert client._core._verify_signature(refused.headers, refused.text)
    assert not client._core._verify_signature(refused.headers, refused.text + " ")
