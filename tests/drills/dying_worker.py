"""A worker that delivers groups of facts, and kills itself with -9 before a statement that it was told."""

import os
import signal
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from shop.core import outbox
from shop.core.prepared import Prepared


def work(*, groups: Sequence[list[int]], statement: str, time: int, naive: bool) -> None:
    """Deliver them as the queue hands them over; die before running the statement so called for that time.

    Every statement is meant by "", and nobody dies at time 0. The naive worker does one thing after the other, and
    says of each that it is done after it has done it.
    """
    _die_before(statement, time)
    # What a gateway is to hear has no part in this.
    outbox._send = lambda groups, queue: None
    if naive:
        finish = outbox._finish
        outbox._finish = lambda entry_id: transaction.on_commit(lambda: finish(entry_id))
        outbox._deliver_together = lambda entry_ids: outbox.deliver(entry_ids=entry_ids)
    outbox.deliver_chain(groups=groups)


def _die_before(statement: str, time: int) -> None:
    left, run = time, Prepared.run

    def counted(self: Prepared, *parameters: Any) -> list[tuple[Any, ...]]:
        nonlocal left
        left -= self.name.startswith(statement)
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return run(self, *parameters)

    if time:
        Prepared.run = counted  # type: ignore[method-assign]
