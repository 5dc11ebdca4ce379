"""What one task delivers: chains of facts, short calls at their end, and those who share a transaction."""

from datetime import UTC, datetime
from itertools import chain

import pytest
from django.db import connection, transaction

from shop.core import clock, outbox
from shop.core.events import Fact, subscribe
from shop.core.models import Alert, OutboxEntry
from tests.concurrency.racing import run_together

NOW = datetime(2026, 5, 1, tzinfo=UTC)

heard: list[tuple[str, int]] = []
failing: set[int] = set()


@pytest.fixture(autouse=True)
def _fresh():
    heard.clear()
    failing.clear()


def entries(kettle):
    return {each.subscriber.rsplit(".", 1)[1]: each for each in OutboxEntry.objects.filter(payload__kettle=kettle)}


class TeaReady(Fact):
    kettle: int


class TeaPoured(Fact):
    kettle: int


@subscribe(TeaReady)
def pour(fact: TeaReady) -> None:
    outbox.publish(TeaPoured(kettle=fact.kettle))


@subscribe(TeaPoured)
def drink(fact: TeaPoured) -> None:
    heard.append(("drink", fact.kettle))


@subscribe(TeaPoured, in_transaction=False)
def tell_the_neighbours(fact: TeaPoured) -> None:
    heard.append(("neighbours", fact.kettle))


def make_ready(kettle):
    with transaction.atomic():
        outbox.publish(TeaReady(kettle=kettle))


@pytest.mark.django_db(transaction=True)
def test_what_a_delivery_publishes_is_delivered_by_the_same_task_but_for_the_network(sent):
    make_ready(11)
    (first,) = sent
    assert outbox.deliver_chain(groups=first) == 2
    assert heard == [("drink", 11)]
    neighbours = entries(11)["tell_the_neighbours"]
    assert sent[1:] == [[[neighbours.pk]]]
    assert neighbours.status == "pending"


@pytest.mark.django_db(transaction=True)
def test_a_chain_that_takes_long_leaves_the_rest_to_another_task(sent, monkeypatch):
    monkeypatch.setattr(outbox, "CHAIN_SECONDS", 0.0)
    make_ready(12)
    assert outbox.deliver_chain(groups=sent[0]) == 1
    assert heard == []
    assert sorted(sent[1]) == sorted([entries(12)[name].pk] for name in ("drink", "tell_the_neighbours"))


@pytest.mark.django_db(transaction=True)
def test_outside_a_chain_every_fact_is_handed_over(sent):
    make_ready(13)
    assert outbox.deliver(entry_ids=chain.from_iterable(sent[0])) == 1
    assert heard == []
    assert len(sent[1]) == 2


class CupFilled(Fact):
    cup: int


class CupServed(Fact):
    cup: int


@subscribe(CupFilled)
def serve(fact: CupFilled) -> None:
    outbox.publish(CupServed(cup=fact.cup))


@subscribe(CupServed, in_transaction=False, soon=True)
def ring(fact: CupServed) -> None:
    assert not connection.in_atomic_block
    heard.append(("ring", fact.cup))


@subscribe(CupServed)
def sip(fact: CupServed) -> None:
    heard.append(("sip", fact.cup))


@pytest.mark.django_db(transaction=True)
def test_a_short_call_comes_last_in_the_task_that_published_it(sent):
    with transaction.atomic():
        outbox.publish(CupFilled(cup=1))
    assert outbox.deliver_chain(groups=sent[0]) == 3
    assert heard == [("sip", 1), ("ring", 1)]
    assert len(sent) == 1


@pytest.mark.django_db(transaction=True)
def test_short_calls_are_left_to_another_task_when_the_chain_has_taken_long(sent, monkeypatch):
    with transaction.atomic():
        outbox.publish(CupFilled(cup=2))
    # There is time while both are handed over, and none when the call's turn has come.
    time_left = iter([True, True, False])
    monkeypatch.setattr(outbox._Chain, "takes_more", lambda chain: next(time_left))
    assert outbox.deliver_chain(groups=sent[0]) == 2
    assert heard == [("sip", 2)]
    call = OutboxEntry.objects.get(fact="CupServed", status="pending")
    assert sent[1:] == [[[call.pk]]]


class TableLaid(Fact):
    table: int


@subscribe(TableLaid, turn=1)
def sit_down(fact: TableLaid) -> None:
    Alert.objects.create(cause=f"sat:{fact.table}", message=str(_transaction()), raised_at=NOW)
    heard.append(("sat", fact.table))


