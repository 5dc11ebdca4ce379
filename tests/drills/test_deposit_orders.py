"""R4 for orders in two payments: in whatever order deposit, balance, their messages and the end of the window come,
every payment ends up settling its part, kept as agreed on, or refunded; never neither.

The payer has the balance in hand from an Alipay page, which can be paid for as long as Alipay does not know it. The
gateways are real, their callbacks are held back and told when the walk says so.
"""

from datetime import timedelta
from itertools import permutations
from time import sleep

import pytest

from members.identity.tests.factories import MemberFactory, client_for
from orders.checkout.models import Order, OrderStatus
from orders.payments.models import Refund, RefundStatus
from orders.payments.services import confirmation
from orders.payments.services.asking import ask_due
from orders.payments.services.closing import expire_unpaid_orders, look_at_closed_payments
from orders.payments.services.refunding import refresh_due_refunds
from orders.payments.tests.factories import assert_lawful, make_presold, post, start
from shop.core import clock
from tests.drills.test_message_orders import Walk, send_refunds, silent

__all__ = ["silent"]
pytestmark = pytest.mark.django_db

PAYABLE, DEPOSIT = 9900, 2000
BALANCE = PAYABLE - DEPOSIT
STEPS = ("wechat pays", "wechat tells", "balance opens", "alipay pays", "alipay tells", "window ends")
FULFILLED = (OrderStatus.PAID, PAYABLE, PAYABLE)
GIVEN_UP = (OrderStatus.CANCELLED, 0, 0)
KEPT = (OrderStatus.CANCELLED, DEPOSIT, DEPOSIT)
RETURNED = (OrderStatus.CANCELLED, DEPOSIT, 0)


def orders_of_steps():
    """The deposit by WeChat, the balance by Alipay; each is opened, paid and told in this order."""
    for walk in permutations(STEPS):
        deposit, balance = walk.index("wechat pays"), walk.index("balance opens")
        told, paid = walk.index("wechat tells"), walk.index("alipay pays")
        if deposit < told and balance < paid < walk.index("alipay tells"):
            yield walk


class DepositWalk(Walk):
    """The deposit's payment is open; that of the balance opens when the walk says so, if it can."""

    back = False

    def __post_init__(self):
        member = MemberFactory(openid=self.sandbox.user())
        self.order = make_presold(
            member, payable_fen=PAYABLE, deposit_fen=DEPOSIT, opens_in=-timedelta(hours=1), back_if_missed=self.back
        )
        self.client = client_for(member)
        self.wechat, self.alipay = start(self.client, self.order), None
        self.now = clock.now()

    def balance_opens(self):
        answer = post(self.client, f"orders/{self.order.number}/payments", {"method": "alipay"})
        if answer.status_code == 201 and answer.json()["part"] == "balance":
            self.alipay = answer.json()

    def alipay_pays(self):
        if self.alipay:
            super().alipay_pays()

    def window_ends(self):
        """Of whatever the order waits for now."""
        expire_unpaid_orders(now=Order.objects.get(pk=self.order.pk).expires_at)

    def time_passes(self):
        """Twice: what is found paid at the end of one window waits for the end of the next."""
        for minutes in (0, 5, 10):
            now = Order.objects.get(pk=self.order.pk).expires_at + timedelta(minutes=minutes)
            ask_due(now=now)
            expire_unpaid_orders(now=now)
            if self.look_again:
                look_at_closed_payments(now=now)
            send_refunds()
            if Refund.objects.exclude(status=RefundStatus.SUCCEEDED).exists():
                sleep(0.11)  # until the gateway has settled it
                refresh_due_refunds(now=now + timedelta(hours=1))


class ReturningWalk(DepositWalk):
    back = True


def walked(walk, steps):
    walk.walk(steps)
    walk.time_passes()
    return walk


@pytest.mark.parametrize(("kind", "missed"), [(DepositWalk, KEPT), (ReturningWalk, RETURNED)])
def test_every_order_of_steps_ends_fulfilled_given_up_or_as_agreed_on(silent, kind, missed):
    walks = list(orders_of_steps())
    # 6! orders, half of them for the deposit, a sixth of those for the balance.
    assert len(walks) == 60
    outcomes = {}
    for steps in walks:
        walk = walked(kind(silent), steps)
        outcomes[steps] = walk.outcome()
        assert outcomes[steps] in (FULFILLED, GIVEN_UP, missed), steps
        settling = walk.order.payments.filter(settles_order=True).values_list("part", flat=True)
        assert len(set(settling)) == len(settling) <= 2, steps
        at = {step: steps.index(step) for step in STEPS}
        if at["window ends"] < at["wechat pays"]:
            assert outcomes[steps] == GIVEN_UP, steps
        elif at["wechat tells"] < at["balance opens"] and at["alipay pays"] < at["window ends"]:
            assert outcomes[steps] == FULFILLED, steps
    assert set(outcomes.values()) == {FULFILLED, GIVEN_UP, missed}
    assert_lawful()


LATE = ("wechat pays", "wechat tells", "balance opens", "window ends", "alipay pays", "alipay tells")


def test_control_without_giving_back_a_late_balance_is_kept_for_nothing(silent, monkeypatch):
    assert walked(DepositWalk(silent), LATE).outcome() == KEPT
    monkeypatch.setattr(confirmation, "refund_payment", lambda **given: None)
    assert walked(DepositWalk(silent), LATE).outcome() == (OrderStatus.CANCELLED, DEPOSIT, DEPOSIT + BALANCE)
