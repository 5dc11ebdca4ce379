"""Unpaid orders, and messages as WeChat Pay and Alipay sign them, written apart from the code under test."""

import base64
import json
import secrets
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.db import transaction
from django.http import HttpResponse
from rest_framework.response import Response
from rest_framework.test import APIClient

from logistics.allocation.tests.factories import recipient
from members.identity.models import Member
from orders.checkout.invariants import LAWS as ORDER_LAWS
from orders.checkout.models import Deposit, Order, OrderLine
from orders.payments.invariants import LAWS
from orders.payments.models import Payment
from shop.catalog.services.stock import reserve_stock
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.clock import SHANGHAI
from shop.core.outbox import deliver_due


def make_order(member: Member, *, payable_fen: int = 9900, expires_in: timedelta = timedelta(minutes=30)) -> Order:
    """An unpaid order of one line that holds its one unit of stock."""
    now = clock.now()
    sku = SkuFactory(price_fen=payable_fen)
    with transaction.atomic():
        order = Order.objects.create(
            number=f"O{uuid.uuid4().hex[:20]}",
            member=member,
            goods_fen=payable_fen,
            freight_fen=0,
            payable_fen=payable_fen,
            placed_at=now,
            expires_at=now + expires_in,
            recipient=recipient(),
        )
        OrderLine.objects.create(
            order=order,
            position=1,
            sku=sku,
            product=sku.product,
            product_name="龙井",
            sku_code=sku.code,
            unit_price_fen=payable_fen,
            quantity=1,
            subtotal_fen=payable_fen,
            payable_fen=payable_fen,
        )
        reserve_stock(reference=order.number, items={sku.pk: 1}, expires_at=order.expires_at)
    return order


def make_presold(
    member: Member,
    *,
    payable_fen: int = 9900,
    deposit_fen: int = 2000,
    opens_in: timedelta = timedelta(days=3),
    stays_open: timedelta = timedelta(days=2),
    back_if_missed: bool = False,
    back_on_request: bool = False,
) -> Order:
    """The same, paid in two parts: its deposit now, the rest from `opens_in` on. No deposit comes back unless told."""
    order = make_order(member, payable_fen=payable_fen)
    order.deposit_fen = deposit_fen
    order.save(update_fields=["deposit_fen"])
    balance_from = order.placed_at + opens_in
    Deposit.objects.create(
        order=order,
        balance_from=balance_from,
        balance_until=balance_from + stays_open,
        back_if_missed=back_if_missed,
        back_on_request=back_on_request,
    )
    return order


def stock_of(order: Order) -> tuple[int, int]:
    """(available, reserved) of the order's one SKU, of which there were 10."""
    stock = order.lines.get().sku.stock
    return stock.available, stock.reserved


def assert_lawful() -> None:
    """Every law of orders and of their money holds."""
    broken = [violation for law in (*ORDER_LAWS, *LAWS) for violation in law()]
    assert broken == [], broken


def deliver_outbox() -> int:
    """Deliver now what is due within the minute; returns how many were finished."""
    return deliver_due(now=clock.now() + timedelta(minutes=1))


def post(client: APIClient, path: str, body: dict[str, Any] | None = None, *, key: str | None = None) -> Response:
    """An idempotent POST; each call has a key of its own unless told."""
    return client.post(f"/api/v1/{path}", body or {}, headers={"Idempotency-Key": key or uuid.uuid4().hex})


def start(client: APIClient, order: Order, *, method: str = "wechat", **more: Any) -> dict[str, Any]:
    """Start a payment and return what the front gets."""
    answer = post(client, f"orders/{order.number}/payments", {"method": method, **more})
    assert answer.status_code == 201, answer.content
    return answer.json()


