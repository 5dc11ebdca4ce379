"""What the merchant decides about after-sales, as settings; an after-sale keeps those under which it was asked for."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from orders.after_sales.engine import CouponsBack, FreightBack, GiftsBack, Policy, ThresholdLost
from promotions.coupons.preferences import RETURN_GRACE_DAYS
from shop.core.preferences import Preference, choice, switch

FREIGHT = choice(
    "after_sales.freight",
    default=FreightBack.FAULT.value,
    choices={
        FreightBack.NEVER: _("Never"),
        FreightBack.UNSHIPPED: _("When the whole order comes back before anything was shipped"),
        FreightBack.FAULT: _("That, and the share of what comes back by the shop's fault"),
        FreightBack.SHARE: _("Always the share of what comes back"),
    },
    label=_("Freight that the buyer paid comes back"),
    help_text=_("The share goes by units. Which reasons are the shop's fault follows from the reason given."),
)
THRESHOLD = choice(
    "after_sales.threshold",
    default=ThresholdLost.DEDUCT.value,
    choices={
        ThresholdLost.IGNORE: _("The benefit stays"),
        ThresholdLost.DEDUCT: _("What is no longer earned comes off the refund"),
    },
    label=_("When what stays no longer reaches a spend offer's threshold"),
    help_text=_("Deducted is at most the money that goes back; it comes back when the rest is returned too."),
)
COUPONS = choice(
    "after_sales.coupons",
    default=CouponsBack.WHOLE.value,
    choices={
        CouponsBack.NEVER: _("Never"),
        CouponsBack.WHOLE: _("When the whole order comes back"),
        CouponsBack.LINES: _("When everything comes back that the coupon acted on"),
    },
    label=_("Coupons come back"),
    help_text=_("With their original expiry. What becomes of expired ones is a setting of coupons."),
)
GIFTS = choice(
    "after_sales.gifts",
    default=GiftsBack.RETURN.value,
    choices={
        GiftsBack.RETURN: _("Have to come back"),
        GiftsBack.DEDUCT: _("Are kept, and their value comes off the refund"),
        GiftsBack.KEEP: _("Are kept"),
    },
    label=_("Gifts that are no longer earned"),
    help_text=_("What was not sent yet is not sent in any case."),
)
GROWTH = switch(
    "after_sales.growth",
    default=True,
    label=_("Refunds take back growth"),
    help_text=_("So that a tier is held by what was kept. Points that the order earned are taken back in any case."),
)
COMMISSION = switch(
    "after_sales.commission",
    default=True,
    label=_("Refunds take back commission"),
    help_text=_("The distributor's commission is counted on what is still paid."),
)
SETTINGS: tuple[Preference[Any], ...] = (FREIGHT, THRESHOLD, COUPONS, GIFTS, GROWTH, COMMISSION)


def policy_now() -> Policy:
    return policy_of({declared.key: declared.value() for declared in SETTINGS})


def policy_of(values: Mapping[str, Any]) -> Policy:
    """As the settings would have it with these values, by key."""
    return Policy(
        freight=FreightBack(values[FREIGHT.key]),
        threshold=ThresholdLost(values[THRESHOLD.key]),
        coupons=CouponsBack(values[COUPONS.key]),
        gifts=GiftsBack(values[GIFTS.key]),
        grace_days=RETURN_GRACE_DAYS.value(),
        growth_back=values[GROWTH.key],
        commission_back=values[COMMISSION.key],
    )
