import pytest
from django.db import OperationalError, ProgrammingError, connection, connections, transaction

from shop.core.prepared import Prepared

ADD = Prepared("add", "SELECT %s::int + %s::int")
TWICE = Prepared("twice", "SELECT %(more)s::int + %(some)s::int + %(some)s::int, '5 %%'")
NOTHING = Prepared("nothing", "SELECT set_config('lantern.nothing', '', true)")
ASTRAY = Prepared("astray", "SELECT 1 FROM nowhere")
LATE = Prepared("late", "SELECT 1")
LIST = Prepared("list", "SELECT %s::bigint[]")
pytestmark = pytest.mark.django_db(transaction=True)


def prepared():
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_prepared_statements")
        return [name for (name,) in cursor.fetchall()]


@pytest.mark.parametrize("on", [True, False])
def test_a_statement_gives_its_rows_prepared_or_not(settings, on):
    settings.PREPARED_STATEMENTS = on
    assert ADD.run([2, 3]) == ADD.run((3, 2)) == [(5,)]
    assert TWICE.run({"some": 10, "more": 1}) == [(21, "5 %")]
    assert NOTHING.run() == [("",)]
    assert (ADD.name in prepared()) is on


def test_it_is_prepared_once_a_connection_and_anew_on_the_next(django_assert_num_queries):
    connection.close()
    with django_assert_num_queries(2):
        ADD.run([1, 1])
        ADD.run([1, 1])
    assert prepared().count(ADD.name) == 1
    connection.close()
    assert ADD.name not in prepared()
    assert ADD.run([1, 1]) == [(2,)]


def test_it_survives_a_transaction_that_is_undone():
    connection.close()
    with transaction.atomic():
        ADD.run([1, 1])
        transaction.set_rollback(True)
    assert ADD.run([1, 2]) == [(3,)]
    assert ADD.row([1, 2]) == (3,)


def test_what_goes_wrong_while_it_is_prepared_is_told_as_of_any_statement():
    connection.close()
    with pytest.raises(ProgrammingError):
        ASTRAY.run()
    assert connection.errors_occurred
    connection.close_if_unusable_or_obsolete()
    assert ADD.run([1, 2]) == [(3,)]


def test_a_connection_that_was_cut_is_closed_and_not_kept():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    other.close()
    with pytest.raises(OperationalError):
        LATE.run()
    connection.close_if_unusable_or_obsolete()
    assert connection.connection is None
    assert LATE.run() == [(1,)]


@pytest.mark.parametrize("on", [True, False])
@pytest.mark.parametrize("given", [[], [7], [2**62, -3], [1, None], None])
def test_lists_are_the_arrays_that_they_say(settings, on, given):
    settings.PREPARED_STATEMENTS = on
    assert LIST.run([given]) == [(given,)]
