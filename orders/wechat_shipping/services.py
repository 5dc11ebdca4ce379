"""The only code that tells WeChat how goods travel, and remembers what it has taken.

The call stands outside of every transaction: a row is leased by a conditional update, the answer is written down by
another. What passes is tried again with growing pauses; what WeChat refuses for good waits for a person, with an alarm.
"""

from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Coalesce

from members.identity.errors import WechatUnavailable
from members.identity.wechat import post_with_token
from orders.checkout.models import OrderStatus
from orders.payments.models import Payment, PaymentMethod
from orders.wechat_shipping.errors import CarrierUnknownToWechat, NothingToCorrect, NothingToSendAgain
from orders.wechat_shipping.facts import ShippingInfoDue
from orders.wechat_shipping.models import OPEN, ShippingUpload, UploadStatus
from orders.wechat_shipping.planning import Plan, has_wrong_number, plan
from orders.wechat_shipping.preferences import ON
from shop.core.failures import Failures
from shop.core.outbox import publish
from shop.core.transactions import use_case

PATH = "/wxa/sec/order/upload_shipping_info"
LEASE = timedelta(seconds=60)
LONGEST_PAUSE = timedelta(hours=1)
# WeChat knows it already: the answer to an earlier call was lost.
KNOWN_ALREADY = {10060002, 10060023}
CORRECTED_BEFORE = 10060003
NOT_SHIPPABLE = 10060004
NOT_THERE = 10060001
# A payment may be known to this part of WeChat some minutes later than to the payer.
TRIES_UNTIL_THERE = 8
# Busy, over a quota for the moment, or a token that expired twice in a row.
PASSING = {-1, 40001, 40014, 42001, 45009, 45011, 10060012, 10060019}
Status = UploadStatus

log = structlog.get_logger(__name__)


def is_on() -> bool:
    """Whether there is a mini-program, and the merchant wants it."""
    return bool(settings.WECHAT_APP_ID) and ON.value()


def note_parcels(*, order_number: str, now: datetime) -> None:
    """Something of the order travels, or has arrived; inside the caller's transaction. Nothing where WeChat did not
    take the money."""
    if not is_on():
        return
    paid = Payment.objects.filter(order__number=order_number, settles_order=True, method=PaymentMethod.WECHAT)
    # A deposit and a balance are two payments, and WeChat holds the money of each.
    for payment_id in paid.exclude(transaction_id="").order_by("pk").values_list("pk", flat=True):
        upload = ShippingUpload(payment_id=payment_id, created_at=now)
        ShippingUpload.objects.bulk_create([upload], ignore_conflicts=True)
        if ShippingUpload.objects.filter(pk=payment_id, status__in=OPEN).update(due_at=now):
            publish(ShippingInfoDue(payment_id=payment_id, at=now))


def send(*, payment_id: int, now: datetime) -> bool:
    """Tell WeChat what there is to tell about the payment, if it is due and nobody else does; whether it was taken."""
    if not _lease(payment_id, now):
        return False
    upload = ShippingUpload.objects.select_related("payment__order").get(pk=payment_id)
    try:
        told = plan(upload)
    except CarrierUnknownToWechat as refusal:
        _refuse(upload, refusal.code, str(refusal))
        return False
    if told is None:
        _write(upload)
        return False
    try:
        answer = post_with_token(PATH, told.body(upload, now=now))
    except WechatUnavailable as error:
        _try_later(upload, str(error.data.get("reason", "unavailable")), now=now)
        return False
    return _take_answer(upload, told, int(answer.get("errcode", 0)), str(answer.get("errmsg", "")), now)


def send_due(*, now: datetime, limit: int = 200) -> dict[str, int]:
    """Send what is due, also what a killed worker has left; returns counts of tried and sent.

    One that nobody can make sense of holds up no other: all other money would stay frozen with it.
    """
    due = ShippingUpload.objects.filter(_due(now)).order_by("due_at")
    effect, failures = {"tried": 0, "sent": 0}, Failures("Not told to WeChat")
    for payment_id in list(due.values_list("pk", flat=True)[:limit]):
        effect["tried"] += 1
        with failures.of(payment_id):
            effect["sent"] += send(payment_id=payment_id, now=now)
    failures.raise_them()
    return effect


@use_case
def send_again(*, payment_id: int, now: datetime) -> None:
    """Try what was refused anew. Raises NothingToSendAgain."""
    refused = ShippingUpload.objects.filter(pk=payment_id, status=Status.REFUSED)
    started = refused.filter(sent=[]).update(status=Status.WAITING, due_at=now, tries=0)
    if not started and not refused.update(status=Status.PARTLY, due_at=now, tries=0):
        raise NothingToSendAgain
    publish(ShippingInfoDue(payment_id=payment_id, at=now))


