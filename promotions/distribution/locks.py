"""Locks of this room, after those of orders: a sale or a withdrawal before accounts, accounts by key."""

from collections.abc import Iterable

from promotions.distribution.errors import WithdrawalNotFound
from promotions.distribution.models import CommissionAccount, Distributor, Sale, Withdrawal


def lock_distributor(*, pk: int) -> Distributor:
    """Raises Distributor.DoesNotExist."""
    return Distributor.objects.select_related("member", "grade").select_for_update(no_key=True, of=("self",)).get(pk=pk)


def lock_sale(*, order_number: str) -> Sale | None:
    """None where nobody has sold the order."""
    return Sale.objects.select_for_update(no_key=True, of=("self",)).filter(order_number=order_number).first()


def lock_withdrawal(*, number: str) -> Withdrawal:
    """Raises WithdrawalNotFound."""
    rows = Withdrawal.objects.select_related("distributor__member").filter(number=number)
    found = rows.select_for_update(no_key=True, of=("self",)).first()
    if found is None:
        raise WithdrawalNotFound
    return found


def lock_accounts(distributor_ids: Iterable[int]) -> dict[int, CommissionAccount]:
    """By distributor; each has one since it was made."""
    rows = CommissionAccount.objects.filter(pk__in=set(distributor_ids)).order_by("pk")
    return {row.pk: row for row in rows.select_for_update(no_key=True, of=("self",))}
