"""An assessment's reasons in sentences, in the reader's language; amounts in yuan."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from orders.after_sales.engine import Explanation
from promotions.pricing.model import Measure
from shop.core.money import yuan

_SENTENCES: Mapping[str, Any] = {
    "line": _("{units} × {name}: {cash} goes back, as it was paid."),
    "line_with_points": _("{units} × {name}: {cash} and {points} points go back, as they were paid."),
    "freight_never": _("Freight of {freight} does not come back."),
    "freight_unshipped": _("Freight of {freight} comes back, because nothing was shipped."),
    "freight_stays": _("Freight of {freight} comes back only when the whole order does, before anything is shipped."),
    "freight_without_fault": _("Freight of {freight} comes back only for what is the shop's fault."),
    "freight_share": _("Freight of {freight} comes back, the share of {units} of {all} units."),
    "offer_lost": _("{kept} “{label}” is no longer earned: {amount} is deducted."),
    "offer_lost_capped": _("{kept} “{label}” is no longer earned: {amount} is deducted, all that the refund has."),
    "offer_regained": _("{amount} that was deducted for “{label}” comes back."),
    "offer_kept": _("What “{label}” gave stays, though what stays no longer reaches its threshold."),
    "gift_unsent": _("The gift “{name}” × {units} is not sent."),
    "gift_return": _("The gift “{name}” × {units} has to come back too."),
    "gift_kept": _("The gift “{name}” × {units} may be kept."),
    "gift_lost": _("The gift “{label}” × {units} is kept: its value of {amount} is deducted."),
    "gift_lost_capped": _("The gift “{label}” × {units} is kept: {amount} is deducted, all that the refund has."),
    "gift_regained": _("{amount} that was deducted for the gift “{label}” comes back."),
    "coupon_back": _("The coupon “{label}” comes back, good for as long as it was."),
    "coupon_grace": _("The coupon “{label}” has expired; it comes back, good for {days} days."),
    "coupon_expired": _("The coupon “{label}” comes back, but it has expired."),
    "coupon_never": _("The coupon “{label}” stays used."),
    "coupon_whole": _("The coupon “{label}” comes back only when the whole order does."),
    "coupon_lines": _("The coupon “{label}” comes back only with everything that it acted on."),
    "growth_back": _("Growth and points that these goods brought are taken back."),
    "growth_kept": _("Points that these goods brought are taken back; growth stays."),
}
_FOR_STAFF: Mapping[str, Any] = {
    "commission_back": _("Commission on these goods is taken back."),
    "commission_kept": _("Commission on these goods stays with the distributor."),
}


def say(explanations: Iterable[Explanation], *, to_staff: bool = False) -> list[str]:
    """For members less what is none of their business."""
    known = {**_SENTENCES, **_FOR_STAFF} if to_staff else _SENTENCES
    return [str(known[each.code]).format(**_words(each.data)) for each in explanations if each.code in known]


def _words(data: Mapping[str, Any]) -> dict[str, Any]:
    words = {key.removesuffix("_fen"): yuan(value) if key.endswith("_fen") else value for key, value in data.items()}
    if "threshold" in data:
        words["kept"] = _kept(data)
    return words


def _kept(data: Mapping[str, Any]) -> str:
    if data["measure"] == Measure.COUNT:
        said = _("{measured} units stay where {threshold} are asked for.")
        return said.format(measured=data["measured"], threshold=data["threshold"])
    said = _("Goods of {measured} stay where {threshold} are asked for.")
    return said.format(measured=yuan(data["measured"]), threshold=yuan(data["threshold"]))