@subscribe(TableLaid, turn=0)
def light_the_candles(fact: TableLaid) -> None:
    Alert.objects.create(cause=f"lit:{fact.table}", message=str(_transaction()), raised_at=NOW)
    heard.append(("lit", fact.table))
    if fact.table in failing:
        raise RuntimeError("no matches")
    outbox.publish(TeaReady(kettle=fact.table))


@subscribe(TableLaid)
def ring_the_bell(fact: TableLaid) -> None:
    Alert.objects.create(cause=f"rung:{fact.table}", message=str(_transaction()), raised_at=NOW)


def _transaction() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT txid_current()")
        return cursor.fetchone()[0]


def lay(table):
    with transaction.atomic():
        outbox.publish(TableLaid(table=table))


def laid(table):
    return {each.subscriber.rsplit(".", 1)[1]: each for each in OutboxEntry.objects.filter(payload__table=table)}


def done_in(table):
    """The transaction of each of the table's alerts."""
    alerts = Alert.objects.filter(cause__endswith=f":{table}")
    return {each.cause.split(":")[0]: each.message for each in alerts}


@pytest.mark.django_db(transaction=True)
def test_those_with_a_turn_share_a_transaction_in_the_order_of_their_turns(sent):
    lay(20)
    ids = {name: each.pk for name, each in laid(20).items()}
    assert sorted(sent[0]) == sorted([[ids["sit_down"], ids["light_the_candles"]], [ids["ring_the_bell"]]])
    # With the tea that lighting the candles makes ready, which is poured and drunk.
    assert outbox.deliver_chain(groups=sent[0]) == 5
    assert heard == [("lit", 20), ("sat", 20), ("drink", 20)]
    done = done_in(20)
    assert done["lit"] == done["sat"] != done["rung"]
    assert {(each.status, each.attempts) for each in laid(20).values()} == {("done", 1)}
    assert outbox.deliver_chain(groups=sent[0]) == 0


@pytest.mark.django_db(transaction=True)
def test_one_that_fails_holds_up_none_with_whom_it_shared_a_transaction(sent):
    failing.add(21)
    lay(21)
    assert outbox.deliver_chain(groups=sent[0]) == 2
    # Once together, undone, and once each by itself.
    assert heard == [("lit", 21), ("sat", 21), ("lit", 21)]
    assert set(done_in(21)) == {"sat", "rung"}
    rows = laid(21)
    assert (rows["light_the_candles"].status, rows["light_the_candles"].attempts) == ("pending", 1)
    assert "no matches" in rows["light_the_candles"].last_error
    assert (rows["sit_down"].status, rows["sit_down"].attempts) == ("done", 1)
    assert not OutboxEntry.objects.filter(fact="TeaReady").exists()
    failing.clear()
    OutboxEntry.objects.filter(pk=rows["light_the_candles"].pk).update(due_at=NOW)
    assert outbox.deliver_due(now=clock.now()) == 1
    assert set(done_in(21)) == {"lit", "sat", "rung"}


@pytest.mark.django_db(transaction=True)
def test_a_group_delivers_what_is_left_of_it(sent):
    lay(22)
    assert outbox.deliver(entry_ids=[laid(22)["light_the_candles"].pk]) == 1
    group = next(each for each in sent[0] if len(each) == 2)
    assert outbox.deliver_chain(groups=[group]) == 1
    assert heard == [("lit", 22), ("sat", 22)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("guarded", "times"), [(True, 1), (False, 8)])
def test_parallel_workers_deliver_a_group_once(sent, guarded, times):
    lay(23)
    group = next(each for each in sent[0] if len(each) == 2)

    def unguarded():
        heard.append(("sat", 23))

    run_together(*[(lambda: outbox.deliver_chain(groups=[group])) if guarded else unguarded] * 8)
    assert heard.count(("sat", 23)) == times


def test_nobody_who_talks_to_the_network_has_a_turn():
    with pytest.raises(ValueError, match="network"):
        subscribe(TableLaid, in_transaction=False, turn=3)


class LeavesPicked(Fact):
    garden: int


@subscribe(LeavesPicked, in_transaction=False, queue="long")
def dry_for_days(fact: LeavesPicked) -> None:
    heard.append(("dry", fact.garden))


@subscribe(LeavesPicked)
def weigh(fact: LeavesPicked) -> None:
    heard.append(("weigh", fact.garden))


@pytest.mark.django_db(transaction=True)
def test_who_works_on_for_long_is_handed_over_to_workers_of_another_queue(monkeypatch):
    told = []
    monkeypatch.setattr(outbox.current_app, "send_task", lambda *_task, queue, **_more: told.append(queue))
    with transaction.atomic():
        outbox.publish(LeavesPicked(garden=1))
    assert sorted(told, key=str) == [None, "long"]
