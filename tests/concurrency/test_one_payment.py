"""R3: a payment that twenty messages and five pollers tell of, and five workers follow up, has each effect once."""

from collections import Counter
from datetime import timedelta

import pytest

from logistics.allocation.models import FulfilmentRequest
from orders.after_sales.tests.making import deliver_facts, stocked
from orders.checkout.facts import OrderPaid
from orders.checkout.models import OrderStatus
from orders.checkout.tests.making import buyer, ordered
from orders.payments.services.confirmation import confirm_payment
from orders.payments.tests.factories import assert_lawful
from orders.payments.tests.test_confirming import GATEWAY, messages, opened, told
from points.ledger.models import PointTransaction
from points.rules.models import Earning
from promotions.distribution.models import Commission, CommissionEntry, Sale
from promotions.distribution.tests.making import balances, customer, distributor
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock, outbox
from shop.core.events import receivers
from shop.core.invariants import violations
from shop.core.models import OutboxEntry
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)
MESSAGES, POLLERS, WORKERS = 20, 5, 5


@pytest.mark.parametrize("method", ["wechat", "alipay"])
@pytest.mark.parametrize("told_again", [False, True])
def test_one_payment_has_each_of_its_effects_once(sandbox, monkeypatch, method, told_again):
    monkeypatch.setattr(outbox, "_send", lambda groups, queue: None)
    seller = distributor(rate_bp=500, now=clock.now() - timedelta(days=1))
    tea = SkuFactory(price_fen=10_000, stock=0)
    stocked(tea)
    order = ordered(buyer(customer(seller, now=clock.now())), (tea, 2))
    payment = opened(order, method=method)

    def poll():
        confirm_payment(transaction=told(payment), actor=GATEWAY, now=clock.now())

    answers = run_together(*[messages(sandbox, payment)] * MESSAGES, *[poll] * POLLERS)
    assert answers == [True] * MESSAGES + [None] * POLLERS
    fact = OrderPaid(number=order.number, member_id=order.member_id, payable_fen=order.payable_fen, at=clock.now())
    steps = Counter(each.name for each in receivers(fact))
    rows = OutboxEntry.objects.filter(fact="OrderPaid", payload__number=order.number)
    assert Counter(rows.values_list("subscriber", flat=True)) == steps

    run_together(*[deliver_facts] * WORKERS)
    if told_again:
        # As after a worker that was killed when all was done: every effect is guarded by a key of its own.
        rows.update(status="pending")
    deliver_facts()
    order.refresh_from_db()
    assert order.events.filter(status=OrderStatus.PAID).count() == 1
    assert set(rows.values_list("status", flat=True)) == {"done"}
    assert (Earning.objects.count(), Sale.objects.count(), Commission.objects.count()) == (1, 1, 1)
    assert PointTransaction.objects.filter(member_id=order.member_id).count() == 1
    # 5% of ¥200.
    assert (balances(seller), CommissionEntry.objects.count()) == ({"frozen": 1000}, 1)
    assert FulfilmentRequest.objects.filter(order_number=order.number).count() == 1
    assert_lawful()
    assert violations() == {}
