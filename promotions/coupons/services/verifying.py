"""A coupon is used in a store: the member shows a number that is good for minutes, the staff verifies it, once."""

import hmac
import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.utils.crypto import salted_hmac

from promotions.campaigns.services.switch import promotions_are_on
from promotions.coupons.errors import (
    CouponNotForStores,
    CouponNotFound,
    CouponNotUsable,
    CouponsSwitchedOff,
    CouponSuspended,
    StorePassInvalid,
    StoreThresholdNotMet,
)
from promotions.coupons.facts import CouponUsed
from promotions.coupons.models import Coupon, CouponTemplate, StorePass
from promotions.coupons.models.coupons import CouponStatus
from promotions.coupons.models.templates import Halted
from promotions.coupons.preferences import STORE_PASS_MINUTES
from promotions.coupons.services.taking_back import end_revoked, lock_returning
from promotions.coupons.services.using import of_use
from promotions.pricing.model import WHOLE_BP
from shop.core.actors import Actor
from shop.core.money import yuan
from shop.core.outbox import publish
from shop.core.transactions import use_case

DIGITS = 12
Kind, UseIn = CouponTemplate.Kind, CouponTemplate.UseIn


@use_case
def show_coupon(*, number: str, member_id: int, now: datetime) -> tuple[str, datetime]:
    """A new number for the member's coupon, and until when it is good; the one before it is not any more.

    Raises CouponNotFound, CouponNotForStores, CouponsSwitchedOff, CouponSuspended, CouponNotUsable.
    """
    coupon = Coupon.objects.filter(number=number, member_id=member_id).select_related("template").first()
    if coupon is None:
        raise CouponNotFound
    _check_usable(coupon, now)
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    expires_at = min(now + timedelta(minutes=STORE_PASS_MINUTES.value()), coupon.valid_until)
    StorePass.objects.update_or_create(coupon=coupon, defaults={"code_hash": _hash(code), "expires_at": expires_at})
    return code, expires_at


def shown_coupon(*, code: str, now: datetime) -> Coupon:
    """The coupon that is being shown, with template and member.

    Raises StorePassInvalid, CouponsSwitchedOff, CouponSuspended, CouponNotUsable.
    """
    found = (
        Coupon.objects.filter(store_pass__code_hash=_hash(code), store_pass__expires_at__gt=now)
        .select_related("template", "member")
        .first()
    )
    if found is None:
        raise StorePassInvalid
    _check_usable(found, now)
    return found


def off_in_store(template: CouponTemplate, *, bill_fen: int) -> int:
    """What it takes off a bill of the goods that it is for, in fen. Raises StoreThresholdNotMet."""
    if bill_fen < template.threshold_fen:
        raise StoreThresholdNotMet(missing=yuan(template.threshold_fen - bill_fen))
    if template.kind == Kind.AMOUNT:
        return min(template.amount_off_fen or 0, bill_fen)
    if template.kind == Kind.PERCENT:
        off = bill_fen * (template.percent_off_bp or 0) // WHOLE_BP
        return off if template.most_off_fen is None else min(off, template.most_off_fen)
    worth = template.exchange_sku.price_fen if template.exchange_sku else 0
    return max(min(bill_fen, worth) - template.exchange_price_fen, 0)


def use_in_store(*, code: str, store_code: str, bill_fen: int, actor: Actor, now: datetime) -> Coupon:
    """Use the coupon that is being shown, in this store, for this bill; inside the caller's transaction.

    Raises StorePassInvalid, CouponNotUsable, CouponsSwitchedOff, CouponSuspended, CouponNotForStores,
    StoreThresholdNotMet.
    """
    coupon = shown_coupon(code=code, now=now)
    off_fen = off_in_store(coupon.template, bill_fen=bill_fen)
    used = _use(
        coupon,
        now=now,
        status=CouponStatus.USED,
        used_at=now,
        store_code=store_code,
        verified_by=str(actor)[:80],
        cost_fen=off_fen,
        revenue_fen=bill_fen - off_fen,
    )
    if not used:
        raise CouponNotUsable
    StorePass.objects.filter(pk=coupon.pk).delete()
    publish(
        CouponUsed(
            coupon_id=coupon.pk,
            template_id=coupon.template_id,
            member_id=coupon.member_id,
            order_number="",
            store_code=store_code,
            cost_fen=off_fen,
            at=now,
        )
    )
    coupon.refresh_from_db()
    return coupon


def take_back_use(*, number: str, store_code: str, used_at: datetime, now: datetime) -> None:
    """The coupon was used in this store at that moment by mistake; inside the caller's transaction.

    What was taken back or made void meanwhile is void, not unused. Raises CouponNotUsable when it would be expired, or
    is not as that use left it.
    """
    used = Coupon.objects.filter(
        number=number, status=CouponStatus.USED, store_code=store_code, used_at=used_at, valid_until__gt=now
    )
    revoked = lock_returning(used)
    unused = {"status": CouponStatus.UNUSED, "used_at": None, "store_code": "", "verified_by": ""}
    if not used.update(**unused, cost_fen=0, revenue_fen=0):
        raise CouponNotUsable
    if revoked:
        end_revoked(coupon_ids=revoked)


def is_pass(code: str) -> bool:
    return len(code) == DIGITS and code.isascii() and code.isdecimal()


def forget_passes(*, now: datetime) -> int:
    return StorePass.objects.filter(expires_at__lte=now).delete()[0]


def _use(coupon: Coupon, *, now: datetime, **fields: Any) -> int:
    unused = Coupon.objects.filter(pk=coupon.pk, status=CouponStatus.UNUSED, valid_from__lte=now, valid_until__gt=now)
    return unused.filter(of_use()).update(**fields)


def _check_usable(coupon: Coupon, now: datetime) -> None:
    # A bill in a store is an amount: nobody counts its units.
    if coupon.template.use_in == UseIn.ONLINE or coupon.template.threshold_count:
        raise CouponNotForStores
    if not promotions_are_on():
        raise CouponsSwitchedOff
    if coupon.template.halted == Halted.SUSPENDED:
        raise CouponSuspended
    if (
        coupon.template.halted
        or coupon.status != CouponStatus.UNUSED
        or not coupon.valid_from <= now < coupon.valid_until
    ):
        raise CouponNotUsable


def _hash(code: str) -> bytes:
    digits = "".join(each for each in code if each.isdecimal())
    key = salted_hmac("promotions.coupons.store_pass", "", algorithm="sha256").digest()
    return hmac.digest(key, digits.encode(), sha256)
