"""A loader of events, and whoever counts their days, that kills itself with -9 right before a statement."""

import os
import signal
from typing import Any

from django.db import connection, transaction

from analytics.events.services import loading
from analytics.funnel.tests.history import count_everything


def work(*, dies_before: str, time: int = 1, naive: bool = False, at_once: int = 0, counts: bool = False) -> None:
    """Load what waits, `at_once` events in a transaction, or count the days that changed; die before that statement is
    run for that time. The naive one commits what it has done after each statement.
    """
    left = time

    def counted(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal left
        left -= bool(dies_before) and dies_before in sql
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = execute(sql, params, many, context)
        if naive and not sql.startswith("CREATE TEMP"):
            transaction.get_connection().connection.commit()
        return answer

    if at_once:
        loading.EVENTS_AT_ONCE = at_once
    with connection.execute_wrapper(counted):
        count_everything() if counts else loading.load_events(seconds=60)
