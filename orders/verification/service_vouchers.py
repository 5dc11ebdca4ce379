"""Vouchers of services that members redeemed for points: shown in a store, used once."""

from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from logistics.network.models import Store
from orders.verification.errors import OtherStore, UndoNotSafe
from orders.verification.kinds import Found, Handling
from orders.verification.models import VerificationKind
from points.mall.errors import VoucherNotUsable
from points.mall.models import Voucher
from points.mall.sealing import is_shown_code
from points.mall.services.vouchers import shown_voucher, take_back_use, use_voucher


class ServiceVouchers:
    def find(self, *, code: str, bill_fen: int | None, now: datetime) -> Found | None:
        voucher = shown_voucher(code=code, now=now) if is_shown_code(code) else None
        return _found(voucher) if voucher else None

    def use(self, *, code: str, handling: Handling) -> Found:
        voucher = use_voucher(code=code, store_code=handling.store.code, actor=handling.actor, now=handling.now)
        return _found(voucher)

    def undo(self, *, reference: str, store: Store, used_at: datetime, now: datetime) -> None:
        try:
            take_back_use(number=reference, store_code=store.code, used_at=used_at, now=now)
        except VoucherNotUsable as refusal:
            raise UndoNotSafe(why=refusal) from refusal


def _found(voucher: Voucher) -> Found:
    """What belongs to one store is used there, where that is open. Raises OtherStore where there is none such."""
    resource, details = voucher.reward.resource, []
    if voucher.slot is not None and resource is not None:
        starts_at = date_format(localtime(voucher.slot.starts_at), "Y-m-d H:i")
        details.append(_("Booked: {resource}, {starts_at}").format(resource=resource.name, starts_at=starts_at))
    code = resource.store_code if resource else ""
    store = Store.objects.filter(code=code).first()
    if code and store is None:
        raise OtherStore(store=code)
    return Found(
        kind=VerificationKind.SERVICE,
        reference=voucher.number,
        title=voucher.reward.name,
        member=voucher.member,
        store=store,
        details=details,
    )
