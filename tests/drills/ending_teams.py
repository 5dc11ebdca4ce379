"""What a worker of the shop does about teams, over and over, in a process of its own that is killed at any moment."""

import os
import sys
import time
from pathlib import Path

from django.db import transaction

from orders.after_sales.tests.making import NETWORK
from promotions.group_buy.services import ending
from promotions.group_buy.services.ending import sweep_teams
from shop.core import clock, outbox
from shop.core.events import Fact
from shop.core.models import OutboxEntry

PAUSE_SECONDS = 0.02
READY = "ready"


def live_again_and_again(folder: str) -> None:
    """A life is a process that works until it is killed; the next one begins at once, with everything imported."""
    signs = Path(folder)
    (signs / READY).touch()
    while True:
        life = os.fork()
        if not life:
            work(signs / str(os.getpid()))
        _pid, status = os.waitpid(life, 0)
        if not os.WIFSIGNALED(status):
            sys.exit("a life has ended by itself")


def work(sign: Path) -> None:
    """End the teams that are due, deliver what was published but for calls to the gateway, begin anew; `sign` is a
    file that says that this life has done something.
    """
    while True:
        if sum(sweep_teams(now=clock.now()).values()) + deliver():
            sign.touch()
        time.sleep(PAUSE_SECONDS)


def deliver() -> int:
    due = OutboxEntry.objects.filter(status="pending").exclude(subscriber=NETWORK).order_by("pk")
    return outbox.deliver(entry_ids=list(due.values_list("pk", flat=True)[:20]))


def work_naively() -> None:
    """A shop without an outbox: teams are ended, and the orders of those who paid are seen to afterwards."""
    publish, told = ending.publish, list[Fact]()
    ending.publish = lambda *facts: told.extend(facts)
    while True:
        sweep_teams(now=clock.now())
        time.sleep(1 if told else PAUSE_SECONDS)
        with transaction.atomic():
            publish(*told)
        told.clear()
