"""Statements that Postgres parses and plans once a connection: for the few that run several times in every order.

Written like any other, with `%s` or `%(name)s`. A parameter whose type its place does not tell needs a cast. Behind a
pooler that hands connections on between transactions `PREPARED_STATEMENTS=false` sends them unprepared.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import connection

_PARAMETER = re.compile(r"%(?:\((?P<name>\w+)\))?s(?P<cast>::\w+(?:\[\])?)?")
_known: "WeakKeyDictionary[Any, set[str]]" = WeakKeyDictionary()
_numbers = count(1)


class Prepared:
    """One such statement; `name` is what it is called in Postgres and in query logs."""

    def __init__(self, name: str, sql: str) -> None:
        self.name = f"{name}_{next(_numbers)}"
        self.sql = sql
        # By name, or by place where they have none; each with the cast that its value needs to have its type.
        self._casts: dict[str | int, str] = {}
        self._body = _PARAMETER.sub(self._place, sql).replace("%%", "%")
        values = ", ".join(f"%s{cast}" for cast in self._casts.values())
        self._execute = f"EXECUTE {self.name} ({values})" if values else f"EXECUTE {self.name}"

    def _place(self, match: re.Match[str]) -> str:
        key, cast = match["name"] or len(self._casts), match["cast"] or ""
        self._casts[key] = self._casts.get(key) or cast
        return f"${list(self._casts).index(key) + 1}{cast}"

    def run(self, parameters: Sequence[Any] | Mapping[Any, Any] = ()) -> list[tuple[Any, ...]]:
        """Run it in the current transaction; returns its rows, if it has any."""
        with connection.cursor() as cursor:
            if settings.PREPARED_STATEMENTS:
                self._prepare()
                values = parameters if isinstance(parameters, Mapping) else dict(enumerate(parameters))
                cursor.execute(self._execute, [values[key] for key in self._casts])
            else:
                cursor.execute(self.sql, parameters)
            return cursor.fetchall() if cursor.description else []

    def row(self, parameters: Sequence[Any] | Mapping[Any, Any] = ()) -> tuple[Any, ...] | None:
        """The first of its rows, if there is any."""
        return next(iter(self.run(parameters)), None)

    def _prepare(self) -> None:
        known = _known.setdefault(connection.connection, set())
        if self.name not in known:
            # Errors are Django's, as those of all statements: who retries knows them, and what is broken is closed.
            with connection.wrap_database_errors, connection.connection.cursor() as cursor:
                cursor.execute(f"PREPARE {self.name} AS {self._body}")
            known.add(self.name)
