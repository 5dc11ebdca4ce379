"""R4: in whatever order payers, gateways, members and jobs act, every payment ends up fulfilled or refunded.

The payer has both methods in hand, as somebody has who opened Alipay, went back and chose WeChat. Every order of the
steps is walked; the gateways are real, their callbacks are held back and told when the walk says so. At the end time
passes, and what the gateways hold must be what the order says.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import permutations
from time import sleep

import httpx
import pytest

from members.identity.tests.factories import MemberFactory, client_for
from orders.checkout.errors import OrderNotCancellable
from orders.checkout.models import OrderStatus
from orders.payments.gateways.base import GatewayRefundState, RefundRequest, TradeState
from orders.payments.gateways.registry import gateway_for
from orders.payments.models import Payment, PaymentStatus, Refund, RefundStatus
from orders.payments.services import confirmation
from orders.payments.services.asking import ask_due
from orders.payments.services.closing import close_unpaid_order, expire_unpaid_orders, look_at_closed_payments
from orders.payments.services.refunding import refresh_due_refunds, refresh_refund, send_refund
from orders.payments.tests.factories import AlipaySigner, Signer, assert_lawful, make_order, notify, start, tell
from shop.core import clock
from shop.core.actors import Actor
from shop.core.models import OutboxEntry
from shop.core.outbox import deliver

pytestmark = pytest.mark.django_db

PAYABLE = 9900
STEPS = ("wechat pays", "wechat tells", "alipay pays", "alipay tells", "member cancels", "shop asks")
BETWEEN_STEPS = timedelta(seconds=20)


def orders_of_steps():
    """A gateway tells after it was paid, now or later; everything else may come in any order."""
    for walk in permutations(STEPS):
        if all(walk.index(f"{method} pays") < walk.index(f"{method} tells") for method in ("wechat", "alipay")):
            yield walk


def send_refunds():
    due = OutboxEntry.objects.filter(fact="RefundRequested", status="pending")
    return deliver(entry_ids=list(due.values_list("pk", flat=True)))


@dataclass
class Walk:
    """One order, its two payments, and what happens to them."""

    sandbox: object
    look_again: bool = True
    paid: dict[str, dict] = field(default_factory=dict)
    refunded_in_console: int = 0

    def __post_init__(self):
        member = MemberFactory(openid=self.sandbox.user())
        self.order = make_order(member, payable_fen=PAYABLE)
        client = client_for(member)
        self.alipay = start(client, self.order, method="alipay")
        self.wechat = start(client, self.order)
        self.now = clock.now()

    def walk(self, steps):
        for step in steps:
            self.now += BETWEEN_STEPS
            getattr(self, step.replace(" ", "_"))()

    def wechat_pays(self):
        self._pay("wechat", "/wechat/pay", {"client_params": self.wechat["client_params"]})

    def console_refunds(self):
        """The merchant, who sees no order to it; what the shop knows of is refunded through the shop."""
        known = Payment.objects.get(number=self.wechat["number"]).status == PaymentStatus.SUCCEEDED
        if "wechat" in self.paid and not known:
            number = f"C{self.wechat['number']}"
            gateway_for("wechat").refund(
                RefundRequest(number, self.wechat["number"], PAYABLE, PAYABLE, "退款", "http://127.0.0.1:1/none")
            )
            self.refunded_in_console = PAYABLE

    def alipay_pays(self):
        self._pay("alipay", "/alipay/pay", {"out_trade_no": self.alipay["number"]})

    def wechat_tells(self):
        if "wechat" in self.paid:
            signer = Signer(self.sandbox.env)
            payment = Payment.objects.get(number=self.wechat["number"])
            body = signer.body(signer.paid(payment, transaction_id=self.paid["wechat"]["transaction_id"]))
            assert notify(body, signer.headers(body)).status_code == 204

    def alipay_tells(self):
        if "alipay" in self.paid:
            signer = AlipaySigner(self.sandbox.env)
            payment = Payment.objects.get(number=self.alipay["number"])
            answer = tell(signer.body(signer.paid(payment, trade_no=self.paid["alipay"]["trade_no"])))
            assert answer.content == b"success"

    def member_cancels(self):
        member = Actor.member(self.order.member_id)
        try:
            close_unpaid_order(number=self.order.number, actor=member, now=self.now)
        except OrderNotCancellable:
            assert self.paid

    def shop_asks(self):
        ask_due(now=self.now)
        send_refunds()
        refresh_due_refunds(now=self.now)

    def time_passes(self):
        """The jobs of the hour after the order has expired."""
        for minutes in (0, 5):
            now = self.order.expires_at + timedelta(minutes=minutes)
            ask_due(now=now)
            expire_unpaid_orders(now=now)
            if self.look_again:
                look_at_closed_payments(now=now)
            send_refunds()
            if Refund.objects.exclude(status=RefundStatus.SUCCEEDED).exists():
                sleep(0.11)  # until the gateway has settled it
                refresh_due_refunds(now=now + timedelta(hours=1))

    def _pay(self, method, path, body):
        answer = httpx.post(f"{self.sandbox.url}{path}", json=body)
        if answer.is_success:
            self.paid[method] = answer.json()
        else:
            # It was closed at the gateway before the payer came.
            assert answer.json()["code"] == "ORDER_CLOSED"

    def held_fen(self):
        """What the gateways say they took for this order and have not given back."""
        held = -self.refunded_in_console
        for payment in Payment.objects.filter(order=self.order):
            gateway = gateway_for(payment.method)
            if gateway.query(number=payment.number).state in (TradeState.PAID, TradeState.REFUNDED):
                held += payment.amount_fen
            for refund in payment.refunds.exclude(reason=Refund.Reason.ELSEWHERE):
                told = gateway.query_refund(number=refund.number, payment_number=payment.number)
                assert told.state == GatewayRefundState.SUCCEEDED
                held -= refund.amount_fen
        return held

    def outcome(self):
        self.order.refresh_from_db()
        return self.order.status, self.order.paid_fen, self.held_fen()


FULFILLED = (OrderStatus.PAID, PAYABLE, PAYABLE)
GIVEN_UP = (OrderStatus.CANCELLED, 0, 0)


@pytest.fixture
def silent(sandbox):
    """No callback is sent by itself."""
    for target in ("payment_notify", "refund_notify", "alipay_notify"):
        sandbox.fault(target, "lose", times=1_000_000)
    return sandbox


def walked(sandbox, steps, **how):
    walk = Walk(sandbox, **how)
    walk.walk(steps)
    walk.time_passes()
    return walk


def test_every_order_of_steps_ends_fulfilled_or_refunded(silent):
    walks = list(orders_of_steps())
    # 6! orders, half of them for each of the two pairs.
    assert len(walks) == 180
    outcomes = {}
    for steps in walks:
        walk = walked(silent, steps)
        outcomes[steps] = walk.outcome()
        assert outcomes[steps] in (FULFILLED, GIVEN_UP), steps
        # Whoever paid before the member gave up, gets the goods; nobody pays twice.
        first_paid = min(steps.index("wechat pays"), steps.index("alipay pays"))
        if steps.index("member cancels") < first_paid:
            assert outcomes[steps] == GIVEN_UP, steps
        assert Payment.objects.filter(order=walk.order, settles_order=True).count() <= 1
    assert {FULFILLED, GIVEN_UP} == set(outcomes.values())
    assert_lawful()


CONSOLE_STEPS = ("wechat pays", "console refunds", "alipay pays", "member cancels", "shop asks")


def test_what_is_refunded_in_the_console_after_a_lost_callback_is_refunded_here(silent):
    walks = [walk for walk in permutations(CONSOLE_STEPS) if walk.index("wechat pays") < walk.index("console refunds")]
    # 5! orders, half of them for the pair.
    assert len(walks) == 60
    found = 0
    for steps in walks:
        walk = walked(silent, steps)
        assert walk.outcome() in (FULFILLED, GIVEN_UP), steps
        elsewhere = Refund.objects.filter(payment__order=walk.order, reason=Refund.Reason.ELSEWHERE)
        assert elsewhere.count() == bool(walk.refunded_in_console), steps
        found += elsewhere.count()
    assert found
    assert_lawful()


LATE = ("member cancels", "alipay pays", "shop asks", "wechat pays", "wechat tells")
TWICE = ("wechat pays", "alipay pays", "wechat tells", "alipay tells")


def test_control_without_a_second_look_a_late_payment_is_kept_for_nothing(silent):
    assert walked(silent, LATE).outcome() == GIVEN_UP
    assert walked(silent, LATE, look_again=False).outcome() == (OrderStatus.CANCELLED, 0, PAYABLE)


def test_control_without_giving_back_a_second_payment_is_kept(silent, monkeypatch):
    assert walked(silent, TWICE).outcome() == FULFILLED
    monkeypatch.setattr(confirmation, "refund_payment", lambda **given: None)
    assert walked(silent, TWICE).outcome() == (OrderStatus.PAID, PAYABLE, 2 * PAYABLE)


REFUND_STEPS = ("sent", "sent", "told", "told", "asked")


def orders_of_refund_steps():
    """A gateway tells of a refund once it knows it; being asked about an unknown one, the shop sends it."""
    for walk in sorted(set(permutations(REFUND_STEPS))):
        if min(walk.index("sent"), walk.index("asked")) < walk.index("told"):
            yield walk


def told_refund(sandbox, refund):
    """The gateway's message that the refund has succeeded, answered as the gateway wants it."""
    payment = refund.payment
    if payment.method == "alipay":
        signer = AlipaySigner(sandbox.env)
        answer = tell(signer.body(signer.paid(payment, refund_fee="1.00", out_biz_no=refund.number)))
        assert answer.content == b"success"
        return
    signer = Signer(sandbox.env)
    known = gateway_for("wechat").query_refund(number=refund.number, payment_number=payment.number)
    resource = {
        "mchid": sandbox.env["WECHATPAY_MCH_ID"],
        "out_trade_no": payment.number,
        "out_refund_no": refund.number,
        "refund_id": known.refund_id,
        "refund_status": "SUCCESS",
        "success_time": "2026-11-22T12:00:00+08:00",
        "amount": {"total": payment.amount_fen, "refund": refund.amount_fen},
    }
    body = signer.body(resource, event="REFUND.SUCCESS", kind="refund")
    assert notify(body, signer.headers(body), path="payments/wechat/refund-notify").status_code == 204


