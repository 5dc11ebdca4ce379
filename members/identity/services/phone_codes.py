"""One-time codes by SMS.

Always: a code is six random digits, works once, for one purpose, for five minutes and five tries, and only while it is
the newest of its phone. Codes and tries are counted in Postgres, so that losing Redis opens nothing.

The message goes out right after the commit, in the request itself, not through the outbox: the code would have to lie
in the outbox in clear, and a message that comes minutes late is worth nothing.
"""

import secrets
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.db.models import Count, F, Max, Min, Q
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from members.identity.errors import PhoneCodeInvalid, PhoneCodeQuotaSpent, PhoneCodeTooSoon, SmsUnavailable
from members.identity.locks import lock_names
from members.identity.models import PhoneCode
from members.identity.origin import Origin
from members.identity.preferences import (
    CODES_PER_ADDRESS_DAY,
    CODES_PER_ADDRESS_HOUR,
    CODES_PER_DEVICE_DAY,
    CODES_PER_DEVICE_HOUR,
    CODES_PER_PHONE_DAY,
    CODES_PER_PHONE_HOUR,
)
from members.identity.sms import Sms, SmsNotSent, SmsUncertain, send_sms
from shop.core.transactions import use_case

LIFETIME = timedelta(minutes=5)
TRIES = 5
RESEND_AFTER = timedelta(seconds=60)
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


class Purpose(StrEnum):
    """What a code is good for; whoever is asked to tell one reads it in the message."""

    SIGN_IN = "sign_in"
    CHANGE_PHONE = "change_phone"


def send_phone_code(*, phone: str, origin: Origin, now: datetime, purpose: str = Purpose.SIGN_IN) -> None:
    """Send a new code to `phone` (E.164). Quotas count the codes of all purposes.

    Raises PhoneCodeTooSoon, PhoneCodeQuotaSpent or SmsUnavailable. A message that the gateway did not take does not
    count. One that it may have taken does: it must not become a way round the quota, and the code in it works.
    """
    code = f"{secrets.randbelow(10**6):06d}"
    kept = _keep_code(phone=phone, code=code, purpose=purpose, origin=origin, now=now)
    minutes = str(int(LIFETIME.total_seconds()) // 60)
    text = {
        Purpose.SIGN_IN: _("Your code is {code}, valid for {minutes} minutes. Never tell it to anybody."),
        Purpose.CHANGE_PHONE: _(
            "Your code to change the phone number of an account is {code}, valid for {minutes} minutes. "
            "Never tell it to anybody."
        ),
    }[Purpose(purpose)]
    try:
        send_sms(
            Sms(
                phone=phone,
                template=f"{purpose}_code",
                params={"code": code, "minutes": minutes},
                text=text.format(code=code, minutes=minutes),
            )
        )
    except SmsNotSent as error:
        kept.delete()
        raise SmsUnavailable(retry_after=5) from error
    except SmsUncertain as error:
        raise SmsUnavailable(retry_after=int(RESEND_AFTER.total_seconds())) from error


def check_phone_code(*, phone: str, code: str, now: datetime, purpose: str = Purpose.SIGN_IN) -> int:
    """Count one try at the newest code of `phone`, whatever it was sent for; returns its key for `claim_phone_code`.

    Raises PhoneCodeInvalid.

    Commits by itself: the try counts although the request is refused.
    """
    newest = PhoneCode.objects.filter(phone=phone).order_by("-sent_at", "-pk").first()
    if newest is None or not _count_try(code_id=newest.pk, now=now):
        raise PhoneCodeInvalid
    if not constant_time_compare(newest.code_hash, _hash(purpose, phone, code)):
        raise PhoneCodeInvalid
    return newest.pk


def claim_phone_code(*, code_id: int, now: datetime) -> None:
    """Use the code up, inside the caller's transaction. Raises PhoneCodeInvalid when somebody was faster."""
    if not PhoneCode.objects.filter(pk=code_id, used_at=None).update(used_at=now):
        raise PhoneCodeInvalid


def forget_phone_codes(*, before: datetime) -> int:
    """Delete codes sent before `before`, which no quota looks back at; returns how many."""
    return PhoneCode.objects.filter(sent_at__lt=before).delete()[0]


def _count_try(*, code_id: int, now: datetime) -> bool:
    with transaction.atomic(durable=True):
        open_code = PhoneCode.objects.filter(pk=code_id, tries__lt=TRIES, used_at=None, expires_at__gt=now)
        return bool(open_code.update(tries=F("tries") + 1))


@use_case
def _keep_code(*, phone: str, code: str, purpose: str, origin: Origin, now: datetime) -> PhoneCode:
    address, device = origin.address, origin.device
    places = [f"code-address:{address}"] * bool(address) + [f"code-device:{device}"] * bool(device)
    lock_names(f"code-phone:{phone}", *places)
    _check_quota(Q(phone=phone), CODES_PER_PHONE_HOUR.value(), CODES_PER_PHONE_DAY.value(), RESEND_AFTER, now)
    if address:
        per_hour, per_day = CODES_PER_ADDRESS_HOUR.value(), CODES_PER_ADDRESS_DAY.value()
        _check_quota(Q(address=address), per_hour, per_day, timedelta(0), now)
    if device:
        _check_quota(Q(device=device), CODES_PER_DEVICE_HOUR.value(), CODES_PER_DEVICE_DAY.value(), timedelta(0), now)
    return PhoneCode.objects.create(
        phone=phone,
        code_hash=_hash(purpose, phone, code),
        address=address,
        device=device,
        sent_at=now,
        expires_at=now + LIFETIME,
    )


def _check_quota(whose: Q, per_hour: int, per_day: int, pause: timedelta, now: datetime) -> None:
    in_hour = Q(sent_at__gt=now - _HOUR)
    sent = PhoneCode.objects.filter(whose, sent_at__gt=now - _DAY).aggregate(
        newest=Max("sent_at"),
        day=Count("pk"),
        day_start=Min("sent_at"),
        hour=Count("pk", filter=in_hour),
        hour_start=Min("sent_at", filter=in_hour),
    )
    if sent["newest"] and sent["newest"] > now - pause:
        raise PhoneCodeTooSoon(retry_after=_seconds_until(sent["newest"] + pause, now))
    if sent["day"] >= per_day:
        raise PhoneCodeQuotaSpent(retry_after=_seconds_until(sent["day_start"] + _DAY, now))
    if sent["hour"] >= per_hour:
        raise PhoneCodeQuotaSpent(retry_after=_seconds_until(sent["hour_start"] + _HOUR, now))


def _seconds_until(moment: datetime, now: datetime) -> int:
    return max(1, -int((now - moment).total_seconds() // 1))


def _hash(purpose: str, phone: str, code: str) -> str:
    return salted_hmac("members.identity.phone_code", f"{purpose}:{phone}:{code}", algorithm="sha256").hexdigest()
