"""Statements asked together answer what each of them answers by itself, and go on asking where the block ends."""

import pytest

from shop.core.prepared import Prepared, Question
from shop.core.together import read_together

NUMBERS = Prepared(
    "numbers",
    """
SELECT n, n * %(by)s::int, n > 1, nullif(n, 2), n::text || ' "%%" 元', n / 4.0::float8, ARRAY[n, n::bigint], ARRAY['a']
FROM unnest(%(numbers)s::bigint[]) AS n ORDER BY n DESC
""",
)
NAMED = Prepared("named", "SELECT %s::text, count(*) FROM unnest(%s::int[]) AS each")
NOW = Prepared("at", "SELECT 1, now()")
pytestmark = pytest.mark.django_db(transaction=True)
ASKED = {"numbers": [1, 2, 3], "by": 10}
ROWS = [
    (3, 30, True, 3, '3 "%" 元', 0.75, [3, 3], ["a"]),
    (2, 20, True, None, '2 "%" 元', 0.5, [2, 2], ["a"]),
    (1, 10, False, 1, '1 "%" 元', 0.25, [1, 1], ["a"]),
]


@pytest.fixture(autouse=True)
def known():
    """What the columns are is asked once in a process."""
    with read_together(Question(NUMBERS, ASKED), Question(NAMED, ["", []])):
        pass


@pytest.mark.parametrize("on", [True, False])
def test_rows_are_the_same_read_together_or_each_by_itself(settings, django_assert_num_queries, on):
    settings.PREPARED_STATEMENTS = on
    assert (NUMBERS.run(ASKED), NAMED.run(["%s", [5, 6]])) == (ROWS, [("%s", 2)])
    with django_assert_num_queries(1), read_together(Question(NUMBERS, ASKED), Question(NAMED, ["%s", [5, 6]])):
        assert NUMBERS.run({"by": 10, "numbers": [1, 2, 3]}) == NUMBERS.run(ASKED) == ROWS
        assert NAMED.row(("%s", [5, 6])) == ("%s", 2)


def test_what_is_asked_otherwise_or_afterwards_is_asked_by_itself(django_assert_num_queries):
    with read_together(Question(NUMBERS, ASKED)):
        with django_assert_num_queries(1):
            assert [row[1] for row in NUMBERS.run({**ASKED, "by": 2})] == [6, 4, 2]
        with read_together(Question(NAMED, ["x", []])), django_assert_num_queries(0):
            assert (NAMED.row(["x", []]), len(NUMBERS.run(ASKED))) == (("x", 0), 3)
        with django_assert_num_queries(1):
            NAMED.run(["x", []])
    with django_assert_num_queries(1):
        assert NUMBERS.run(ASKED) == ROWS


def test_where_there_is_nothing_nothing_is_answered():
    nothing = {"numbers": [], "by": 1}
    with read_together(Question(NUMBERS, nothing)):
        assert NUMBERS.run(nothing) == []
        assert NUMBERS.row(nothing) is None


def test_what_goes_wrong_leaves_nothing_read_ahead(django_assert_num_queries):
    with pytest.raises(KeyError), read_together(Question(NUMBERS, ASKED)):
        raise KeyError
    with django_assert_num_queries(1):
        NUMBERS.run(ASKED)


def test_instants_cannot_be_read_together():
    with pytest.raises(TypeError, match="now"), read_together(Question(NOW, [])):
        pass
