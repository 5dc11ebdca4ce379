"""Decisions taken again from what was kept of them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zlib import decompress

import msgspec
import pgtrigger

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
        return _read(decompress(bytes(single.inputs)))
    planned = PlanningRound.objects.filter(inputs_digest=digest).first()
    if planned is None:
        raise NotKept
    return inputs_of_round(planned)


def inputs_of_round(planned: PlanningRound) -> Inputs:
    """Raises NotKept."""
    if not planned.inputs:
        raise NotKept
    return _read(bytes(planned.inputs))


def _read(kept: bytes) -> Inputs:
    try:
        return read_inputs(kept)
    except msgspec.ValidationError as error:
        # Kept by a version of the program that knew other inputs.
        raise NotKept from error


def replay(*, allocation: Allocation) -> bool:
    """Whether the decision comes out the same, to the last cost and reason. Raises NotKept."""
    kept = allocation.decision
    inputs = inputs_of(kept)
    if kept["planned_with"] == 1 and len(inputs.wanted) == 1:
        return _decided(choose_by(inputs).record) == _decided(kept)
    found = {each.request_id: each.record for each in decide(inputs).decisions}
    return _decided(found.get(allocation.request_id, {})) == _decided(kept)


def _decided(record: Mapping[str, Any]) -> dict[str, Any]:
    """Without the digests by which the inputs were found: a version of the program that knows more inputs digests the
    same ones otherwise."""
    return {name: value for name, value in record.items() if name not in ("inputs", "rates")}


def forget_inputs(*, now: datetime) -> int:
    """What decisions of long ago depended on is kept no longer; the decisions are, and what rounds have saved."""
    before = now - KEPT_FOR
    forgotten, _each = KeptInputs.objects.filter(kept_at__lt=before).delete()
    rounds = PlanningRound.objects.filter(planned_at__lt=before).exclude(inputs=b"")
    with pgtrigger.ignore("allocation.PlanningRound:write_once"):
        return forgotten + rounds.update(inputs=b"")
