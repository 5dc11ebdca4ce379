"""What the shop itself notes in the history of an order: kept as a word, told as a sentence in the reader's language.

What staff write is told as they wrote it.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

DEPOSIT_PAID = "deposit"
NOT_PAID_IN_TIME = "expired"
PAID_BACK_ELSEWHERE = "paid_back"
TEAM_FAILED, TEAM_LATE, TEAM_LEFT = "team_failed", "team_late", "team_left"

_SENTENCES: Mapping[str, Any] = {
    DEPOSIT_PAID: _("The deposit was paid."),
    NOT_PAID_IN_TIME: _("Not paid in time."),
    PAID_BACK_ELSEWHERE: _("Its payment was refunded outside the shop."),
    TEAM_FAILED: _("Team {number} was not completed."),
    TEAM_LATE: _("Paid after team {number} had ended."),
    TEAM_LEFT: _("Team {number} ended before this order was paid."),
}


def of_team(word: str, team_id: int) -> str:
    """One of the words for teams, as it is kept."""
    return f"{word} {team_id}"


def told(note: str) -> str:
    """The sentence that the note stands for; what is none of ours stays as it is."""
    word, _space, number = note.partition(" ")
    sentence = _SENTENCES.get(word)
    if sentence is None or ("{number}" in sentence) is not number.isdigit():
        return note
    return str(sentence).format(number=number)
