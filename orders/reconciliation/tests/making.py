"""Payments and refunds as the gateway and our books have them, in days of the past."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import httpx

from members.identity.models import Member
from orders.payments.gateways.base import PrepayRequest
from orders.payments.gateways.registry import gateway_for
from orders.payments.models import Payment, Refund, RefundStatus
from orders.payments.services.asking import refresh_payment
from orders.payments.services.opening import open_payment
from orders.payments.services.refunding import refresh_refund, send_refund
from orders.payments.tests.factories import make_order
from orders.reconciliation.models import Difference, Reconciliation
from orders.reconciliation.services import reconcile
from shop.core import clock
from shop.core.actors import Actor
from shop.core.clock import SHANGHAI
from shop.core.numbers import new_number
from tests.sandbox import Sandbox

CLERK = Actor.staff("finance")


@dataclass(frozen=True)
class Till:
    """Where members pay and are paid back, from `first` on; days are counted from it."""

    bank: Sandbox
    member: Member
    first: date
    openid: str

    def day(self, days: int = 0) -> date:
        return self.first + timedelta(days=days)

    def at(self, clock_time: str, days: int = 0) -> datetime:
        """`23:59:59` in Shanghai."""
        return datetime.combine(self.day(days), time.fromisoformat(clock_time), tzinfo=SHANGHAI)

    def morning(self, days: int = 0) -> datetime:
        """When the bill of the day is there."""
        return self.at("10:30:00", days + 1)

    def pay(self, amount_fen: int, paid_at: datetime, *, known: bool = True) -> Payment:
        """A member pays; `known` tells whether our books have heard of it."""
        with clock.fixed(paid_at - timedelta(minutes=1)):
            order = make_order(self.member, payable_fen=amount_fen)
            payment = open_payment(
                order_number=order.number,
                member_id=self.member.pk,
                method="wechat",
                openid=self.openid,
                now=clock.now(),
            )
        past = {"out_trade_no": payment.number, "openid": self.openid, "total": amount_fen}
        self.remember("wechat", "payments", **past, paid_at=paid_at.isoformat())
        return self.hear_of(payment, paid_at) if known else payment

    def pay_by_alipay(self, amount_fen: int, paid_at: datetime) -> Payment:
        with clock.fixed(paid_at - timedelta(minutes=1)):
            order = make_order(self.member, payable_fen=amount_fen)
            payment = open_payment(
                order_number=order.number, member_id=self.member.pk, method="alipay", openid="", now=clock.now()
            )
        # Announced now: nobody can pay what has expired long ago.
        now = clock.now()
        request = PrepayRequest(
            number=payment.number,
            description="龙井",
            amount_fen=amount_fen,
            openid="",
            expires_at=now + timedelta(minutes=30),
            notify_url="http://127.0.0.1:9/notify",
        )
        gateway_for("alipay").prepay(request, now=now)
        self.bank.alipay(payment.number, success_time=paid_at.isoformat())
        return self.hear_of(payment, paid_at)

    def refund_by_alipay(self, payment: Payment, amount_fen: int, at: datetime) -> Refund:
        """Alipay pays back at once; our books hear of it from the query, which tells when."""
        refund = self._refund(payment, amount_fen, at)
        send_refund(number=refund.number, now=at)
        self.remember("alipay", "refunds", out_request_no=refund.number, settled_at=at.isoformat())
        Refund.objects.filter(pk=refund.pk).update(status=RefundStatus.PROCESSING, succeeded_at=None)
        return refresh_refund(number=refund.number, now=at)

    def hear_of(self, payment: Payment, now: datetime) -> Payment:
        return refresh_payment(number=payment.number, actor=Actor.gateway(payment.method), now=now)

    def refund(self, payment: Payment, amount_fen: int, taken_at: datetime, settled_at: datetime) -> Refund:
        """Money goes back: asked for and taken in at once, with the payer some time later, which we hear of."""
        refund = self._refund(payment, amount_fen, taken_at)
        send_refund(number=refund.number, now=taken_at)
        self.remember(
            "wechat",
            "refunds",
            out_refund_no=refund.number,
            taken_at=taken_at.isoformat(),
            settled_at=settled_at.isoformat(),
        )
        return refresh_refund(number=refund.number, now=settled_at)

    def run(self, days: int = 0, *, now: datetime | None = None, method: str = "wechat") -> Reconciliation:
        return reconcile(method=method, day=self.day(days), actor=CLERK, now=now or self.morning(days))

    def _refund(self, payment: Payment, amount_fen: int, now: datetime) -> Refund:
        return Refund.objects.create(
            number=new_number("R", now),
            payment=payment,
            amount_fen=amount_fen,
            reason=Refund.Reason.AFTER_SALE,
            created_at=now,
            query_at=now,
        )

    def remember(self, gateway: str, what: str, **body: object) -> None:
        httpx.post(f"{self.bank.url}/{gateway}/past-{what}", json=body).raise_for_status()


def sums(found: Reconciliation) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """(payments, paid, refunds, refunded) on the bill and in our books."""
    return (
        (found.bill_payments, found.bill_paid_fen, found.bill_refunds, found.bill_refunded_fen),
        (found.book_payments, found.book_paid_fen, found.book_refunds, found.book_refunded_fen),
    )


def differences(**where: object) -> list[tuple[str, str, str]]:
    """(kind, number, state) of each."""
    return list(Difference.objects.filter(**where).order_by("pk").values_list("kind", "number", "state"))
