"""Puts the test database back as it was made, after a test that committed.

Django truncates every table and then fills the seeded ones anew, which takes longer than most tests. `Baseline` deletes
from the tables that should be empty and are not, and fills those of the seeded ones that changed from a copy.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

COPIES = "left_behind"


@dataclass(frozen=True)
class Baseline:
    """What a database holds after its migrations: the tables without rows, and the others by their fingerprint."""

    empty: tuple[str, ...]
    seeded: dict[str, str]

    @classmethod
    def take(cls) -> "Baseline":
        """Copies the seeded tables into a schema of their own."""
        tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
        seeded = _filled(tables)
        copies = [f'CREATE TABLE {COPIES}."{table}" AS TABLE public."{table}"' for table in seeded]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(";".join([f"DROP SCHEMA IF EXISTS {COPIES} CASCADE", f"CREATE SCHEMA {COPIES}", *copies]))
        return cls(tuple(sorted(set(tables) - set(seeded))), _fingerprints(seeded))

    def restore(self) -> None:
        """Without triggers and foreign keys: their order and their refusals do not matter where everything goes."""
        found = _fingerprints(self.seeded)
        changed = [table for table, fingerprint in found.items() if fingerprint != self.seeded[table]]
        written = [*_filled(self.empty), *changed]
        if not written:
            return
        statements = ["SET LOCAL session_replication_role = replica"]
        statements += [f'DELETE FROM "{table}"' for table in written]
        statements += [f'INSERT INTO "{table}" SELECT * FROM {COPIES}."{table}"' for table in changed]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(";".join(statements))
        self.seeded.update(_fingerprints(changed))


def may_pass_over_triggers() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('is_superuser')")
        return bool(cursor.fetchone() == ("on",))


def _filled(tables: Iterable[str]) -> list[str]:
    return [table for (table,) in _of_each(tables, """SELECT '{0}' WHERE EXISTS (SELECT FROM "{0}")""")]


def _fingerprints(tables: Iterable[str]) -> dict[str, str]:
    """Every insert and update leaves a younger transaction's number behind, every delete a lower count."""
    each = """SELECT '{0}', concat(count(*), ' ', max(xmin::text::bigint)) FROM "{0}" """
    return dict(_of_each(tables, each))


def _of_each(tables: Iterable[str], select: str) -> list[tuple[Any, ...]]:
    statement = " UNION ALL ".join(select.format(table) for table in tables)
    if not statement:
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()
