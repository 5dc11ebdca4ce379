"""What a worker of the shop does about teams, over and over, in a process of its own that is killed at any moment."""

import time

from django.db import transaction

from orders.after_sales.tests.making import NETWORK
from promotions.group_buy.services import ending
from promotions.group_buy.services.ending import sweep_teams
from shop.core import clock, outbox
from shop.core.events import Fact
from shop.core.models import OutboxEntry

PAUSE_SECONDS = 0.02


def work() -> None:
    """End the teams that are due, deliver what was published but for calls to the gateway, begin anew."""
    while True:
        sweep_teams(now=clock.now())
        deliver()
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
