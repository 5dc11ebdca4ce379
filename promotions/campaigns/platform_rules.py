"""What the platforms and the law ask of campaigns, checked when they are published.

A mechanism describes itself by `Traits`; the rules look at nothing else, so that a new mechanism meets all of them by
telling what it does.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from promotions.campaigns.findings import Finding

# Anti-Unfair Competition Law, article 10: no prize of a draw is worth more than ¥50,000.
HIGHEST_PRIZE_FEN = 5_000_000
# Regulations on pyramid selling, and every platform's: rewards reach two levels up at most.
MOST_LEVELS = 2


@dataclass(frozen=True)
class Traits:
    """What a campaign does that somebody has rules about.

    `raised_prices` names goods whose price was lower within the last week: a discount is measured against that.
    """

    rewards_sharing: bool = False
    rewards_groups: bool = False
    draws: bool = False
    odds_published: bool = True
    highest_prize_fen: int = 0
    levels: int = 0
    completes_teams: bool = False
    sends_sms: bool = False
    raised_prices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    code: str
    breaks: Callable[[Traits], Any]
    message: Any
    forbidden: bool = False


RULES: tuple[Rule, ...] = (
    Rule(
        "rewards_sharing",
        lambda traits: traits.rewards_sharing,
        gettext_lazy("Mini-programs must not reward the act of sharing. Reward what an invited friend does instead."),
        forbidden=True,
    ),
    Rule(
        "rewards_groups",
        lambda traits: traits.rewards_groups,
        gettext_lazy("Do not make anybody forward this to groups: the platform blocks pages that do."),
    ),
    Rule(
        "odds_not_published",
        lambda traits: traits.draws and not traits.odds_published,
        gettext_lazy("A draw must publish its odds, its prizes and how many there are."),
        forbidden=True,
    ),
    Rule(
        "prize_too_high",
        lambda traits: traits.draws and traits.highest_prize_fen > HIGHEST_PRIZE_FEN,
        gettext_lazy("No prize of a draw may be worth more than ¥50,000."),
        forbidden=True,
    ),
    Rule(
        "too_many_levels",
        lambda traits: traits.levels > MOST_LEVELS,
        gettext_lazy("Rewards must not reach more than two levels up."),
        forbidden=True,
    ),
    Rule(
        "completes_teams",
        lambda traits: traits.completes_teams,
        gettext_lazy(
            "Teams that are not full may succeed here: show neither invented members nor more than have joined."
        ),
    ),
    Rule(
        "sms_needs_consent",
        lambda traits: traits.sends_sms,
        gettext_lazy("Advertising by SMS goes to those who agreed to it, and says how to unsubscribe."),
    ),
)


def platform_findings(traits: Traits) -> Sequence[Finding]:
    """The rules that it breaks or comes near to."""
    found = [Finding(rule.code, str(rule.message), rule.forbidden) for rule in RULES if rule.breaks(traits)]
    if traits.raised_prices:
        named = ", ".join(traits.raised_prices[:5])
        message = _("Within the last week these cost less than the price that is crossed out: {goods}.")
        found.append(Finding(f"raised_prices {named}"[:120], message.format(goods=named)))
    return found
