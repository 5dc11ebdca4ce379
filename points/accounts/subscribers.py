"""What follows a change of points: the member is told, and growth follows what was earned."""

from collections.abc import Mapping

from django.utils.translation import override

from members.notifications.events import NotificationEvent
from members.notifications.queries import chosen_language
from members.notifications.services import notify
from members.tiers.services import earn_by_points, take_back_growth
from points.accounts.explaining import FILE, reason_of
from points.accounts.notices import CAME, EXPIRED, RIPE, WENT
from points.ledger.facts import PointsChanged
from points.ledger.models import PointTransaction
from points.ledger.queries import transaction_of
from shop.core import clock
from shop.core.events import subscribe

Kind = PointTransaction.Kind
# Setting points aside and taking them back is part of a purchase that is told when it is one; of a gift its giver and
# of a merger or of leaving the member knows from elsewhere.
TOLD: Mapping[str, tuple[NotificationEvent, NotificationEvent]] = {
    Kind.GRANT: (CAME, WENT),
    Kind.ADJUST: (CAME, WENT),
    Kind.REVERSE: (CAME, WENT),
    Kind.TRANSFER_IN: (CAME, WENT),
    Kind.MATURE: (RIPE, RIPE),
    Kind.SPEND: (CAME, WENT),
    Kind.CAPTURE: (CAME, WENT),
    Kind.CLAW_BACK: (CAME, WENT),
    Kind.EXPIRE: (EXPIRED, EXPIRED),
}
GROWN = (Kind.GRANT, Kind.CLAW_BACK)


def _grows(fact: PointsChanged) -> bool:
    return fact.kind in GROWN and fact.source != FILE and not (fact.kind == Kind.GRANT and fact.by_rule)


@subscribe(PointsChanged, only=lambda fact: fact.kind in TOLD, turn=0)
def tell_member(fact: PointsChanged) -> None:
    """Once per movement; a sweep books one for each member, however many lots matured or expired."""
    movement = transaction_of(reference=fact.reference)
    if movement is None:
        return
    with override(chosen_language(member_id=fact.member_id)):
        reason = reason_of(movement)
    notify(
        event=TOLD[fact.kind][fact.points < 0],
        member_id=fact.member_id,
        context={"points": abs(fact.points), "reason": reason, "available": fact.available},
        dedupe_key=fact.reference,
        now=clock.now(),
    )


@subscribe(PointsChanged, only=_grows, turn=1)
def grow_by_points(fact: PointsChanged) -> None:
    """Growth for points that were earned, by the rates of tiers; what the shop gave is no merit.

    What the merchant's rules give has its growth from there: for an order not before its goods stay.
    """
    if fact.kind == Kind.GRANT:
        earn_by_points(
            reference=_growth(fact.reference),
            member_id=fact.member_id,
            points=fact.points,
            earned_at=fact.at,
            now=clock.now(),
        )
    else:
        _take_back(fact)


def _take_back(fact: PointsChanged) -> None:
    """What is left of the grant by then; facts may come late and in any order, so later claw-backs do not count."""
    taken = transaction_of(reference=fact.reference)
    granted = taken.reverses if taken else None
    if taken is None or granted is None:
        return
    so_far = granted.reversals.filter(kind=Kind.CLAW_BACK, pk__lte=taken.pk).values_list("points", flat=True)
    take_back_growth(
        reference=_growth(fact.reference),
        earning=_growth(granted.reference),
        left=granted.points + sum(so_far),
        now=clock.now(),
    )


def _growth(reference: str) -> str:
    return f"points:{reference}"
