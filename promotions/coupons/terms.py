"""A member's coupons as pricing reads them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from promotions.campaigns.audience import Buyer
from promotions.campaigns.scopes import category_paths
from promotions.coupons.models import Coupon, CouponTemplate
from promotions.coupons.queries import MOST_USABLE, usable
from promotions.pricing.model import CouponKind, CouponTerms, PricingLine, Refusal, Terms

Kind = CouponTemplate.Kind
_KINDS = {
    Kind.AMOUNT: CouponKind.AMOUNT,
    Kind.PERCENT: CouponKind.PERCENT,
    Kind.FREE_SHIPPING: CouponKind.SHIPPING,
    Kind.EXCHANGE: CouponKind.EXCHANGE,
}


def terms_for(*, buyer: Buyer, lines: Sequence[PricingLine], now: datetime) -> tuple[CouponTerms, ...]:
    """The member's unused coupons, soonest over first; what cannot be used now says why.

    One query, and another one where a coupon names categories.
    """
    if buyer.member_id is None:
        return ()
    held = usable(member_id=buyer.member_id, now=now).select_related("template").order_by("valid_until", "pk")
    coupons = list(held[:MOST_USABLE])
    by_category = any(each.template.category_ids or each.template.excluded_category_ids for each in coupons)
    paths = category_paths() if by_category else {}
    return tuple(terms_of(coupon, paths=paths, now=now) for coupon in coupons)


def terms_of_template(template: CouponTemplate, paths: Mapping[int, str]) -> Terms:
    """As it acts for somebody who holds one coupon of it and may use it now."""
    coupon = Coupon(pk=template.pk, template=template, valid_from=template.starts_at)
    return Terms(coupons=(terms_of(coupon, paths=paths, now=template.starts_at),))


def terms_of(coupon: Coupon, *, paths: Mapping[int, str], now: datetime) -> CouponTerms:
    template = coupon.template
    return CouponTerms(
        id=coupon.pk,
        label=template.name,
        kind=_KINDS[Kind(template.kind)],
        template_id=template.pk,
        scope=template.reach(paths),
        threshold_fen=template.threshold_fen,
        threshold_count=template.threshold_count,
        off_fen=template.amount_off_fen or 0 if template.kind == Kind.AMOUNT else 0,
        off_bp=template.percent_off_bp or 0 if template.kind == Kind.PERCENT else 0,
        cap_fen=template.most_off_fen if template.kind in (Kind.PERCENT, Kind.FREE_SHIPPING) else None,
        pay_fen=template.exchange_price_fen if template.kind == Kind.EXCHANGE else 0,
        refusal=_refusal(coupon, now),
        version=template.revision,
        refuses=template.refused_mechanisms,
    )


def _refusal(coupon: Coupon, now: datetime) -> Refusal | None:
    if coupon.template.use_in == CouponTemplate.UseIn.STORE:
        return Refusal("coupon_for_stores", _("This coupon is for our stores."))
    if coupon.valid_from > now:
        return Refusal("coupon_not_yet_valid", _("This coupon is not valid yet."))
    return None
