"""Statements that Postgres parses and plans once a connection: for the few that run several times in every order.

Written like any other, with `%s` or `%(name)s`. A parameter whose type its place does not tell needs a cast. Behind a
pooler that hands connections on between transactions `PREPARED_STATEMENTS=false` sends them unprepared.
"""

import re
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from functools import cache
from itertools import count
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

_PARAMETER = re.compile(r"%(?:\((?P<name>\w+)\))?s(?P<cast>::\w+(?:\[\])?)?")
_known: "WeakKeyDictionary[Any, set[str]]" = WeakKeyDictionary()
_numbers = count(1)
Parameters = Sequence[Any] | Mapping[Any, Any]
# What was read ahead, by the statement's name: for which values, and the rows; see `shop.core.together`.
Ahead = Mapping[str, tuple[list[Any] | None, list[tuple[Any, ...]]]]
AHEAD: ContextVar[Ahead] = ContextVar("read_ahead", default=MappingProxyType({}))
NOT_AHEAD: tuple[None, list[tuple[Any, ...]]] = (None, [])

M = TypeVar("M", bound=Model)


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

    def run(self, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Run it in the current transaction; returns its rows, if it has any."""
        values = self.values(parameters)
        known, rows = AHEAD.get().get(self.name, NOT_AHEAD)
        if known == values:
            return rows
        # Looked up once: the proxy would do it for each of its attributes.
        server = transaction.get_connection()
        with server.cursor() as cursor:
            if settings.PREPARED_STATEMENTS:
                self._prepare(server)
                cursor.execute(self._execute, values)
            else:
                cursor.execute(self.sql, parameters)
            return cursor.fetchall() if cursor.description else []

    def values(self, parameters: Parameters) -> list[Any]:
        """Those of its parameters, in the order of `keys`."""
        given = parameters if isinstance(parameters, Mapping) else dict(enumerate(parameters))
        return [_array(given[key]) if cast.endswith("[]") else given[key] for key, cast in self._casts.items()]

    @property
    def keys(self) -> list[str | int]:
        """Its parameters, by name or by place."""
        return list(self._casts)

    def renamed(self, prefix: str) -> str:
        """Its SQL with a name for every parameter, so that it can be a part of another statement."""
        places = count()
        return _PARAMETER.sub(lambda m: f"%({prefix}{m['name'] or next(places)})s{m['cast'] or ''}", self.sql)

    def all(self, model: type[M], parameters: Parameters = ()) -> list[M]:
        """Its rows as instances of `model`, whose `columns` it selects."""
        return [_instance(model, row) for row in self.run(parameters)]

    def first(self, model: type[M], parameters: Parameters = ()) -> M | None:
        """The first of those, if there is any."""
        return next(iter(self.all(model, parameters)), None)

    def row(self, parameters: Parameters = ()) -> tuple[Any, ...] | None:
        """The first of its rows, if there is any."""
        return next(iter(self.run(parameters)), None)

    def _prepare(self, server: BaseDatabaseWrapper) -> None:
        known = _known.get(server.connection)
        if known is None:
            known = _known[server.connection] = set()
        if self.name not in known:
            # Errors are Django's, as those of all statements: who retries knows them, and what is broken is closed.
            with server.wrap_database_errors, server.connection.cursor() as cursor:
                cursor.execute(f"PREPARE {self.name} AS {self._body}")
            known.add(self.name)


def _array(value: Any) -> Any:
    """A list of whole numbers as the one literal that Postgres reads fastest; everything else as it is."""
    if type(value) is list and set(map(type, value)) == {int}:
        return f"{{{','.join(map(str, value))}}}"
    return value


class Question(NamedTuple):
    """A statement with its parameters, to be run by itself or together with others."""

    statement: Prepared
    parameters: Parameters

    def run(self) -> list[tuple[Any, ...]]:
        return self.statement.run(self.parameters)

    def row(self) -> tuple[Any, ...] | None:
        return self.statement.row(self.parameters)


def columns(model: type[Model], alias: str = "") -> str:
    """All of a model's columns, for statements whose rows become instances."""
    prefix = f"{alias}." if alias else ""
    return ", ".join(f'{prefix}"{field.column}"' for field in model._meta.concrete_fields)


def _instance(model: type[M], row: Sequence[Any]) -> M:
    names, converters = _reading(model)
    values = list(row)
    for place, convert in converters:
        values[place] = convert(values[place], None, connection)
    return model.from_db(connection.alias, names, values)


@cache
def _reading(model: type[Model]) -> tuple[list[str], list[tuple[int, Any]]]:
    """The attributes that a model's columns become, and what turns those into values that are not so yet."""
    fields = model._meta.concrete_fields
    converters = [(n, field.from_db_value) for n, field in enumerate(fields) if hasattr(field, "from_db_value")]
    return [field.attname for field in fields], converters
