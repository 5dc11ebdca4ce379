"""A member's coupons as pricing reads them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from promotions.campaigns import version
from promotions.campaigns.audience import Buyer
from promotions.campaigns.scopes import category_paths, scope_of
from promotions.coupons.errors import CouponsSwitchedOff, CouponSuspended
from promotions.coupons.models import CouponTemplate
from promotions.coupons.queries import MOST_USABLE
from promotions.pricing.model import CouponKind, CouponTerms, Mechanism, Refusal, Terms
from promotions.pricing.scopes import Scope
from shop.core.prepared import Prepared, Question

Kind = CouponTemplate.Kind
CouponChoice = Sequence[int] | Literal["best"]
_KINDS = {
    Kind.AMOUNT: CouponKind.AMOUNT,
    Kind.PERCENT: CouponKind.PERCENT,
    Kind.FREE_SHIPPING: CouponKind.SHIPPING,
    Kind.EXCHANGE: CouponKind.EXCHANGE,
}


# Columns in the order of Held; written out, because every quote asks. See `queries.usable`.
_HELD = Prepared(
    "coupons_held",
    """
SELECT coupon.id, coupon.valid_from <= %(now)s, template.id, template.name, template.kind, template.revision,
    template.use_in, template.halted,
    template.threshold_fen, template.threshold_count, template.amount_off_fen, template.percent_off_bp,
    template.most_off_fen, template.exchange_price_fen, template.exchange_sku_id, template.refuses,
    template.category_ids, template.product_ids, template.sku_ids,
    template.excluded_category_ids, template.excluded_product_ids, template.excluded_sku_ids
FROM coupons_coupon coupon JOIN coupons_coupontemplate template ON template.id = coupon.template_id
WHERE coupon.member_id = %(member)s AND coupon.status = 'unused' AND coupon.valid_until > %(now)s
    AND template.halted <> 'void'
ORDER BY coupon.id = ANY(%(asked)s::bigint[]) DESC,
    (coupon.valid_from <= %(now)s AND template.use_in <> 'store' AND template.halted = '') DESC,
    coupon.valid_until, coupon.id
LIMIT %(most)s
""",
)


class Held(Struct, frozen=True):
    """A coupon with what its template says, by the names that these have there."""

    coupon_id: int
    is_valid: bool
    pk: int
    name: str
    kind: str
    revision: int
    use_in: str
    halted: str
    threshold_fen: int
    threshold_count: int
    amount_off_fen: int | None
    percent_off_bp: int | None
    most_off_fen: int | None
    exchange_price_fen: int
    exchange_sku_id: int | None
    refuses: Sequence[str]
    category_ids: Sequence[int]
    product_ids: Sequence[int]
    sku_ids: Sequence[int]
    excluded_category_ids: Sequence[int]
    excluded_product_ids: Sequence[int]
    excluded_sku_ids: Sequence[int]


def ask_coupons(*, member_id: int, asked: CouponChoice, now: datetime) -> Question:
    """What `terms_for` reads of the member's coupons."""
    named = [] if asked == "best" else sorted(set(asked))
    return Question(_HELD, {"member": member_id, "asked": named, "now": now, "most": MOST_USABLE})


def terms_for(*, buyer: Buyer, asked: CouponChoice, now: datetime) -> tuple[CouponTerms, ...]:
    """The member's unused coupons: those asked for, what can be used, soonest over first; the others say why not.

    One query, another one where a coupon names categories, and one more unless the buyer brings the stamp.
    """
    if buyer.member_id is None:
        return ()
    coupons = [Held(*row) for row in ask_coupons(member_id=buyer.member_id, asked=asked, now=now).run()]
    by_category = any(each.category_ids or each.excluded_category_ids for each in coupons)
    paths = category_paths() if by_category else {}
    stamp = version.current() if coupons and buyer.stamp is None else buyer.stamp
    return tuple(_terms_of(coupon, paths=paths, is_off=stamp == version.OFF) for coupon in coupons)


def terms_of_template(template: CouponTemplate, paths: Mapping[int, str], *, at: datetime | None = None) -> Terms:
    """As it acts for somebody who holds one coupon of it and may use it now; no coupon in hand has a number below 0."""
    told = [getattr(template, name) for name in Held.__struct_fields__[2:]]
    return Terms(coupons=(_terms_of(Held(-template.pk, True, *told), paths=paths),))


def _terms_of(held: Held, *, paths: Mapping[int, str], is_off: bool = False) -> CouponTerms:
    kind = Kind(held.kind)
    return CouponTerms(
        id=held.coupon_id,
        label=held.name,
        kind=_KINDS[kind],
        template_id=held.pk,
        scope=Scope(skus=frozenset([held.exchange_sku_id or 0])) if kind == Kind.EXCHANGE else scope_of(held, paths),
        threshold_fen=held.threshold_fen,
        threshold_count=held.threshold_count,
        off_fen=held.amount_off_fen or 0 if kind == Kind.AMOUNT else 0,
        off_bp=held.percent_off_bp or 0 if kind == Kind.PERCENT else 0,
        cap_fen=held.most_off_fen if kind in (Kind.PERCENT, Kind.FREE_SHIPPING) else None,
        pay_fen=held.exchange_price_fen if kind == Kind.EXCHANGE else 0,
        refusal=_refusal(held, is_off),
        version=held.revision,
        refuses=frozenset(map(Mechanism, held.refuses)),
    )


def _refusal(held: Held, is_off: bool) -> Refusal | None:
    if is_off:
        return Refusal(CouponsSwitchedOff.code, CouponsSwitchedOff.message)
    if held.halted:
        return Refusal(CouponSuspended.code, CouponSuspended.message)
    if held.use_in == CouponTemplate.UseIn.STORE:
        return Refusal("coupon_for_stores", _("This coupon is for our stores."))
    if not held.is_valid:
        return Refusal("coupon_not_yet_valid", _("This coupon is not valid yet."))
    return None
