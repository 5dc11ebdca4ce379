"""Why points were given, for whoever reads it: the codes of a trace in words of the reader's language."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from members.tiers.models import Tier
from points.rules.models import shown_name
from points.rules.sentences import shown_amount, shown_limit, shown_points, shown_times
from points.rules.trace import Code, Step, steps_of


@dataclass(frozen=True)
class Reason:
    """One rule's part in a grant; `message` tells it whole."""

    rule: str
    code: str
    points: int
    message: str
    gave: bool


def explain(trace: Mapping[str, Any] | None) -> list[Reason]:
    """What a stored trace says, those rules first that gave something; one query at most."""
    return reasons(steps_of(trace))


def reasons(steps: Sequence[Step]) -> list[Reason]:
    tiers = _tier_names(steps)
    return [Reason(shown_name(step.name), step.code, step.points, _told(step, tiers), step.gave) for step in steps]


def _tier_names(steps: Sequence[Step]) -> dict[str, str]:
    codes = {step.data["tier"] for step in steps if "tier" in step.data}
    return {tier.code: str(tier) for tier in Tier.objects.filter(code__in=codes)} if codes else {}


def _told(step: Step, tiers: Mapping[str, str]) -> str:
    data = step.data
    tier = tiers.get(data.get("tier", ""), data.get("tier", ""))
    text = _TEXTS[step.code]().format(
        name=shown_name(step.name),
        points=shown_points(step.points),
        amount=shown_amount(data.get("fen", 0)),
        needed=shown_amount(data.get("needed_fen", 0)),
        times=shown_times(data.get("bp", 0)),
        base=shown_points(data.get("base", 0)),
        streak=data.get("streak", 0),
        winner=shown_name(data.get("winner", "")),
        tier=tier,
    )
    limits = "; ".join(shown_limit(**limit) for limit in data.get("limits", ()))
    if not limits:
        return text
    wanted = shown_points(data["wanted"])
    return _("{text} (limit: {limits}; without it {wanted})").format(text=text, limits=limits, wanted=wanted)


_TEXTS: Mapping[Code, Callable[[], str]] = {
    Code.FIXED: lambda: _("“{name}” gave {points}"),
    Code.PER_AMOUNT: lambda: _("“{name}” gave {points} for {amount}"),
    Code.BY_STREAK: lambda: _("“{name}” gave {points} for day {streak} in a row"),
    Code.BY_TIER: lambda: _("“{name}” gave {points} for {tier}"),
    Code.TIER: lambda: _("{tier} multiplies “{name}” by {times}: {points} more on {base}"),
    Code.MULTIPLIER: lambda: _("“{name}” multiplies {base} by {times}: {points} more"),
    Code.NOT_VALID: lambda: _("“{name}” is not valid on this day"),
    Code.NOTHING_PAID: lambda: _("“{name}” asks for goods that are paid for in money"),
    Code.NOT_THESE_DAYS: lambda: _("“{name}” is for other days"),
    Code.NOT_THIS_WEEKDAY: lambda: _("“{name}” is for other days of the week"),
    Code.NOT_MEMBER_DAY: lambda: _("“{name}” is for member day"),
    Code.NOT_A_HOLIDAY: lambda: _("“{name}” is for holidays"),
    Code.NO_SUCH_GOODS: lambda: _("“{name}” is for other goods"),
    Code.SPENT_TOO_LITTLE: lambda: _("“{name}” asks for {needed}, these goods are {amount}"),
    Code.OTHER_TIER: lambda: _("“{name}” is for other tiers than {tier}"),
    Code.OTHER_SEGMENT: lambda: _("“{name}” is for chosen members"),
    Code.OTHER_CHANNEL: lambda: _("“{name}” is for other fronts"),
    Code.NOT_FIRST_ORDER: lambda: _("“{name}” is for the first order"),
    Code.NOTHING_TO_MULTIPLY: lambda: _("“{name}” found nothing to multiply"),
    Code.TOO_LITTLE: lambda: _("“{name}” would give less than one point"),
    Code.LIMIT_REACHED: lambda: _("“{name}” has given all it may"),
    Code.NOT_BEST: lambda: _("“{name}” gave way to “{winner}”, which gives more"),
    Code.NOT_FIRST: lambda: _("“{name}” gave way to “{winner}”, which comes first"),
    Code.EXCLUDED: lambda: _("“{name}” gave way to “{winner}”, which stands alone"),
}
