"""Whether a database is prepared already: starting Django only to find nothing to do costs seconds at every start.

The mark is a comment on the database itself, so it goes where the data go, and is never there without them.
"""

import hashlib
from contextlib import closing
from pathlib import Path

import psycopg2

from shop.embedded.programs import PROJECT

SOURCES = ("shop", "members", "points", "promotions", "logistics", "orders", "analytics", "templates")
SUFFIXES = frozenset({".py", ".tsv", ".csv", ".html", ".css", ".js", ".svg"})
_READ = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
_WRITE = "DO $do$ BEGIN EXECUTE format('COMMENT ON DATABASE %%I IS %%L', current_database(), %s); END $do$"


def mark_of(*, size: str) -> str:
    """A digest of everything that preparing depends on: the sources, the dependencies, the size of the demo shop."""
    digest = hashlib.sha256(size.encode())
    digest.update((PROJECT / "requirements.txt").read_bytes())
    files = [path for top in SOURCES for path in (PROJECT / top).rglob("*") if path.suffix in SUFFIXES]
    for path in sorted(files):
        facts = path.stat()
        digest.update(f"{path.relative_to(PROJECT)} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return f"prepared {digest.hexdigest()}"


def is_prepared(*, database_url: str, mark: str, static_files: Path) -> bool:
    """Whether the database carries `mark` and the collected static files are there."""
    if not static_files.is_dir():
        return False
    with closing(psycopg2.connect(database_url)) as connection, connection.cursor() as cursor:
        cursor.execute(_READ)
        found = cursor.fetchone()
    return found is not None and found[0] == mark


def remember(*, database_url: str, mark: str) -> None:
    """Leave `mark` on the database. One that is not ours to comment on is simply prepared again the next time."""
    with closing(psycopg2.connect(database_url)) as connection, connection.cursor() as cursor:
        try:
            cursor.execute(_WRITE, [mark])
        except psycopg2.errors.InsufficientPrivilege:
            return
        connection.commit()
