"""Scheduled work of this room."""

from datetime import datetime, timedelta

from points.accounts.services import prove_ledger, remind_due, work_files
from shop.core.jobs import Effect, job


@job("points.remind_of_expiry", at=(10, 0))
def remind_of_expiry(now: datetime) -> Effect:
    return {"reminded": remind_due(now=now)}


@job("points.prove_ledger", at=(3, 30))
def prove(now: datetime) -> Effect:
    return {"broken": len(prove_ledger(now=now).differences)}


@job("points.work_grant_files", every=timedelta(minutes=1))
def work_grant_files(now: datetime) -> Effect:
    return {"given": work_files(now=now)}
