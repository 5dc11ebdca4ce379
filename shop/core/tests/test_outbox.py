import socket
import time
from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest
from celery import Celery, current_app
from django.db import connection, transaction

from shop.core import clock, outbox
from shop.core.events import Fact, subscribe
from shop.core.models import Alert, OutboxEntry
from tests.concurrency.racing import run_together

NOW = datetime(2026, 5, 1, tzinfo=UTC)


class KettleBoiled(Fact):
    kettle: int
    at: datetime


heard: list[tuple[str, int]] = []
failing: set[int] = set()
slow: set[int] = set()


@subscribe(KettleBoiled)
def make_tea(fact: KettleBoiled) -> None:
    Alert.objects.create(cause=f"tea:{fact.kettle}", message="tea", raised_at=fact.at)
    if fact.kettle in failing:
        raise RuntimeError("no tea left")


@subscribe(KettleBoiled, in_transaction=False)
def call_guests(fact: KettleBoiled) -> None:
    assert not connection.in_atomic_block
    if fact.kettle in slow:
        time.sleep(0.4)
    heard.append(("guests", fact.kettle))


@subscribe(KettleBoiled, only=lambda fact: fact.kettle > 900)
def polish(fact: KettleBoiled) -> None:
    heard.append(("polish", fact.kettle))


@pytest.fixture(autouse=True)
def _fresh():
    heard.clear()
    failing.clear()
    slow.clear()


def boil(kettle):
    with transaction.atomic():
        outbox.publish(KettleBoiled(kettle=kettle, at=NOW))


def entries(kettle):
    return {each.subscriber.rsplit(".", 1)[1]: each for each in OutboxEntry.objects.filter(payload__kettle=kettle)}


@pytest.mark.django_db
def test_a_fact_is_written_down_only_for_those_who_want_it():
    boil(900)
    boil(901)
    assert set(entries(900)) == {"make_tea", "call_guests"}
    assert set(entries(901)) == {"make_tea", "call_guests", "polish"}


@pytest.mark.django_db(transaction=True)
def test_each_subscriber_gets_the_fact_once_however_often_it_is_delivered():
    boil(1)
    ids = [each.pk for each in entries(1).values()]
    assert len(ids) == 2
    assert outbox.deliver(entry_ids=ids) == 2
    assert outbox.deliver(entry_ids=ids) == 0
    assert heard == [("guests", 1)]
    assert Alert.objects.filter(cause="tea:1").count() == 1
    assert {each.status for each in entries(1).values()} == {"done"}


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_fact_never_happened():
    with transaction.atomic():
        outbox.publish(KettleBoiled(kettle=2, at=NOW))
        transaction.set_rollback(True)
    assert entries(2) == {}


@pytest.mark.django_db(transaction=True)
def test_publishing_outside_a_transaction_is_an_error():
    with pytest.raises(RuntimeError, match="inside the transaction"):
        outbox.publish(KettleBoiled(kettle=3, at=NOW))


@pytest.mark.django_db(transaction=True)
def test_a_failing_subscriber_leaves_nothing_half_done_and_does_not_hold_up_the_other():
    failing.add(4)
    boil(4)
    assert outbox.deliver(entry_ids=[each.pk for each in entries(4).values()]) == 1
    tea = entries(4)["make_tea"]
    assert (tea.status, tea.attempts) == ("pending", 1)
    assert "no tea left" in tea.last_error
    assert tea.due_at > clock.now()
    assert not Alert.objects.filter(cause="tea:4").exists()
    assert heard == [("guests", 4)]


@pytest.mark.django_db(transaction=True)
def test_a_fact_that_keeps_failing_is_parked_and_can_be_retried():
    failing.add(5)
    boil(5)
    tea = entries(5)["make_tea"]
    for _ in range(outbox.MAX_ATTEMPTS):
        outbox.deliver(entry_ids=[tea.pk])
    assert entries(5)["make_tea"].status == "parked"
    failing.clear()
    assert outbox.deliver(entry_ids=[tea.pk]) == 0
    assert outbox.retry(entry_ids=[tea.pk], now=NOW) == 1
    assert outbox.deliver_due(now=clock.now()) == 1
    assert entries(5)["make_tea"].status == "done"


