"""Teams under members who open, join, pay, leave and let the time pass at random, while the worker that ends teams and
delivers facts is killed with -9 again and again: every team ends, every paid order is sent or paid back, once, and
the money adds up. `TEAMS=500` in the environment makes it long (bench/README.md).
"""

import os
import random
import signal
import time
from contextlib import suppress
from datetime import timedelta
from threading import Event

import pytest
from django.db import connections
from django.db.models import Sum

from members.identity.tests.factories import AddressFactory, MemberFactory
from orders.after_sales.models import AfterSale
from orders.after_sales.tests.making import money_arrives, settle_payment, stocked
from orders.checkout.errors import OrderNotCancellable
from orders.checkout.models import Order, OrderStatus
from orders.checkout.offers import Item, Wish
from orders.checkout.services.placing import place_order
from orders.payments.models import Payment, Refund
from orders.payments.services.closing import close_unpaid_order, expire_unpaid_orders
from promotions.checkout.mechanism import ActivityAsk
from promotions.group_buy.models import Seat, Team, TeamStatus
from promotions.group_buy.services.ending import sweep_teams
from promotions.group_buy.tests.making import make_group_buy
from shop.catalog.models import SkuStock
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.actors import Actor
from shop.core.errors import DomainError, IllegalTransition
from shop.core.invariants import violations
from shop.core.models import OutboxEntry
from tests.concurrency.racing import run_together
from tests.drills import ending_teams
from tests.drills.processes import PATIENCE_SECONDS, Process