@use_case
def correct(*, payment_id: int, now: datetime) -> None:
    """Tell the parcels as they are now, after a wrong number was told; WeChat takes it once.

    Raises NothingToCorrect.
    """
    if not _correct_if_done(payment_id, now):
        raise NothingToCorrect


def note_correction(*, order_number: str, now: datetime) -> None:
    """A parcel of the order goes under another number than it left with; inside the caller's transaction.

    While parcels are still to come WeChat only adds to what it knows: the new number is told at once, and what was
    wrong is replaced when the last parcel was told.
    """
    uploads = ShippingUpload.objects.filter(payment__order__number=order_number)
    for payment_id in uploads.order_by("pk").values_list("pk", flat=True):
        under_way = uploads.filter(pk=payment_id, status__in=OPEN)
        if not _correct_if_done(payment_id, now) and under_way.update(due_at=now):
            publish(ShippingInfoDue(payment_id=payment_id, at=now))


def _correct_if_done(payment_id: int, now: datetime) -> bool:
    """Whether there was something to correct; inside the caller's transaction."""
    done = ShippingUpload.objects.filter(pk=payment_id, status=Status.DONE, corrected_at=None, corrects=False)
    if not done.update(status=Status.PARTLY, corrects=True, due_at=now, tries=0):
        return False
    publish(ShippingInfoDue(payment_id=payment_id, at=now))
    return True


def _due(now: datetime) -> Q:
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    return Q(status__in=OPEN) & (Q(due_at__lte=now) & free | Q(leased_until__lte=now))


def _lease(payment_id: int, now: datetime) -> bool:
    rows = ShippingUpload.objects.filter(_due(now), pk=payment_id)
    # What becomes due from here on is due after this call, not by it.
    return bool(rows.update(leased_until=now + LEASE, due_at=None))


def _take_answer(upload: ShippingUpload, told: Plan, code: int, message: str, now: datetime) -> bool:
    log.info("wechat_shipping_told", order=upload.payment.order.number, code=code, parcels=len(told.parcels))
    if code == 0 or code in KNOWN_ALREADY:
        _taken(upload, told, now)
        return True
    if code == CORRECTED_BEFORE:
        _write(upload, status=Status.DONE, corrects=False, corrected_at=now, code=str(code), note=message[:200])
    elif code == NOT_SHIPPABLE and upload.payment.order.status == OrderStatus.REFUNDED:
        _write(upload, status=Status.NOT_NEEDED, code=str(code), note=message[:200])
    elif code in PASSING or (code == NOT_THERE and upload.tries < TRIES_UNTIL_THERE):
        _try_later(upload, str(code), now=now, note=message)
    else:
        _refuse(upload, str(code), message)
    return False


def _taken(upload: ShippingUpload, told: Plan, now: datetime) -> None:
    known = [] if upload.corrects else upload.sent
    fields = {
        "sent": known + [each for each in told.tracked if each not in known],
        "status": Status.DONE if told.is_last else Status.PARTLY,
        "sent_at": now,
        "finished_at": upload.finished_at or (now if told.is_last else None),
        "corrected_at": now if upload.corrects else upload.corrected_at,
        "corrects": False,
        "tries": 0,
        "code": "",
        "note": "",
    }
    _write(upload, **fields)
    written = ShippingUpload.objects.select_related("payment__order").get(pk=upload.pk)
    if told.is_last and not upload.corrects and has_wrong_number(written):
        with suppress(NothingToCorrect):
            correct(payment_id=upload.pk, now=now)
    elif not told.is_last and plan(written):
        # More parcels than one call takes.
        ShippingUpload.objects.filter(pk=upload.pk).update(due_at=Coalesce("due_at", now))


def _try_later(upload: ShippingUpload, code: str, *, now: datetime, note: str = "") -> None:
    pause = min(timedelta(minutes=2 ** min(upload.tries, 10)), LONGEST_PAUSE)
    _write(upload, tries=upload.tries + 1, code=code[:40], note=note[:200], due_at=Coalesce("due_at", now + pause))


def _refuse(upload: ShippingUpload, code: str, message: str) -> None:
    log.error("wechat_shipping_refused", order=upload.payment.order.number, code=code)
    _write(upload, status=Status.REFUSED, code=code[:40], note=message[:200], tries=upload.tries + 1)


def _write(upload: ShippingUpload, **fields: object) -> None:
    """Write the outcome down and end the lease; what became due meanwhile stays due."""
    ShippingUpload.objects.filter(pk=upload.pk).update(leased_until=None, **fields)
