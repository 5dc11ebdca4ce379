"""What the merchant may change about how buyers are told apart."""

from collections.abc import Mapping

from django.utils.functional import lazystr
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from shop.core.preferences import Preference, choice, whole_number

QUANTILES, THRESHOLDS = "quantiles", "thresholds"
SCORED_BY = choice(
    "buyers.scored_by",
    default=QUANTILES,
    choices={QUANTILES: _("Fifths of all buyers"), THRESHOLDS: _("Fixed limits")},
    label=_("R, F and M are scored by"),
    help_text=_("Fifths: each score is given to about as many buyers. Fixed limits: as set below."),
)


def _limits(what: str, label: object, defaults: tuple[int, int, int, int]) -> tuple[Preference[int], ...]:
    """The limits of the scores 2 to 5."""
    return tuple(
        whole_number(
            f"buyers.{what}_{score}_fen" if what == "monetary" else f"buyers.{what}_{score}",
            default=default,
            label=format_lazy("{}: {}", label, lazystr(score)),
        )
        for score, default in enumerate(defaults, 2)
    )


LIMITS: Mapping[str, tuple[Preference[int], ...]] = {
    "recency": _limits("recency", _("Days since the last purchase, at most, for R"), (180, 90, 45, 15)),
    "frequency": _limits("frequency", _("Orders in a year, at least, for F"), (2, 3, 5, 8)),
    "monetary": _limits("monetary", _("Spent in a year, at least, for M"), (10_000, 30_000, 80_000, 200_000)),
}
NEW_DAYS = whole_number(
    "buyers.new_days", default=30, minimum=1, maximum=365, label=_("Days for which a member or buyer is new")
)
DORMANT_DAYS = whole_number(
    "buyers.dormant_days",
    default=30,
    minimum=1,
    maximum=730,
    label=_("Days without a visit after which a buyer is dormant"),
)
LOST_DAYS = whole_number(
    "buyers.lost_days",
    default=180,
    minimum=2,
    maximum=3650,
    label=_("Days without a visit after which a buyer is lost"),
)
MARGIN_BP = whole_number(
    "buyers.margin_bp",
    default=3000,
    maximum=10_000,
    label=_("Margin of goods (bp)"),
    help_text=_("The return of a campaign is net paid × margin − cost, per cost."),
)
