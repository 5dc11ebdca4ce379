"""People decide about differences: explained, put right, or open again. Each says why."""

from datetime import datetime

from orders.reconciliation.errors import ReasonRequired
from orders.reconciliation.locks import lock_difference
from orders.reconciliation.models import TRANSITIONS, Difference, DifferenceEvent, DifferenceState
from orders.reconciliation.services.comparing import alert
from shop.core.actors import Actor
from shop.core.state import check_transition
from shop.core.transactions import use_case


@use_case
def close_difference(
    *, difference_id: int, state: DifferenceState, reason: str, actor: Actor, now: datetime
) -> Difference:
    """Close an open difference as explained or resolved. It opens again when its facts change.

    Raises ReasonRequired, IllegalTransition unless it is open.
    """
    if state not in (DifferenceState.EXPLAINED, DifferenceState.RESOLVED):
        raise ValueError("a person explains or resolves")
    return _move(difference_id, state, reason, actor, now)


@use_case
def reopen_difference(*, difference_id: int, reason: str, actor: Actor, now: datetime) -> Difference:
    """Open a closed difference again. Raises ReasonRequired, IllegalTransition when it is open."""
    return _move(difference_id, DifferenceState.OPEN, reason, actor, now)


def _move(difference_id: int, state: DifferenceState, reason: str, actor: Actor, now: datetime) -> Difference:
    if not reason.strip():
        raise ReasonRequired
    difference = lock_difference(difference_id=difference_id)
    check_transition(TRANSITIONS, current=difference.state, target=state)
    difference.state = state
    difference.closed_at = None if state == DifferenceState.OPEN else now
    difference.save(update_fields=["state", "closed_at"])
    DifferenceEvent.objects.create(
        difference=difference, state=state, actor=str(actor), reason=reason.strip()[:200], happened_at=now
    )
    alert(method=difference.reconciliation.method, now=now)
    return difference
