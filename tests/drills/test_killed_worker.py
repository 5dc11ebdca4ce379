"""R10: a worker killed with -9 anywhere in what follows payments loses none of it and doubles none."""

import random

import pytest

from logistics.allocation.models import Allocation
from members.identity.tests.factories import MemberFactory
from members.notifications.models import Notification
from orders.after_sales.tests.making import deliver_facts, paid, stocked
from orders.checkout.facts import OrderPaid
from orders.checkout.models import Order
from points.rules.models import Earning
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock, outbox
from shop.core.events import receivers
from shop.core.invariants import violations
from shop.core.models import OutboxEntry
from tests.drills.processes import PATIENCE_SECONDS, Process

pytestmark = pytest.mark.django_db(transaction=True)
SEED, ORDERS, KILLS = 10, 8, 2
# Nearly all is done, and nothing is committed.
AT_THE_END = ("stock_record_sales", 1)


@pytest.fixture
def tea():
    sku = SkuFactory(price_fen=10_000, stock=0)
    stocked(sku, units=100)
    return sku


@pytest.fixture
def groups(tea, monkeypatch):
    """What the queue is given for so many paid orders."""
    handed_over: list[list[int]] = []
    monkeypatch.setattr(outbox, "_send", lambda groups, queue: handed_over.extend(groups))
    for _ in range(ORDERS):
        paid(MemberFactory(), (tea, 1))
    return handed_over


def worked(groups, statement="", time=0, *, naive=False):
    """How a worker ended that was given these groups."""
    task = f"work(groups={groups}, statement={statement!r}, time={time}, naive={naive})"
    shell = ["django", "shell", "-v", "0", "-c", f"from tests.drills.dying_worker import work; {task}"]
    worker = Process(shell, {})
    worker.start()
    try:
        return worker.process.wait(timeout=PATIENCE_SECONDS)
    finally:
        worker.kill()


def units_sold(tea):
    tea.product.refresh_from_db()
    return tea.product.sales


def test_what_follows_payments_happens_once_however_often_the_worker_is_killed(tea, groups):
    dice = random.Random(SEED)
    for moment in (AT_THE_END, *(("", dice.randint(1, 120)) for _ in range(KILLS))):
        assert worked(groups, *moment) == -9
    assert worked(groups) == 0
    deliver_facts()

    assert units_sold(tea) == ORDERS
    numbers = set(Order.objects.values_list("number", flat=True))
    for number in numbers:
        fact = OrderPaid(number=number, member_id=0, payable_fen=0, at=clock.now())
        entries = OutboxEntry.objects.filter(fact="OrderPaid", payload__number=number)
        assert sorted(entries.values_list("subscriber", flat=True)) == sorted(each.name for each in receivers(fact))
        # What a killed worker had begun was no attempt: nothing of it is left.
        assert set(entries.values_list("status", "attempts")) == {("done", 1)}
    assert sorted(Allocation.objects.values_list("request__order_number", flat=True)) == sorted(numbers)
    assert Earning.objects.count() == ORDERS
    assert Notification.objects.filter(event="order_paid").count() == ORDERS
    assert violations() == {}


def test_control_a_worker_that_says_it_is_done_afterwards_counts_sales_twice(tea, groups):
    in_order = [entry_id for group in groups for entry_id in group]
    counted = OutboxEntry.objects.filter(pk__in=in_order, subscriber__endswith=".record_sales").earliest("pk").pk
    assert worked(groups, "finish_outbox", in_order.index(counted) + 1, naive=True) == -9
    assert worked(groups) == 0
    assert units_sold(tea) == ORDERS + 1
