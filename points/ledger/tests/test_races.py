"""Many at once on one account, each race with a control whose guard is off; and a sweeper that is killed."""

import os
import signal
import subprocess
import sys
import time

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from members.identity.tests.factories import MemberFactory
from points.ledger import locks
from points.ledger.errors import InsufficientPoints
from points.ledger.models import PointAccount, PointTransaction
from points.ledger.services import claw_back, grant, hold, reverse, settle_due, spend, transfer
from points.ledger.tests.making import DAY, NOON, balance, give, violations
from shop.core.prepared import Prepared
from shop.core.transactions import use_case
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 64
PARALLEL = 16


def together(*actions):
    """In waves, since each needs a connection of its own."""
    return [
        answer
        for first in range(0, len(actions), PARALLEL)
        for answer in run_together(*actions[first : first + PARALLEL])
    ]


def use(member, points, reference):
    with transaction.atomic():
        return spend(reference=reference, member_id=member.pk, points=points, source="order", now=NOON).points


@pytest.fixture
def unlocked(monkeypatch):
    """Takes the lock away, and gives everybody time to read before somebody writes."""

    def bare(statement, guard):
        return f"SELECT found.* FROM ({statement.replace(guard, '')}) AS found CROSS JOIN pg_sleep(0.05)"

    def take_away():
        monkeypatch.setattr(locks, "_LOCK", Prepared("unlocked", bare(locks._LOCK.sql, "FOR NO KEY UPDATE")))
        monkeypatch.setattr(locks, "_LOCK_DUE", bare(locks._LOCK_DUE, "FOR NO KEY UPDATE SKIP LOCKED"))

    return take_away


@pytest.mark.parametrize("guarded", [True, False])
def test_64_spends_take_each_point_once(member, guarded, unlocked):
    for _ in range(4):
        give(member, 50)
    if not guarded:
        unlocked()
    answers = together(*[lambda n=n: use(member, 5, f"order:{n}") for n in range(MANY)])
    refused = [answer for answer in answers if isinstance(answer, InsufficientPoints)]
    exact = (answers.count(-5), len(refused)) == (40, 24)
    if not guarded:
        assert not exact
        return
    assert exact
    assert (balance(member), violations()) == ((0, 0, 0, 0), {})


