"""Several prepared statements asked in one round trip, by a request that knows beforehand what it will ask.

    with read_together(ask_address(...), ask_buyer(...)):
        ...  # whoever runs one of these statements with these parameters has its rows at once

All of it is read at one moment, and stays as it was then until the block ends: for what only reads, never for what
decides under a lock.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import orjson
from django.db import connection

from shop.core.prepared import AHEAD, Prepared, Question

# Types whose values are the same in JSON as in Postgres: booleans, whole numbers, floats, text, and arrays of numbers
# and text.
_PLAIN = {16, 20, 21, 23, 25, 701, 1043, 1005, 1007, 1009, 1015, 1016}


@contextmanager
def read_together(*questions: Question) -> Iterator[None]:
    """Raises TypeError for a statement that answers instants, decimals or other things that JSON does not know."""
    token = AHEAD.set({**AHEAD.get(), **_read(questions)})
    try:
        yield
    finally:
        AHEAD.reset(token)


def _read(questions: Sequence[Question]) -> dict[str, tuple[list[Any], list[tuple[Any, ...]]]]:
    asked = [each.statement.values(each.parameters) for each in questions]
    given = {
        f"{place}_{key}": value
        for place, (question, values) in enumerate(zip(questions, asked, strict=True))
        for key, value in zip(question.statement.keys, values, strict=True)
    }
    [answers] = _combined(tuple(each.statement for each in questions)).run(given)
    return {
        question.statement.name: (values, list(map(tuple, orjson.loads(answer or "[]"))))
        for question, values, answer in zip(questions, asked, answers, strict=True)
    }


@cache
def _combined(parts: tuple[Prepared, ...]) -> Prepared:
    """One row, with the rows of each part as a JSON array."""
    columns = []
    for place, part in enumerate(parts):
        sql = part.renamed(f"{place}_")
        names = ", ".join(f"c{number}" for number in range(_width(part)))
        columns.append(f"(SELECT json_agg(json_build_array({names}))::text FROM ({sql}) AS r({names}))")
    return Prepared("together", f"SELECT {', '.join(columns)}")


def _width(part: Prepared) -> int:
    with connection.cursor() as cursor:
        nothing = {f"_{key}": None for key in part.keys}
        cursor.execute(f"SELECT * FROM ({part.renamed('_')}) AS r LIMIT 0", nothing)
        found = cursor.description or ()
    strange = [column.name for column in found if column.type_code not in _PLAIN]
    if strange:
        raise TypeError(f"{part.name} answers what JSON does not know: {', '.join(strange)}")
    return len(found)
