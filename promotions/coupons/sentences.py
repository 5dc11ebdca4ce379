"""What a coupon does, in one sentence for members and merchants: 满 100 减 20，限指定商品，领取后 7 天有效."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from promotions.coupons.models import CouponTemplate
from shop.core.money import yuan

Kind, UseIn, Validity = CouponTemplate.Kind, CouponTemplate.UseIn, CouponTemplate.Validity


def sentence_of(template: CouponTemplate, *, goods: Sequence[str] = (), exchange: str = "") -> str:
    """`goods` are names of what it is for, `exchange` of what it is exchanged for, where the caller knows them."""
    clauses = [_benefit(template, exchange), _goods(template, goods), _place(template), _validity(template)]
    return pgettext("between parts of a sentence", ", ").join(clause for clause in clauses if clause)


def short_yuan(fen: int) -> str:
    """`¥100`, and `¥99.50`."""
    return yuan(fen).removesuffix(".00")


def _benefit(template: CouponTemplate, exchange: str) -> str:
    off = _off(template, exchange)
    if template.threshold_fen:
        return _("{off} from {amount} on").format(amount=short_yuan(template.threshold_fen), off=off)
    if template.threshold_count:
        return _("{off} from {count} units on").format(count=template.threshold_count, off=off)
    return off


def _off(template: CouponTemplate, exchange: str) -> str:
    if template.kind == Kind.AMOUNT:
        return _("{amount} off").format(amount=short_yuan(template.amount_off_fen or 0))
    if template.kind == Kind.PERCENT:
        return _capped(_("{share} off").format(share=_share(template.percent_off_bp or 0)), template.most_off_fen)
    if template.kind == Kind.FREE_SHIPPING:
        return _capped(_("free shipping"), template.most_off_fen)
    goods = exchange or _("the chosen goods")
    if template.exchange_price_fen:
        return _("one of {goods} for {amount}").format(goods=goods, amount=short_yuan(template.exchange_price_fen))
    return _("one of {goods} for free").format(goods=goods)


def _capped(off: str, most_off_fen: int | None) -> str:
    if most_off_fen is None:
        return off
    return _("{off} (at most {amount})").format(off=off, amount=short_yuan(most_off_fen))


def _share(off_bp: int) -> str:
    """The way the reader's language says it: `15%` off, 打 8.5 折."""
    if (get_language() or "").startswith("zh"):
        return f"{(10_000 - off_bp) / 1000:g}"
    return f"{off_bp / 100:g}%"


def _goods(template: CouponTemplate, names: Sequence[str]) -> str:
    if template.kind == Kind.EXCHANGE:
        return ""
    if names:
        return _("only {goods}").format(goods=pgettext("between things of a list", ", ").join(names))
    named: list[Any] = [*template.category_ids, *template.product_ids, *template.sku_ids]
    excluded: list[Any] = [*template.excluded_category_ids, *template.excluded_product_ids, *template.excluded_sku_ids]
    if named:
        return _("only chosen goods")
    return _("some goods excepted") if excluded else ""


def _place(template: CouponTemplate) -> str:
    return _("only in our stores") if template.use_in == UseIn.STORE else ""


def _validity(template: CouponTemplate) -> str:
    if template.validity == Validity.DATES:
        if template.valid_from is None or template.valid_until is None:
            return ""
        return _("valid from {start} until {end}").format(
            start=_moment(template.valid_from), end=_moment(template.valid_until)
        )
    if not template.valid_days:
        return ""
    if template.delay_days:
        return _("valid from {delay} days after it was claimed, for {days} days").format(
            delay=template.delay_days, days=template.valid_days
        )
    return _("valid for {days} days after it was claimed").format(days=template.valid_days)


def _moment(instant: datetime) -> str:
    return date_format(localtime(instant), "Y-m-d H:i")
