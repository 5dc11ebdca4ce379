"""Locks of this room: members before transfers, transfers before point accounts."""

from points.transfers.errors import TransferNotFound
from points.transfers.models import Transfer


def lock_transfer(*, transfer_id: int) -> Transfer:
    """Raises TransferNotFound."""
    row = Transfer.objects.select_for_update(no_key=True, of=("self",)).filter(pk=transfer_id).first()
    if row is None:
        raise TransferNotFound
    return row
