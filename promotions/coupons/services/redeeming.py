"""A member redeems a code.

Every try is counted, in a transaction of its own, before it is known whether the code is good; a good one is not held
against anybody afterwards. Of a code that does not work nobody learns why.
"""

from datetime import datetime, timedelta

from django.db.models import F, Q

from members.identity.locks import lock_names
from members.identity.origin import Origin
from promotions.campaigns.queries import buyer_for
from promotions.coupons.errors import RedemptionCodeInvalid, RedemptionLocked
from promotions.coupons.models import Code, CodeBatch, CodeTry, Coupon, CouponTemplate
from promotions.coupons.models.codes import BatchStatus
from promotions.coupons.preferences import WRONG_CODES_PER_HOUR
from promotions.coupons.redemption_codes import hash_of, read
from promotions.coupons.services.granting import give
from shop.core.errors import DomainError
from shop.core.transactions import use_case

WINDOW = timedelta(hours=1)
# Many members may share an address: a school, a mobile network.
ADDRESS_FACTOR = 10


def redeem_code(*, typed: str, member_id: int, channel: str, origin: Origin, now: datetime) -> Coupon:
    """The coupon that the code is good for; again by the same member, the same coupon.

    Raises RedemptionLocked, RedemptionCodeInvalid, and for a good code what `give` raises or the audience says. Not to
    be called inside a transaction: the try counts although the request is refused.
    """
    code = read(typed)
    code_hash = hash_of(code or "")
    if code is not None:
        coupon = _redeemed_before(code_hash, member_id)
        if coupon is not None:
            return coupon
    try_id = _count_try(member_id=member_id, origin=origin, now=now)
    try:
        if code is None:
            raise RedemptionCodeInvalid
        return _redeem(code_hash=code_hash, member_id=member_id, channel=channel, try_id=try_id, now=now)
    except RedemptionCodeInvalid:
        raise
    except DomainError:
        # The code is good, only not for this member now: whoever has it did not guess.
        CodeTry.objects.filter(pk=try_id).delete()
        raise


def forget_tries(*, now: datetime) -> int:
    """Delete the tries that no limit looks back at; returns how many."""
    return CodeTry.objects.filter(tried_at__lte=now - WINDOW).delete()[0]


def _redeemed_before(code_hash: bytes, member_id: int) -> Coupon | None:
    code = Code.objects.filter(code_hash=code_hash, member_id=member_id).select_related("batch").first()
    if code is None:
        return None
    return Coupon.objects.filter(template=code.batch.template_id, reference=_reference(code.pk)).first()


@use_case
def _count_try(*, member_id: int, origin: Origin, now: datetime) -> int:
    address, device = origin.address, origin.device
    places = [f"redeem-address:{address}"] * bool(address) + [f"redeem-device:{device}"] * bool(device)
    lock_names(f"redeem-member:{member_id}", *places)
    most = WRONG_CODES_PER_HOUR.value()
    _check(Q(member_id=member_id), most, now)
    if device:
        _check(Q(device=device), most, now)
    if address:
        _check(Q(address=address), most * ADDRESS_FACTOR, now)
    return CodeTry.objects.create(member_id=member_id, address=address, device=device, tried_at=now).pk


def _check(whose: Q, most: int, now: datetime) -> None:
    recent = CodeTry.objects.filter(whose, tried_at__gt=now - WINDOW).order_by("-tried_at")
    # The newest that may still count: when it is forgotten, there is room for one more.
    deciding = recent.values_list("tried_at", flat=True)[most - 1 : most]
    for tried_at in deciding:
        raise RedemptionLocked(retry_after=max(1, int((tried_at + WINDOW - now).total_seconds())))


@use_case
def _redeem(*, code_hash: bytes, member_id: int, channel: str, try_id: int, now: datetime) -> Coupon:
    live = Q(batch__status=BatchStatus.LIVE) & (Q(batch__expires_at=None) | Q(batch__expires_at__gt=now))
    code = Code.objects.filter(live, code_hash=code_hash, member=None).select_related("batch__template").first()
    if code is None:
        raise RedemptionCodeInvalid
    template = code.batch.template
    refusal = template.audience.refusal(buyer_for(member_id=member_id, channel=channel, now=now))
    if refusal is not None:
        raise refusal
    if not Code.objects.filter(pk=code.pk, member=None).update(member_id=member_id, redeemed_at=now):
        raise RedemptionCodeInvalid
    coupon = give(
        template=template,
        member_id=member_id,
        way=CouponTemplate.Way.CODES,
        reference=_reference(code.pk),
        now=now,
    )
    # Last, because everybody who redeems a code of the batch meets here.
    if not CodeBatch.objects.filter(pk=code.batch_id, status=BatchStatus.LIVE).update(
        redeemed_count=F("redeemed_count") + 1
    ):
        raise RedemptionCodeInvalid
    CodeTry.objects.filter(pk=try_id).delete()
    return coupon


def _reference(code_id: int) -> str:
    return f"code:{code_id}"
