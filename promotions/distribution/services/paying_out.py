"""Money goes out: sent under the withdrawal's number, watched until the payment service has paid or closed it.

An answer that did not come is asked for, never guessed; the same number is sent again only where the payment service
has never heard of it and nobody has called it back, and nothing is given back before it can no longer be paid.
"""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext, gettext_noop

from promotions.distribution.errors import (
    PayoutMethodUnavailable,
    PayoutMismatch,
    PayoutRefused,
    PayoutUnavailable,
)
from promotions.distribution.locks import lock_withdrawal
from promotions.distribution.models.withdrawals import AT_GATEWAY, PayMethod, Withdrawal, WithdrawalStatus
from promotions.distribution.payouts import Payout, PayoutGateway, PayoutRequest, PayoutState, payout_gateway
from promotions.distribution.services.withdrawing import end_paid, end_unpaid, move_to
from shop.core.actors import Actor
from shop.core.alerts import clear_alert, raise_alert
from shop.core.transactions import use_case

W = WithdrawalStatus
GATEWAY = Actor.gateway("payout")
NEXT_QUERY_AFTER = timedelta(minutes=1)
# Whoever is to accept the money takes their time.
CONFIRMING_QUERY_AFTER = timedelta(minutes=10)
# No request that was under way when it was called back takes longer to arrive.
UNKNOWN_AFTER = timedelta(minutes=10)
MAX_FAILURES = 5
CLOSED_UNHEARD = "UNKNOWN"
REFUSED_MESSAGE = gettext_noop("Withdrawal {number} was not taken by the payment service: {note}")
CONTRADICTED_MESSAGE = gettext_noop("Withdrawal {number} had ended, and the payment service says otherwise: {note}")
STATUS_OF = {
    PayoutState.ACCEPTED: W.SENDING,
    PayoutState.CONFIRMING: W.CONFIRMING,
    PayoutState.SENDING: W.SENDING,
    PayoutState.PAID: W.PAID,
    PayoutState.CLOSED: W.CLOSED,
}

log = structlog.get_logger(__name__)


def send_payout(*, number: str, now: datetime) -> Withdrawal:
    """Hand it to the payment service, once it was approved and unless that has it already.

    Never called inside a transaction. Raises PayoutUnavailable and PayoutRefused; it then stays to be sent, and why is
    kept for people to see.
    """
    row = Withdrawal.objects.get(number=number)
    if row.status != W.APPROVED:
        return row
    known = _gateway().query(number=number)
    if known is not None:
        return record_payout(told=known, now=now)
    # Whoever calls it back needs a refusal that nothing has followed: of a sending and a call-back one happens.
    unstopped = Withdrawal.objects.filter(pk=row.pk, status=W.APPROVED, stop_asked_at=None)
    if not unstopped.update(gateway_note="", asked_at=now):
        return Withdrawal.objects.get(pk=row.pk)
    try:
        told = _gateway().send(_request(row))
    except PayoutRefused as refusal:
        _note(row, f"{refusal.data['gateway_code']} {refusal.data['gateway_message']}", now=now)
        raise
    return record_payout(told=told, now=now)


def refresh_payout(*, number: str, now: datetime) -> Withdrawal:
    """Ask how it is, and bring it on: what was called back is closed, else what nobody has heard of is sent.

    One that has ended there is asked about too, where people want to know.
    """
    row = Withdrawal.objects.get(number=number)
    if row.status not in (*AT_GATEWAY, W.PAID, W.CLOSED) or row.method != PayMethod.WECHAT:
        return row
    told = _gateway().query(number=number)
    if told is not None and told.state == PayoutState.CONFIRMING and (row.stop_asked_at or row.status == W.CLOSED):
        told = _stopped(number) or told
    if told is not None:
        if row.status == STATUS_OF[told.state]:
            clear_alert(cause=_cause(row))
        return record_payout(told=told, now=now)
    if row.stop_asked_at is None:
        return send_payout(number=number, now=now)
    return close_unheard(number=number, now=now)


@use_case
def close_unheard(*, number: str, now: datetime) -> Withdrawal:
    """It was called back long enough ago, and the payment service has just said that it knows nothing of it."""
    row = lock_withdrawal(number=number)
    if row.status != W.APPROVED or row.stop_asked_at is None or now < row.stop_asked_at + UNKNOWN_AFTER:
        return row
    row.gateway_state, row.asked_at = CLOSED_UNHEARD, now
    clear_alert(cause=_cause(row))
    return end_unpaid(row, W.CLOSED, actor=GATEWAY, now=now)