pytestmark = pytest.mark.django_db(transaction=True)
TEAMS = int(os.environ.get("TEAMS", "8"))
SEED, SIZE, CROWDS, KILLS = 5, 3, 2, max(4, TEAMS // 10)
STOCK = TEAMS * SIZE * 100
SHELL = ["django", "shell", "-v", "0", "-c"]


class Worker(Process):
    """A process that calls something of `ending_teams`, with all its children."""

    def __init__(self):
        super().__init__([], {})

    def begin(self, call):
        self.arguments = [*SHELL, f"from tests.drills import ending_teams; ending_teams.{call}"]
        self.start()


@pytest.fixture
def worker():
    process = Worker()
    yield process
    process.kill()


@pytest.fixture
def lives(worker, tmp_path):
    """The folder with a file for each life that has done something, named by its process."""
    worker.begin(f"live_again_and_again({str(tmp_path)!r})")
    until((tmp_path / ending_teams.READY).exists, "not started")
    return tmp_path


@pytest.fixture
def tea():
    sku = SkuFactory(price_fen=10_000, stock=0)
    stocked(sku, units=STOCK)
    return sku


class Crowd:
    """Members who meet the teams of a group buy at random; `seed` decides what they do."""

    def __init__(self, group, tea, members, seed):
        self.group, self.tea, self.members, self.dice = group, tea, members, random.Random(seed)
        self.unpaid = []

    def live(self, teams, enough):
        """Open so many teams, and more until it is `enough`, with everything that happens to them meanwhile; then
        nobody comes any more.
        """
        opened = 0
        while opened < teams or self.unpaid or not enough.is_set():
            deed = self.dice.choices((self.open, self.join, self.pay, self.leave, self.wait), (3, 8, 8, 1, 1))[0]
            if deed == self.open and opened >= teams and enough.is_set():
                continue
            opened += bool(deed())

    def open(self):
        return self._order(None)

    def join(self):
        waiting = list(Team.objects.filter(status=TeamStatus.OPEN).order_by("-pk").values_list("pk", flat=True)[:6])
        if waiting:
            self._order(self.dice.choice(waiting))

    def pay(self):
        """Who comes to pay when the order is closed is turned away at the counter: nothing was paid."""
        with suppress(IllegalTransition):
            if self.unpaid:
                settle_payment(self._somebody())

    def leave(self):
        with suppress(OrderNotCancellable):
            if self.unpaid:
                order = self._somebody()
                close_unpaid_order(number=order.number, actor=Actor.member(order.member_id), now=clock.now())

    def wait(self):
        """The time of some team is over, whoever is about to join it or to pay."""
        waiting = list(Team.objects.filter(status=TeamStatus.OPEN).values_list("pk", flat=True))
        if waiting:
            Team.objects.filter(pk=self.dice.choice(waiting)).update(due_at=clock.now() + timedelta(seconds=0.1))

    def _somebody(self):
        return self.unpaid.pop(self.dice.randrange(len(self.unpaid)))

    def _order(self, team_id):
        """Whether an order came about: teams may be full or over, or the member in them already."""
        ask = ActivityAsk("group_buy", self.group.pk, team_id)
        wish = Wish(self.dice.choice(self.members), (Item(self.tea.pk, 1),), activity=ask)
        with suppress(DomainError):
            order, _lines = place_order(wish=wish, expected_payable_fen=None, remark="", now=clock.now())
            self.unpaid.append(order)
            return True
        return False


def kill_again_and_again(lives, dice, enough):
    """Each life at any moment after it has ended a team or delivered something; returns how many."""
    killed = set()

    def at_work():
        return {path.name for path in lives.iterdir()} - {ending_teams.READY} - killed

    try:
        while len(killed) < KILLS:
            until(at_work, "no life that does anything")
            [life] = at_work()
            time.sleep(dice.uniform(0, 0.5))
            os.kill(int(life), signal.SIGKILL)
            killed.add(life)
    finally:
        enough.set()
    return len(killed)


def members():
    found = MemberFactory.create_batch(CROWDS * 6)
    for member in found:
        AddressFactory(member=member)
    return [member.pk for member in found]


def until(condition, what):
    for _ in range(PATIENCE_SECONDS * 50):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError(f"in {PATIENCE_SECONDS} s still {what}")


def come_to_rest():
    """Time passes for all teams and orders, and the gateway has paid back what it was asked for."""
    Team.objects.filter(status=TeamStatus.OPEN).update(due_at=clock.now())
    sweep_teams(now=clock.now())
    while ending_teams.deliver():
        pass
    expire_unpaid_orders(now=clock.now() + timedelta(days=1))
    for after_sale in AfterSale.objects.filter(status="refunding"):
        money_arrives(after_sale)
    while ending_teams.deliver():
        pass


def wrong_ends():
    """Orders that are neither sent nor paid back as their team ended."""
    wrong = []
    for seat in Seat.objects.exclude(paid_at=None).select_related("team"):
        order = Order.objects.get(number=seat.order_number)
        made_it = seat.status == "paid" and seat.team.status == TeamStatus.SUCCEEDED
        back_fen = Refund.objects.filter(payment__order=order, status="succeeded").aggregate(n=Sum("amount_fen"))["n"]
        told = (order.status, back_fen or 0)
        if told != ((OrderStatus.ALLOCATED, 0) if made_it else (OrderStatus.REFUNDED, order.paid_fen)):
            wrong.append((order.number, seat.status, seat.team.status, *told))
    return wrong


def test_every_team_ends_and_every_paid_order_is_sent_or_paid_back(tea, lives, worker):
    group, people = make_group_buy((tea, 7000, 6500), size=SIZE, hours=1), members()
    crowds = [Crowd(group, tea, people[n::CROWDS], SEED + n) for n in range(CROWDS)]
    enough = Event()
    answers = run_together(
        *[lambda crowd=crowd: crowd.live(TEAMS // CROWDS, enough) for crowd in crowds],
        lambda: kill_again_and_again(lives, random.Random(SEED), enough),
        patience_seconds=PATIENCE_SECONDS + 4 * TEAMS,
    )
    assert answers == [*[None] * CROWDS, KILLS]
    ended, told = Team.objects.filter(ending="time").count(), OutboxEntry.objects.filter(status="done").count()
    assert ended > 0
    assert told > KILLS
    worker.kill()
    connections.close_all()
    come_to_rest()
    assert wrong_ends() == []
    assert not Team.objects.filter(status=TeamStatus.OPEN).exists()
    statuses = set(Team.objects.values_list("status", flat=True))
    assert statuses >= {"succeeded", "failed"}, "the crowd was too tame: the drill proves little"
    sent = Order.objects.filter(status=OrderStatus.ALLOCATED)
    paid_fen = Payment.objects.filter(status="succeeded").aggregate(n=Sum("amount_fen"))["n"]
    kept_fen = sent.aggregate(n=Sum("paid_fen", default=0))["n"]
    assert paid_fen - Refund.objects.aggregate(n=Sum("amount_fen"))["n"] == kept_fen
    stock = SkuStock.objects.get(sku=tea)
    assert (stock.available, stock.reserved) == (STOCK - sent.count(), 0)
    assert violations() == {}


def test_control_a_shop_that_tells_of_the_end_afterwards_forgets_who_has_paid(tea, worker):
    crowd = Crowd(make_group_buy((tea, 7000), size=SIZE), tea, members(), SEED)
    assert crowd.open()
    settle_payment(crowd.unpaid.pop())
    Team.objects.update(due_at=clock.now())
    worker.begin("work_naively()")
    until(lambda: Team.objects.get().status == TeamStatus.FAILED, "not ended")
    worker.kill()
    come_to_rest()
    assert [end[2:] for end in wrong_ends()] == [("failed", "paid", 0)]
