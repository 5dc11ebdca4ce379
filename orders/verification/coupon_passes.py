"""Coupons that members show in a store: a pass of some minutes, which takes off a bill."""

from datetime import datetime

from logistics.network.models import Store
from orders.verification.errors import BillRequired, UndoNotSafe
from orders.verification.kinds import Found, Handling
from orders.verification.models import VerificationKind
from promotions.coupons.errors import CouponNotUsable, StorePassInvalid
from promotions.coupons.models import Coupon
from promotions.coupons.sentences import sentence_of
from promotions.coupons.services.verifying import is_pass, off_in_store, shown_coupon, take_back_use, use_in_store


class CouponPasses:
    def find(self, *, code: str, bill_fen: int | None, now: datetime) -> Found | None:
        if not is_pass(code):
            return None
        try:
            coupon = shown_coupon(code=code, now=now)
        except StorePassInvalid:
            return None
        off_fen = None if bill_fen is None else off_in_store(coupon.template, bill_fen=bill_fen)
        return _found(coupon, bill_fen, off_fen)

    def use(self, *, code: str, handling: Handling) -> Found:
        if handling.bill_fen is None:
            raise BillRequired
        coupon = use_in_store(
            code=code,
            store_code=handling.store.code,
            bill_fen=handling.bill_fen,
            actor=handling.actor,
            now=handling.now,
        )
        return _found(coupon, handling.bill_fen, coupon.cost_fen)

    def undo(self, *, reference: str, store: Store, used_at: datetime, now: datetime) -> None:
        try:
            take_back_use(number=reference, store_code=store.code, used_at=used_at, now=now)
        except CouponNotUsable as refusal:
            raise UndoNotSafe(why=refusal) from refusal


def _found(coupon: Coupon, bill_fen: int | None, off_fen: int | None) -> Found:
    return Found(
        kind=VerificationKind.COUPON,
        reference=coupon.number,
        title=coupon.template.name,
        member=coupon.member,
        details=[sentence_of(coupon.template)],
        needs_bill=True,
        bill_fen=bill_fen,
        off_fen=off_fen,
    )