def refresh_due_payouts(*, now: datetime, limit: int = 100) -> dict[str, int]:
    """Ask about every one whose time has come; returns how many were asked, paid and failed."""
    due = Withdrawal.objects.filter(status__in=AT_GATEWAY, query_at__lte=now).order_by("query_at")
    effect = {"asked": 0, "paid": 0, "failed": 0}
    for number in due.values_list("number", flat=True)[:limit]:
        if effect["failed"] >= MAX_FAILURES:
            break
        effect["asked"] += 1
        # Put off first: whatever happens, the next run asks about others too.
        Withdrawal.objects.filter(number=number).update(asked_at=now, query_at=now + NEXT_QUERY_AFTER)
        try:
            effect["paid"] += refresh_payout(number=number, now=now).status == W.PAID
        except (PayoutUnavailable, PayoutRefused, PayoutMismatch, PayoutMethodUnavailable) as error:
            effect["failed"] += 1
            log.warning("payout_not_refreshed", withdrawal=number, error=error.code)
    return effect


@use_case
def record_payout(*, told: Payout, now: datetime) -> Withdrawal:
    """Apply what the payment service says, once. Raises WithdrawalNotFound and PayoutMismatch.

    Money that has gone out after its withdrawal had closed is booked all the same.
    """
    row = lock_withdrawal(number=told.number)
    if told.amount_fen is not None and told.amount_fen != row.net_fen:
        log.error("payout_mismatch", withdrawal=row.number, told=told)
        raise PayoutMismatch
    status = STATUS_OF[told.state]
    if row.status not in (*AT_GATEWAY, status) and told.state in (PayoutState.PAID, PayoutState.CLOSED):
        _contradicted(row, told, now=now)
    is_late = row.status == W.CLOSED and status == W.PAID
    if row.status not in AT_GATEWAY and not is_late:
        return row
    row.gateway_state, row.gateway_bill, row.asked_at = told.raw_state, told.bill or row.gateway_bill, now
    row.gateway_note, row.package = told.note, told.package or row.package
    row.query_at = now + (CONFIRMING_QUERY_AFTER if status == W.CONFIRMING else NEXT_QUERY_AFTER)
    if not is_late:
        clear_alert(cause=_cause(row))
    if status == W.PAID:
        return end_paid(row, actor=GATEWAY, now=now)
    if status == W.CLOSED:
        return end_unpaid(row, W.CLOSED, actor=GATEWAY, now=now)
    if status == row.status:
        row.save()
    else:
        move_to(row, status, now=now)
    return row


def client_params(row: Withdrawal) -> dict[str, str] | None:
    """What the front hands to WeChat while it waits for the distributor to accept the money."""
    gateway = payout_gateway()
    if row.status != W.CONFIRMING or row.is_called_back or not row.package or gateway is None:
        return None
    return gateway.client_params(package=row.package)


def _gateway() -> PayoutGateway:
    gateway = payout_gateway()
    if gateway is None:
        raise PayoutMethodUnavailable
    return gateway


def _stopped(number: str) -> Payout | None:
    """Ask the payment service to close what nobody has accepted yet, and then how it is."""
    try:
        _gateway().stop(number=number)
    except PayoutRefused as refusal:
        # Accepted at this very moment, or closed: the question below tells.
        log.info("payout_not_stopped", withdrawal=number, gateway_code=refusal.data["gateway_code"])
    return _gateway().query(number=number)


def _request(row: Withdrawal) -> PayoutRequest:
    # A repeated number is taken only with the very same words, so they follow no reader's language.
    with translation.override(settings.LANGUAGE_CODE):
        remark = gettext("Commission")
    return PayoutRequest(
        number=row.number,
        payee=row.payee_openid,
        amount_fen=row.net_fen,
        remark=remark,
        notify_url=settings.BASE_URL + reverse("distribution-payout-notify"),
    )


def _note(row: Withdrawal, note: str, *, now: datetime) -> None:
    """Refused, so nothing was sent: people see why, and it is tried again under its number."""
    Withdrawal.objects.filter(pk=row.pk, status=W.APPROVED).update(
        gateway_note=note[:200], asked_at=now, query_at=now + CONFIRMING_QUERY_AFTER
    )
    _alert(row, REFUSED_MESSAGE, note, now=now)


def _contradicted(row: Withdrawal, told: Payout, *, now: datetime) -> None:
    """People have to see it, whatever is booked."""
    log.error("payout_contradicts", withdrawal=row.number, told=told)
    _alert(row, CONTRADICTED_MESSAGE, told.raw_state, now=now)


def _alert(row: Withdrawal, message: str, note: str, *, now: datetime) -> None:
    raise_alert(
        cause=_cause(row),
        message=message,
        data={"number": row.number, "note": note[:200]},
        link=reverse("admin:distribution_withdrawal_change", args=[row.pk]),
        permission="distribution.view_withdrawal",
        now=now,
    )


def _cause(row: Withdrawal) -> str:
    return f"distribution.withdrawal.{row.number}"