@pytest.mark.parametrize("method", ["wechat", "alipay"])
def test_every_order_of_refund_steps_gives_back_once(silent, method):
    walk = Walk(silent)
    getattr(walk, f"{method}_pays")()
    getattr(walk, f"{method}_tells")()
    payment = Payment.objects.get(order=walk.order, method=method)
    walks = list(orders_of_refund_steps())
    # 5! / (2! 2!) orders, less the 4! / 2! that begin with being told.
    assert len(walks) == 30 - 12
    for index, steps in enumerate(walks):
        refund = Refund.objects.create(
            number=f"R{payment.number}{index}",
            payment=payment,
            amount_fen=100,
            reason=Refund.Reason.AFTER_SALE,
            created_at=walk.now,
            query_at=walk.now,
        )
        for step in steps:
            if step == "sent":
                send_refund(number=refund.number, now=walk.now)
            elif step == "asked":
                refresh_refund(number=refund.number, now=walk.now)
            else:
                told_refund(silent, refund)
    sleep(0.2)
    refresh_due_refunds(now=walk.now + timedelta(hours=1))
    numbers = set(Refund.objects.filter(status=RefundStatus.SUCCEEDED).values_list("number", flat=True))
    assert numbers == {f"R{payment.number}{index}" for index in range(len(walks))}
    told = OutboxEntry.objects.filter(fact="RefundSucceeded").values("event_id", "payload__number").distinct()
    assert sorted(each["payload__number"] for each in told) == sorted(numbers)
    assert walk.held_fen() == PAYABLE - 100 * len(walks)
