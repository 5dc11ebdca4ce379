"""Races for concurrency tests: everybody starts at the same instant, each on a database connection of their own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import monotonic
from typing import TypeVar

from django.db import connection, connections

PATIENCE_SECONDS = 60
Result = TypeVar("Result")


def run_together(
    *callables: Callable[[], Result], patience_seconds: float = PATIENCE_SECONDS
) -> list[Result | Exception]:
    """Run all callables at once in threads; each answers with its result, or with the exception that it raised.

    The answers keep the order of the callables. A race that does not end is an error of the test itself.
    """
    barrier = Barrier(len(callables), timeout=PATIENCE_SECONDS)

    def contend(run: Callable[[], Result]) -> Result | Exception:
        try:
            barrier.wait()
            return run()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=len(callables)) as pool:
        return [future.result(timeout=patience_seconds) for future in [pool.submit(contend, run) for run in callables]]


def until_somebody_waits() -> None:
    """Keep the transaction of this thread open until another one waits for what it has locked."""
    until, waits = monotonic() + PATIENCE_SECONDS / 6, False
    waiting = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
    with connection.cursor() as cursor:
        while not waits:
            assert monotonic() < until, "nobody waits for this transaction"
            cursor.execute(waiting)
            [waits] = cursor.fetchone()