@dataclass(frozen=True)
class Signer:
    """The platform of WeChat Pay: encrypts and signs what it sends."""

    env: dict[str, str]

    @property
    def key(self) -> RSAPrivateKey:
        folder = Path(self.env["WECHATPAY_PUBLIC_KEY_PATH"]).parent
        key = load_pem_private_key((folder / "platform_private_key.pem").read_bytes(), password=None)
        assert isinstance(key, RSAPrivateKey)
        return key

    def paid(self, payment: Payment, **changes: Any) -> dict[str, Any]:
        """What a payment notification is about; `changes` replace its fields, `total` and `currency` in the amount."""
        amount = {
            "total": changes.pop("total", payment.amount_fen),
            "currency": changes.pop("currency", "CNY"),
            "payer_total": payment.amount_fen,
            "payer_currency": "CNY",
        }
        return {
            "appid": self.env["WECHAT_APP_ID"],
            "mchid": self.env["WECHATPAY_MCH_ID"],
            "out_trade_no": payment.number,
            "transaction_id": f"42000{payment.pk:023d}",
            "trade_type": "JSAPI",
            "trade_state": "SUCCESS",
            "trade_state_desc": "支付成功",
            "bank_type": "OTHERS",
            "attach": "",
            "success_time": "2026-11-20T12:00:00+08:00",
            "payer": {"openid": "oTest"},
            "amount": amount,
            **changes,
        }

    def body(self, resource: dict[str, Any], *, event: str = "TRANSACTION.SUCCESS", kind: str = "transaction") -> bytes:
        nonce = secrets.token_hex(6)
        sealed = AESGCM(self.env["WECHATPAY_API_V3_KEY"].encode()).encrypt(
            nonce.encode(), json.dumps(resource).encode(), kind.encode()
        )
        message = {
            "id": str(uuid.uuid4()),
            "create_time": "2026-11-20T12:00:01+08:00",
            "resource_type": "encrypt-resource",
            "event_type": event,
            "summary": "支付成功",
            "resource": {
                "original_type": kind,
                "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": base64.b64encode(sealed).decode(),
                "associated_data": kind,
                "nonce": nonce,
            },
        }
        return json.dumps(message, ensure_ascii=False).encode()

    def headers(self, body: bytes, *, at: datetime | None = None) -> dict[str, str]:
        timestamp, nonce = str(int(at.timestamp() if at else time.time())), secrets.token_hex(16)
        message = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
        signature = base64.b64encode(self.key.sign(message, PKCS1v15(), SHA256())).decode()
        return {
            "Wechatpay-Serial": self.env["WECHATPAY_PUBLIC_KEY_ID"],
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
            "Wechatpay-Signature": signature,
        }


def notify(body: bytes, headers: dict[str, str], *, path: str = "payments/wechat/notify") -> Response:
    """Deliver a notification in this process."""
    return APIClient().post(f"/api/v1/{path}", body, content_type="application/json", headers=headers)


@dataclass(frozen=True)
class AlipaySigner:
    """Alipay as far as it tells the shop something."""

    env: dict[str, str]

    @property
    def key(self) -> RSAPrivateKey:
        folder = Path(self.env["ALIPAY_PUBLIC_KEY_PATH"]).parent
        key = load_pem_private_key((folder / "alipay_private_key.pem").read_bytes(), password=None)
        assert isinstance(key, RSAPrivateKey)
        return key

    def paid(self, payment: Payment, *, at: datetime | None = None, **changes: str | None) -> dict[str, str]:
        """The fields of a payment notification; `changes` replace or, with None, remove them."""
        sent_at = (at or clock.now()).astimezone(SHANGHAI)
        fields = {
            "notify_time": f"{sent_at:%Y-%m-%d %H:%M:%S}",
            "notify_type": "trade_status_sync",
            "notify_id": secrets.token_hex(17),
            "charset": "utf-8",
            "version": "1.0",
            "app_id": self.env["ALIPAY_APP_ID"],
            "seller_id": self.env["ALIPAY_SELLER_ID"],
            "out_trade_no": payment.number,
            "trade_no": f"2026112222001{payment.pk:015d}",
            "trade_status": "TRADE_SUCCESS",
            "total_amount": f"{payment.amount_fen // 100}.{payment.amount_fen % 100:02d}",
            "subject": "灯笼 西湖龙井 & 茶杯=两只",
            "fund_bill_list": '[{"amount":"99.00","fundChannel":"ALIPAYACCOUNT"}]',
            "passback_params": "",
            "gmt_payment": "2026-11-20 12:00:00",
        }
        return {name: value for name, value in {**fields, **changes}.items() if value is not None}

    def body(self, fields: dict[str, str]) -> bytes:
        """The form: signed over the sorted decoded fields without `sign` and `sign_type`."""
        text = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if name != "sign_type")
        signature = base64.b64encode(self.key.sign(text.encode(), PKCS1v15(), SHA256())).decode()
        return urlencode({"sign_type": "RSA2", **fields, "sign": signature}).encode()


def tell(body: bytes, *, content_type: str = "application/x-www-form-urlencoded; charset=utf-8") -> HttpResponse:
    """Deliver a notification of Alipay in this process."""
    return APIClient().post("/api/v1/payments/alipay/notify", body, content_type=content_type)
