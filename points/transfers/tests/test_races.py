"""Everybody answers at the same instant: a transfer ends once. Each race has a control whose guard is off."""

from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from members.identity.queries import active_member
from members.identity.tests.factories import MemberFactory
from points.ledger.models import PointTransaction
from points.ledger.queries import balance_of
from points.transfers.errors import TransferCapReached, TransferEnded
from points.transfers.models import Transfer
from points.transfers.services import (
    accept_transfer,
    cancel_transfer,
    decline_transfer,
    ending,
    giving,
    offer_points,
    return_due,
    withdraw_transfer,
)
from points.transfers.tests.making import give, offered
from shop.core.actors import Actor
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 3, 10, 4, tzinfo=UTC)
EVENING = NOW + timedelta(hours=23, minutes=59)
MANY = 64


def answers_to(transfer, sender, friend, count):
    """Accepted, declined, withdrawn and cancelled in turn, by as many as are wanted."""
    ways = (
        lambda: accept_transfer(transfer_id=transfer.pk, member_id=friend.pk, now=EVENING),
        lambda: decline_transfer(transfer_id=transfer.pk, member_id=friend.pk, now=EVENING),
        lambda: withdraw_transfer(transfer_id=transfer.pk, member_id=sender.pk, now=EVENING),
        lambda: cancel_transfer(transfer_id=transfer.pk, reason="x", actor=Actor.staff("clerk"), now=EVENING),
        lambda: return_due(now=EVENING + timedelta(minutes=1)),
    )
    return [ways[n % len(ways)] for n in range(count)]


def read_unlocked(monkeypatch, parties):
    """Take the locks away; everybody has read the transfer before anybody ends it."""
    barrier = Barrier(parties, timeout=30)

    def look(*, transfer_id):
        found = Transfer.objects.select_related("sender").get(pk=transfer_id)
        barrier.wait()
        return found

    monkeypatch.setattr(ending, "lock_transfer", look)
    monkeypatch.setattr(ending, "lock_active_member", active_member)


def test_of_all_who_answer_at_once_one_has_an_effect():
    sender, friend = MemberFactory(), MemberFactory()
    transfer = offered(sender, friend, now=NOW)
    answers = run_together(*answers_to(transfer, sender, friend, MANY))
    ended = [answer for answer in answers if isinstance(answer, Transfer) or answer == 1]
    refused = [answer for answer in answers if isinstance(answer, Exception)]
    assert len(ended) == 1
    assert {type(each) for each in refused} == {TransferEnded}
    status = Transfer.objects.get().status
    available = [balance_of(member_id=each.pk, now=EVENING).available for each in (sender, friend)]
    assert available == ([0, 100] if status == "accepted" else [100, 0])
    assert PointTransaction.objects.filter(kind__in=("release", "transfer_out")).count() == 1


@pytest.mark.parametrize("guarded", [True, False])
def test_of_those_who_give_it_back_at_once_one_does(guarded, monkeypatch):
    """Without the lock all three believe that they did, and whoever wrote last stands in the books."""
    sender, friend = MemberFactory(), MemberFactory()
    transfer = offered(sender, friend, now=NOW)
    if not guarded:
        read_unlocked(monkeypatch, 3)
    answers = run_together(*answers_to(transfer, sender, friend, 4)[1:])
    assert len([answer for answer in answers if isinstance(answer, Transfer)]) == (1 if guarded else 3)
    if guarded:
        assert {type(answer) for answer in answers if isinstance(answer, Exception)} == {TransferEnded}


@pytest.mark.parametrize("guarded", [True, False])
def test_offers_at_once_keep_to_the_cap_of_the_day(guarded, monkeypatch):
    sender, friend = MemberFactory(), MemberFactory()
    give(sender, 40_000, now=NOW)
    if not guarded:
        barrier = Barrier(8, timeout=30)
        asked = giving.room_to_give

        def ask(**about):
            found = asked(**about)
            barrier.wait()
            return found

        monkeypatch.setattr(giving, "lock_active_member", active_member)
        monkeypatch.setattr(giving, "room_to_give", ask)
    offers = [lambda: offer_points(member_id=sender.pk, phone=friend.phone, points=5000, now=NOW)] * 8
    answers = run_together(*offers)
    made = [answer for answer in answers if isinstance(answer, Transfer)]
    assert (len(made) == 2) is guarded
    if guarded:
        assert {type(each) for each in answers if isinstance(each, Exception)} == {TransferCapReached}
        assert balance_of(member_id=sender.pk, now=NOW).held == 10_000


@pytest.mark.parametrize("guarded", [True, False])
def test_gifts_accepted_at_once_keep_to_the_cap_of_the_month(guarded, monkeypatch):
    friend = MemberFactory()
    senders = [MemberFactory() for _ in range(4)]
    transfers = [offered(sender, friend, now=NOW) for sender in senders]
    monkeypatch.setattr(ending, "MOST_RECEIVED_PER_MONTH", type("Cap", (), {"value": staticmethod(lambda: 250)}))
    if not guarded:
        barrier = Barrier(4, timeout=30)
        asked = ending.received_this_month

        def ask(**about):
            found = asked(**about)
            barrier.wait()
            return found

        monkeypatch.setattr(ending, "lock_active_member", active_member)
        monkeypatch.setattr(ending, "received_this_month", ask)
    run_together(
        *[lambda pk=each.pk: accept_transfer(transfer_id=pk, member_id=friend.pk, now=NOW) for each in transfers]
    )
    available = balance_of(member_id=friend.pk, now=NOW).available
    assert (available == 200) is guarded
    assert (available == 400) is not guarded
