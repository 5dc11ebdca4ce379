"""Scheduled work of this room."""

from datetime import datetime, timedelta

from promotions.flash_sale.services.reminding import remind_of_starting
from shop.core.jobs import Effect, job


@job("flash_sale.remind", every=timedelta(seconds=30))
def remind(now: datetime) -> Effect:
    return {"reminded": remind_of_starting(now=now)}
