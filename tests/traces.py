"""Where words lie in the database: every text, JSON, address or bytes column of every table is looked through."""

from collections.abc import Iterable

from django.db import connection

SEARCHED = ("text", "character varying", "character", "json", "jsonb", "inet", "bytea")
_COLUMNS = """
SELECT table_name, column_name, data_type
FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND (data_type = ANY(%s) OR data_type = 'ARRAY')
ORDER BY table_name, ordinal_position
"""


def traces(words: Iterable[str]) -> dict[str, set[str]]:
    """The words that each `table.column` holds somewhere, as they are or as JSON escapes them; without empty ones."""
    found: dict[str, set[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS, [list(SEARCHED)])
        for table, column, kind in cursor.fetchall():
            value = f'"{column}"' if kind == "bytea" else f"convert_to(\"{column}\"::text, 'UTF8')"
            cursor.execute(
                f'SELECT DISTINCT word FROM "{table}", unnest(%s::text[], %s::text[]) AS looked_for (word, form)'
                f" WHERE position(convert_to(form, 'UTF8') IN {value}) > 0",
                [*map(list, zip(*_forms(words), strict=True))],
            )
            held = {word for (word,) in cursor.fetchall()}
            if held:
                found[f"{table}.{column}"] = held
    return found


def _forms(words: Iterable[str]) -> list[tuple[str, str]]:
    return [(word, form) for word in words for form in {word, _escaped(word)}]


def _escaped(word: str) -> str:
    return word.encode("ascii", "backslashreplace").decode()
