"""Locks of this room. A reconciliation is locked before its lines and differences; it is locked by no other room."""

from orders.reconciliation.models import Difference, Reconciliation


def lock_reconciliation(*, reconciliation_id: int) -> Reconciliation:
    return Reconciliation.objects.select_for_update(no_key=True, of=("self",)).get(pk=reconciliation_id)


def lock_difference(*, difference_id: int) -> Difference:
    """The difference, after its reconciliation: a comparison that runs meanwhile has ended."""
    known = Difference.objects.only("reconciliation_id").get(pk=difference_id)
    lock_reconciliation(reconciliation_id=known.reconciliation_id)
    return Difference.objects.get(pk=difference_id)
