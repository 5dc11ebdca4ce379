"""Scheduled work of this room."""

from datetime import datetime, timedelta

from promotions.coupons.services.automatic import give_birthdays
from promotions.coupons.services.expiring import expire_coupons, remind_members
from promotions.coupons.services.halting import run_halts
from promotions.coupons.services.handing_out import run_hand_outs
from promotions.coupons.services.redeeming import forget_tries
from promotions.coupons.services.verifying import forget_passes
from shop.core.jobs import Effect, job


@job("coupons.expire", every=timedelta(minutes=10))
def expire(now: datetime) -> Effect:
    return {"expired": expire_coupons(now=now), "forgotten": forget_tries(now=now) + forget_passes(now=now)}


@job("coupons.hand_out", every=timedelta(minutes=1))
def hand_out(now: datetime) -> Effect:
    """What the start of a hand-out set going; this goes on after a worker was killed."""
    return {"given": run_hand_outs(now=now)}


@job("coupons.halt", every=timedelta(minutes=1))
def halt(now: datetime) -> Effect:
    """Goes on with halts after a worker was killed, and with what came back from orders meanwhile."""
    return {"coupons": run_halts(now=now)}


@job("coupons.birthdays", at=(9, 0))
def birthdays(now: datetime) -> Effect:
    return {"given": give_birthdays(now=now)}


@job("coupons.remind", at=(10, 0))
def remind(now: datetime) -> Effect:
    return {"reminded": remind_members(now=now)}
