"""A kept connection is looked at before it is used: one that was cut is replaced, one that stands is asked nothing."""

import select

import pytest
from django.db import connection, connections
from django.db.backends.postgresql import base

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def asked(monkeypatch):
    """How often the server was asked whether it is there."""
    calls = []
    ask = base.DatabaseWrapper.is_usable
    monkeypatch.setattr(base.DatabaseWrapper, "is_usable", lambda self: calls.append(self) or ask(self))
    return calls


def pid():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def ask_other(sql, parameters):
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute(sql, parameters)
    other.close()


def next_request():
    """As at the beginning of a request, where connections are kept between them."""
    connection.health_check_enabled, connection.health_check_done = True, False


def wait_for_something_to_read():
    look = select.poll()
    look.register(connection.connection, select.POLLIN)
    assert look.poll(10_000)


def test_a_connection_that_was_in_use_a_moment_ago_is_kept_and_asked_nothing(asked):
    before = pid()
    next_request()
    pid()
    asked.clear()
    next_request()
    assert (pid(), asked) == (before, [])


def test_a_connection_that_was_idle_is_asked_because_the_network_may_have_lost_it(asked, monkeypatch):
    before = pid()
    next_request()
    pid()
    asked.clear()
    monkeypatch.setattr("shop.core.postgres.base.TRUSTED_SECONDS", 0.0)
    next_request()
    assert (pid(), len(asked)) == (before, 1)


def test_a_connection_that_was_cut_meanwhile_is_replaced_before_it_is_used(asked):
    before = pid()
    ask_other("SELECT pg_terminate_backend(%s, 5000)", [before])
    next_request()
    assert pid() != before
    assert asked


def test_what_waits_on_a_connection_that_stands_is_no_reason_to_leave_it(asked):
    before = pid()
    with connection.cursor() as cursor:
        cursor.execute("LISTEN told")
    ask_other("SELECT pg_notify(%s, %s)", ["told", "something"])
    wait_for_something_to_read()
    next_request()
    assert pid() == before
    assert len(asked) == 1


def test_a_closed_connection_is_of_no_use():
    pid()
    connection.connection.close()
    assert connection.is_usable() is False
    connection.close()
    assert connection.is_usable() is False
