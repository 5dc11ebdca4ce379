import pytest
from django.db import connection, transaction

from shop.core.prepared import Prepared

ADD = Prepared("add", "SELECT %s::int + %s::int")
TWICE = Prepared("twice", "SELECT %(more)s::int + %(some)s::int + %(some)s::int, '5 %%'")
NOTHING = Prepared("nothing", "SELECT set_config('lantern.nothing', '', true)")
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
