"""A worker that goes on with a run of an outreach plan, and kills itself with -9 right before a statement."""

import os
import resource
import signal
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import connection, transaction

from analytics.outreach.services import acting
from analytics.outreach.services.running import work_on


def work(
    *, run_id: int, now: str, dies_before: str = "", time: int = 1, in_one: bool = True, under_references: bool = True
) -> None:
    """Choose, then reach batch after batch; die before that statement is run for that time; else write how many
    kilobytes it took at most. Without `in_one` each statement is committed by itself; without `under_references`
    nothing that is given tells what it is given for.
    """
    left = time

    def counted(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal left
        left -= bool(dies_before) and dies_before in sql
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = execute(sql, params, many, context)
        if not in_one:
            transaction.get_connection().connection.commit()
        return answer

    if not under_references:
        tell = acting.notify
        acting.reference_of = lambda contact: str(uuid4())
        acting.notify = lambda **asked: tell(**{**asked, "dedupe_key": str(uuid4())})
    with connection.execute_wrapper(counted):
        while work_on(run_id=run_id, now=datetime.fromisoformat(now)):
            pass
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
