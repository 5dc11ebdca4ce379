"""What a movement of points was and why, in the reader's language: for the member's front and for staff alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from points.ledger.models import PointTransaction
from points.ledger.services.granting import MANUAL
from points.rules.events import kind_of
from points.rules.explaining import Reason, reasons
from points.rules.sentences import shown_points
from points.rules.trace import steps_of

Kind = PointTransaction.Kind
FILE = "file"


@dataclass(frozen=True)
class Explained:
    """A movement with its sentence, and what each rule gave, or why it gave nothing."""

    movement: PointTransaction
    reason: str
    trace: tuple[Reason, ...]


def explain_all(movements: Sequence[PointTransaction]) -> list[Explained]:
    """In one query at most, however many there are."""
    steps = [steps_of(movement.trace) for movement in movements]
    told = iter(reasons([step for of_one in steps for step in of_one]))
    return [
        Explained(movement, reason_of(movement), (*(next(told) for _step in of_one), *_about_the_rest(movement)))
        for movement, of_one in zip(movements, steps, strict=True)
    ]


def reason_of(movement: PointTransaction) -> str:
    """One sentence; the note that somebody left belongs to it."""
    said = _SENTENCES[Kind(movement.kind)]().format(what=shown_source(movement.source))
    return _("{sentence}: {note}").format(sentence=said, note=movement.note) if movement.note else said


def shown_source(code: str) -> str:
    named = _SOURCES.get(code)
    return named() if named else str(kind_of(code).label)


def _about_the_rest(movement: PointTransaction) -> list[Reason]:
    """Points may go into what the member owed, leave the member owing some, or come back after they had expired."""
    data = movement.trace or {}
    found = []
    if repaid := data.get("debt_repaid"):
        said = _("{points} of these paid back what was owed").format(points=shown_points(repaid))
        found.append(Reason("", "debt_repaid", -repaid, said, False))
    if expired := data.get("expired"):
        said = _("{points} of these had expired meanwhile and are gone").format(points=shown_points(expired))
        found.append(Reason("", "expired", -expired, said, False))
    if owed := data.get("debt"):
        said = _("{points} were not there any more and are owed").format(points=shown_points(owed))
        found.append(Reason("", "debt", -owed, said, False))
    return found


_SOURCES: Mapping[str, Callable[[], str]] = {
    MANUAL: lambda: _("the shop"),
    FILE: lambda: _("Gift of the shop"),
    "clock": lambda: _("the calendar"),
    "transfer": lambda: _("Gift to another member"),
    "campaign": lambda: _("Won in a campaign"),
}
_SENTENCES: Mapping[Kind, Callable[[], Any]] = {
    Kind.GRANT: lambda: _("Earned: {what}"),
    Kind.MATURE: lambda: _("Can be spent now"),
    Kind.HOLD: lambda: _("Set aside: {what}"),
    Kind.CAPTURE: lambda: _("Spent: {what}"),
    Kind.RELEASE: lambda: _("Not set aside any more: {what}"),
    Kind.SPEND: lambda: _("Spent: {what}"),
    Kind.REVERSE: lambda: _("Given back: {what}"),
    Kind.EXPIRE: lambda: _("Expired"),
    Kind.TRANSFER_OUT: lambda: _("Given to another member"),
    Kind.TRANSFER_IN: lambda: _("Received from another member"),
    Kind.CLAW_BACK: lambda: _("Taken back: {what}"),
    Kind.ADJUST: lambda: _("Adjusted by the shop"),
    Kind.MERGE: lambda: _("Two accounts became one"),
    Kind.VOID: lambda: _("Void on leaving"),
}