@pytest.mark.django_db(transaction=True)
def test_the_sweep_takes_only_what_the_hand_over_missed():
    boil(6)
    assert outbox.deliver_due(now=clock.now()) == 0
    assert outbox.deliver_due(now=clock.now() + outbox.HAND_OVER_GRACE + timedelta(seconds=1)) == 2


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_a_broker_that_is_away(monkeypatch, caplog):
    away = Celery("away", broker="redis://127.0.0.1:1/0", set_as_current=False)
    away.conf.broker_transport_options = current_app.conf.broker_transport_options
    away.conf.task_publish_retry = current_app.conf.task_publish_retry
    monkeypatch.setattr(outbox, "current_app", away)
    outbox._publishers.cache_clear()
    monkeypatch.setattr(outbox, "_broker_away_until", 0.0)
    started = time.monotonic()
    for kettle in range(100, 120):
        boil(kettle)
    # Twenty commits; a single patient try to connect would take six seconds.
    assert time.monotonic() - started < 4
    assert caplog.text.count("outbox_hand_over_failed") == 1
    assert OutboxEntry.objects.filter(payload__kettle__gte=100).count() == 40
    assert outbox.deliver_due(now=clock.now() + outbox.HAND_OVER_GRACE + timedelta(seconds=1)) == 40
    outbox._publishers.cache_clear()


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_long_for_a_broker_that_hangs(monkeypatch, caplog):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hanging = Celery("hanging", broker=f"redis://127.0.0.1:{silent.getsockname()[1]}/0", set_as_current=False)
        hanging.conf.broker_transport_options = current_app.conf.broker_transport_options
        hanging.conf.task_publish_retry = current_app.conf.task_publish_retry
        monkeypatch.setattr(outbox, "current_app", hanging)
        monkeypatch.setattr(outbox, "_broker_away_until", 0.0)
        outbox._publishers.cache_clear()
        started = time.monotonic()
        boil(200)
        # A worker would listen for thirty seconds.
        assert time.monotonic() - started < 10
        assert caplog.text.count("outbox_hand_over_failed") == 1
    outbox._publishers.cache_clear()


@pytest.mark.django_db(transaction=True)
def test_an_unknown_subscriber_is_kept_and_said():
    with transaction.atomic():
        outbox.publish(KettleBoiled(kettle=8, at=NOW))
    tea = entries(8)["make_tea"]
    OutboxEntry.objects.filter(pk=tea.pk).update(subscriber="gone.away.make_tea")
    assert outbox.deliver(entry_ids=[tea.pk]) == 0
    tea.refresh_from_db()
    assert (tea.status, "gone.away" in tea.last_error) == ("pending", True)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("guarded", "times"), [(True, 1), (False, 8)])
def test_parallel_workers_deliver_once(guarded, times):
    boil(9)
    guests = entries(9)["call_guests"]

    def unguarded():
        call_guests(KettleBoiled(kettle=9, at=NOW))

    run_together(*[(lambda: outbox.deliver(entry_ids=[guests.pk])) if guarded else unguarded] * 8)
    assert heard.count(("guests", 9)) == times


@pytest.mark.django_db(transaction=True)
def test_the_row_of_a_killed_worker_comes_back_when_its_lease_ends():
    boil(10)
    guests = entries(10)["call_guests"]
    OutboxEntry.objects.filter(pk=guests.pk).update(
        leased_until=clock.now() + outbox.LEASE, due_at=clock.now() + outbox.LEASE
    )
    assert outbox.deliver(entry_ids=[guests.pk]) == 0
    with clock.fixed(clock.now() + outbox.LEASE + timedelta(seconds=1)):
        assert outbox.deliver_due(now=clock.now()) == 2
    assert heard == [("guests", 10)]


@pytest.mark.django_db(transaction=True)
def test_a_mass_of_facts_is_left_to_the_sweep(sent):
    with transaction.atomic():
        outbox.publish(*(KettleBoiled(kettle=kettle, at=NOW) for kettle in range(300, 350)))
    assert [len(task) for task in sent] == [outbox.HANDED_OVER_AT_ONCE]
    with transaction.atomic():
        outbox.publish(*(KettleBoiled(kettle=kettle, at=NOW) for kettle in range(400, 451)))
    assert len(sent) == 1
    assert OutboxEntry.objects.filter(payload__kettle__gte=400).values("event_id").distinct().count() == 51
    assert OutboxEntry.objects.filter(payload__kettle__gte=400).count() == 102
    assert outbox.deliver(entry_ids=chain.from_iterable(sent[0])) == 100
    assert outbox.deliver_due(now=clock.now() + outbox.HAND_OVER_GRACE) == 102
    assert sorted(heard) == [("guests", kettle) for kettle in (*range(300, 350), *range(400, 451))]


@pytest.mark.django_db(transaction=True)
def test_a_sweep_ends_with_its_time_and_the_next_goes_on(sent, monkeypatch):
    boil(14)
    boil(15)
    late = clock.now() + outbox.HAND_OVER_GRACE
    slow.add(14)
    monkeypatch.setattr(outbox, "SWEEP_SECONDS", 0.3)
    assert outbox.deliver_due(now=late) == 2
    assert heard == [("guests", 14)]
    assert outbox.deliver_due(now=late) == 2
    assert heard == [("guests", 14), ("guests", 15)]
