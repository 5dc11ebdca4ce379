"""One door for every code: find out what it is, use it once, write down who did so."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.utils.formats import date_format
from django.utils.timezone import localtime

from logistics.network.models import Store
from orders.verification import attempts
from orders.verification.codes import hash_of
from orders.verification.coupon_passes import CouponPasses
from orders.verification.errors import (
    AlreadyUndone,
    AlreadyVerified,
    CodeUnknown,
    UndoTooLate,
    VerificationNotFound,
)
from orders.verification.kinds import Found, Handling, Kind
from orders.verification.models import Pickup, Verification, VerificationKind
from orders.verification.pickup_codes import PickupCodes, hand_over
from orders.verification.preferences import UNDO_MINUTES
from orders.verification.service_vouchers import ServiceVouchers
from orders.verification.stores import place_of_work, store_for, stores_of
from shop.core.actors import Actor
from shop.core.errors import DomainError
from shop.core.models import StaffUser
from shop.core.shown_codes import plain
from shop.core.transactions import use_case

# What a code may be, asked in this order.
KINDS: dict[str, Kind] = {
    VerificationKind.PICKUP: PickupCodes(),
    VerificationKind.COUPON: CouponPasses(),
    VerificationKind.SERVICE: ServiceVouchers(),
}
T = TypeVar("T")


@dataclass(frozen=True)
class Clerk:
    """Who verifies, and from where."""

    staff: StaffUser
    store_id: int | None = None
    address: str | None = None
    user_agent: str = ""

    @property
    def actor(self) -> Actor:
        return Actor.staff(self.staff.get_username())


def look_up(*, code: str, clerk: Clerk, bill_fen: int | None = None, now: datetime) -> tuple[Found, Store]:
    """What the code stands for, and the store where it would be used; nothing is used. Raises what `verify` raises."""
    who = attempts.who_tries(staff_id=clerk.staff.pk, address=clerk.address)
    attempts.take_try(who=who, now=now)
    try:
        found, store = _found(plain(code), clerk, bill_fen, now)
    except DomainError as refusal:
        if not isinstance(refusal, CodeUnknown):
            attempts.give_back(who=who)
        raise
    attempts.give_back(who=who)
    return found, store


def verify(*, code: str, clerk: Clerk, bill_fen: int | None = None, now: datetime) -> tuple[Verification, Found]:
    """Use what the code stands for, once.

    Raises TooManyWrongCodes, CodeUnknown, AlreadyVerified, NoStore, StoreNotYours, StoreRequired, OtherStore, or why it
    cannot be used: of pickups PickupNotReady and PickupUnderAfterSale, of coupons BillRequired and what
    `promotions.coupons` raises, of services what `points.mall` raises.
    """
    who = attempts.who_tries(staff_id=clerk.staff.pk, address=clerk.address)
    attempts.take_try(who=who, now=now)
    try:
        done = _verify(code=plain(code), clerk=clerk, bill_fen=bill_fen, now=now)
    except DomainError as refusal:
        if not isinstance(refusal, CodeUnknown):
            attempts.give_back(who=who)
        raise
    attempts.give_back(who=who)
    return done


@use_case
def hand_over_without_code(*, pickup_id: int, clerk: Clerk, note: str, now: datetime) -> Verification:
    """A manager hands goods over to somebody who cannot show the code, and says why.

    Raises AlreadyVerified, PickupNotReady, PickupUnderAfterSale, NoStore, OtherStore.
    """
    pickup = Pickup.objects.select_related("order__member", "store").get(pk=pickup_id)
    code_hash = bytes(pickup.code_hash)
    _refuse_used(code_hash)
    chosen = place_of_work(staff=clerk.staff, store_id=clerk.store_id)
    store = store_for(staff=clerk.staff, chosen=chosen, belongs_to=pickup.store)
    with _whoever_was_faster(code_hash), transaction.atomic():
        found = hand_over(pickup=pickup, code_hash=code_hash, actor=clerk.actor, now=now)
        return _write(found, code_hash, clerk, store, now, note=note)


@use_case
def undo(*, verification_id: int, staff: StaffUser, reason: str, now: datetime) -> Verification:
    """Take a verification of one of their stores back, within minutes and where that is harmless.

    Raises VerificationNotFound, AlreadyUndone, UndoTooLate, UndoNotSafe.
    """
    rows = Verification.objects.select_for_update(no_key=True, of=("self",)).select_related("store")
    verification = rows.filter(pk=verification_id, store__in=stores_of(staff)).first()
    if verification is None:
        raise VerificationNotFound
    if verification.undone_at is not None:
        raise AlreadyUndone
    minutes = UNDO_MINUTES.value()
    if now > verification.verified_at + timedelta(minutes=minutes):
        raise UndoTooLate(minutes=minutes)
    KINDS[verification.kind].undo(
        reference=verification.reference, store=verification.store, used_at=verification.verified_at, now=now
    )
    verification.undone_at, verification.undone_by, verification.undo_reason = now, staff.get_username(), reason
    verification.save(update_fields=["undone_at", "undone_by", "undo_reason"])
    return verification


@use_case
def _verify(*, code: str, clerk: Clerk, bill_fen: int | None, now: datetime) -> tuple[Verification, Found]:
    found, store = _found(code, clerk, bill_fen, now)
    handling = Handling(store, bill_fen, clerk.actor, now=now)
    with _whoever_was_faster(hash_of(code)), transaction.atomic():
        used = KINDS[found.kind].use(code=code, handling=handling)
        return _write(used, hash_of(code), clerk, store, now), used


def _found(code: str, clerk: Clerk, bill_fen: int | None, now: datetime) -> tuple[Found, Store]:
    chosen = place_of_work(staff=clerk.staff, store_id=clerk.store_id)
    _refuse_used(hash_of(code))
    for kind in KINDS.values():
        with _whoever_was_faster(hash_of(code)):
            found = kind.find(code=code, bill_fen=bill_fen, now=now)
        if found is not None:
            return found, store_for(staff=clerk.staff, chosen=chosen, belongs_to=found.store)
    raise CodeUnknown


@contextmanager
def _whoever_was_faster(code_hash: bytes) -> Iterator[None]:
    """A refusal because somebody used the code meanwhile names them, not what their use left behind."""
    try:
        yield
    except (DomainError, IntegrityError):
        _refuse_used(code_hash)
        raise


def _refuse_used(code_hash: bytes) -> None:
    standing = Verification.objects.filter(code_hash=code_hash, undone_at=None).select_related("store").first()
    if standing is not None:
        raise AlreadyVerified(
            verified_at=date_format(localtime(standing.verified_at), "Y-m-d H:i"),
            store=standing.store.name,
            verified_by=standing.staff_name,
        )


def _write(found: Found, code_hash: bytes, clerk: Clerk, store: Store, now: datetime, note: str = "") -> Verification:
    return Verification.objects.create(
        kind=found.kind,
        reference=found.reference,
        code_hash=code_hash,
        title=found.title,
        store=store,
        staff=clerk.staff,
        staff_name=clerk.staff.get_username(),
        address=clerk.address,
        user_agent=clerk.user_agent[:200],
        bill_fen=found.bill_fen,
        off_fen=found.off_fen,
        note=note,
        verified_at=now,
    )
