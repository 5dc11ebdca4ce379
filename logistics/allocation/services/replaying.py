"""Decisions taken again from what was kept of them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zlib import decompress

from logistics.allocation.deciding import decide
from logistics.allocation.errors import NotKept
from logistics.allocation.inputs import Inputs, read_inputs
from logistics.allocation.models import Allocation, KeptInputs, PlanningRound
from logistics.allocation.services.choosing import choose_by

KEPT_FOR = timedelta(days=180)
# Written by people or from an earlier decision: there is nothing to take again.
NOT_DECIDED = ("by_hand", "repacked", "reduced")


def inputs_of(decision: Mapping[str, Any]) -> Inputs:
    """Raises NotKept."""
    digest = decision.get("inputs", "")
    if decision.get("rule") in NOT_DECIDED or not digest:
        raise NotKept
    single = KeptInputs.objects.filter(digest=digest).first()
    if single is not None:
        return read_inputs(decompress(bytes(single.inputs)))
    planned = PlanningRound.objects.filter(inputs_digest=digest).first()
    if planned is None:
        raise NotKept
    return read_inputs(bytes(planned.inputs))


def replay(*, allocation: Allocation) -> bool:
    """Whether the decision comes out the same, to the last cost and reason. Raises NotKept."""
    kept = allocation.decision
    inputs = inputs_of(kept)
    if kept["planned_with"] == 1 and len(inputs.wanted) == 1:
        return choose_by(inputs).record == kept
    found = {each.request_id: each.record for each in decide(inputs).decisions}
    return found.get(allocation.request_id) == kept


def forget_inputs(*, now: datetime) -> int:
    """What decisions of long ago depended on is kept no longer; the decisions are."""
    forgotten, _each = KeptInputs.objects.filter(kept_at__lt=now - KEPT_FOR).delete()
    return forgotten