@pytest.mark.parametrize("guarded", [True, False])
def test_64_of_everything_on_one_account_are_exact_and_nobody_deadlocks(member, guarded, unlocked):
    """Spends, gifts there and back, expiries, refunds and clawbacks; the sums are those of the answers."""
    friend = MemberFactory.create()
    for each in (member, friend):
        give(each, 300)
        for _ in range(4):
            give(each, 25, expires_at=NOON + DAY)
    give(member, 100, reference="grant")
    later = NOON + DAY

    @use_case
    def set_aside(giver, number):
        hold(reference=f"hold:{number}", member_id=giver.pk, points=5, now=later)

    @use_case
    def accept(receiver, number):
        transfer(hold_reference=f"hold:{number}", reference=f"gift:{number}", to_member_id=receiver.pk, now=later)

    def gift(giver, receiver, number):
        set_aside(giver, number)
        accept(receiver, number)

    @use_case
    def buy(number):
        spend(reference=f"order:{number}", member_id=member.pk, points=5, source="order", now=later)
        reverse(of=f"order:{number}", reference=f"refund:{number}", points=2, now=later)

    @use_case
    def take_back(number):
        claw_back(of="grant", reference=f"back:{number}", points=5, now=later)

    actions = []
    for number in range(MANY // 4):
        actions += [
            lambda n=number: buy(n),
            lambda n=number: gift(*((member, friend) if n % 2 else (friend, member)), n),
            lambda n=number: take_back(n),
            lambda: settle_due(now=later),
        ]
    if not guarded:
        unlocked()
    answers = together(*actions)
    failed = [answer for answer in answers if isinstance(answer, Exception)]
    # 400 that live, 16 purchases of 3 net, 8 gifts each way of 5, 16 times 5 taken back; 100 have expired on each side.
    expected = (400 - 48 - 80, 0, 0, 0)
    if not guarded:
        assert failed or balance(member, now=later) != expected
        return
    assert failed == []
    assert balance(member, now=later) == expected
    assert balance(friend, now=later) == (300, 0, 0, 0)
    assert PointTransaction.objects.filter(kind="expire").count() == 2
    assert violations() == {}


@pytest.mark.parametrize("opens", [True, False])
def test_the_first_points_of_a_member_are_locked_too(member, opens, monkeypatch):
    if not opens:
        monkeypatch.setattr(locks, "_OPEN", "SELECT %s::bigint[]")

    def first(number):
        with transaction.atomic():
            return grant(
                reference=f"g:{number}", member_id=member.pk, points=1, source="x", now=NOON, matures_at=NOON
            ).points

    answers = together(*[lambda n=n: first(n) for n in range(PARALLEL)])
    assert (answers == [1] * PARALLEL) is opens
    assert balance(member) == ((PARALLEL, 0, 0, 0) if opens else (0, 0, 0, 0))


@pytest.mark.parametrize("unique", [True, False])
def test_one_grant_told_16_times_at_once_is_one(member, unique):
    answers = together(*[lambda n=n: give(member, 10, reference="g" if unique else f"g:{n}") for n in range(PARALLEL)])
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert (len({answer.pk for answer in answers}) == 1) is unique
    assert (balance(member) == (10, 0, 0, 0)) is unique


@pytest.mark.parametrize("guarded", [True, False])
def test_two_sweepers_expire_each_lot_once(member, guarded, unlocked):
    members = [member, *MemberFactory.create_batch(7)]
    for each in members:
        give(each, 10, expires_at=NOON + DAY)
    if not guarded:
        unlocked()
    answers = together(*[lambda: settle_due(now=NOON + DAY, batch_size=2)] * 4)
    failed = [answer for answer in answers if isinstance(answer, Exception)]
    if not guarded:
        assert {type(answer) for answer in failed} == {IntegrityError}
        return
    assert failed == []
    assert sum(answer["expired"] for answer in answers) == 8
    assert violations() == {}


def test_the_sweeper_leaves_alone_whom_somebody_else_is_working_on(member, other):
    for each in (member, other):
        give(each, 10, expires_at=NOON + DAY)
    with transaction.atomic():
        locks.lock_account(member_id=member.pk)
        [seen] = run_together(lambda: settle_due(now=NOON + DAY))
    assert seen == {"matured": 0, "expired": 1}
    assert settle_due(now=NOON + DAY) == {"matured": 0, "expired": 1}


def test_a_killed_sweeper_loses_nothing_and_doubles_nothing():
    """R10: kill -9 in the middle of a night; the next run ends as one that was never disturbed."""
    for each in MemberFactory.create_batch(60):
        give(each, 10, expires_at=NOON + DAY)
        give(each, 7, matures_at=NOON + DAY)
    night = NOON + DAY
    start_and_kill(night, once=lambda: expired() > 5)
    assert 5 < expired() < 60
    assert violations() == {}
    settle_due(now=night)
    assert set(PointAccount.objects.values_list("available", "pending")) == {(7, 0)}
    assert expired() == 60
    assert violations() == {}


def expired():
    return PointTransaction.objects.filter(kind="expire").count()


def start_and_kill(night, *, once):
    """A sweeper of batches of one in a process of its own, killed as hard as can be `once` something is so."""
    sweep = f"settle_due(now=datetime.fromisoformat({night.isoformat()!r}), batch_size=1)"
    code = f"from datetime import datetime; from points.ledger.services import settle_due; {sweep}"
    url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**connection.settings_dict)
    sweeper = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", code],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "shop.settings.test"},
    )
    try:
        while not once():
            assert sweeper.poll() is None
            time.sleep(0.002)
    finally:
        sweeper.send_signal(signal.SIGKILL)
        sweeper.wait()
