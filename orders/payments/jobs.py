"""Scheduled work: unpaid orders expire, balances are called for, silent payments and refunds are asked about."""

from datetime import datetime, timedelta

from orders.payments.services.asking import ask_due
from orders.payments.services.closing import expire_unpaid_orders, look_at_closed_payments
from orders.payments.services.refunding import refresh_due_refunds
from orders.payments.services.reminding import remind_of_balances
from shop.core.jobs import Effect, job


@job("payments.expire_orders", every=timedelta(seconds=30))
def expire_orders(now: datetime) -> Effect:
    return expire_unpaid_orders(now=now)


@job("payments.ask_gateway", every=timedelta(seconds=15))
def ask_gateway(now: datetime) -> Effect:
    return ask_due(now=now)


@job("payments.look_at_closed", every=timedelta(minutes=1))
def look_at_closed(now: datetime) -> Effect:
    return look_at_closed_payments(now=now)


@job("payments.watch_refunds", every=timedelta(minutes=1))
def watch_refunds(now: datetime) -> Effect:
    return refresh_due_refunds(now=now)


@job("payments.remind_of_balances", every=timedelta(minutes=5))
def remind(now: datetime) -> Effect:
    return {"reminded": remind_of_balances(now=now)}
