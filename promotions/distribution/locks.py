"""Locks of this room, after those of orders: leaderboards, sales, withdrawals, distributors, accounts, each by key."""

from collections.abc import Iterable

from django.db.models import Q

from promotions.distribution.errors import WithdrawalNotFound
from promotions.distribution.models import Commission, CommissionAccount, Distributor, Leaderboard, Sale, Withdrawal


def lock_board(*, pk: int) -> Leaderboard:
    """Before all others: whoever rewards a period or corrects its rewards. Raises Leaderboard.DoesNotExist."""
    return Leaderboard.objects.select_for_update(no_key=True, of=("self",)).get(pk=pk)


def lock_distributor(*, pk: int) -> Distributor:
    """Raises Distributor.DoesNotExist."""
    return Distributor.objects.select_related("member", "grade").select_for_update(no_key=True, of=("self",)).get(pk=pk)


def lock_sale(*, order_number: str) -> Sale | None:
    """None where nobody has sold the order."""
    return Sale.objects.select_for_update(no_key=True, of=("self",)).filter(order_number=order_number).first()


def lock_sale_by_key(*, pk: int) -> Sale:
    """Raises Sale.DoesNotExist."""
    return Sale.objects.select_for_update(no_key=True, of=("self",)).get(pk=pk)


def lock_withdrawal(*, number: str) -> Withdrawal:
    """Raises WithdrawalNotFound."""
    rows = Withdrawal.objects.select_related("distributor__member").filter(number=number)
    found = rows.select_for_update(no_key=True, of=("self",)).first()
    if found is None:
        raise WithdrawalNotFound
    return found


def lock_for_merge(*, source_id: int, target_id: int) -> dict[int, Distributor]:
    """All that two members' accounts become one with: the distributors among them, by member."""
    earned = Commission.objects.filter(distributor__member_id=source_id).values("sale")
    sales = Sale.objects.filter(Q(buyer_id=source_id) | Q(pk__in=earned))
    withdrawals = Withdrawal.objects.filter(distributor__member_id=source_id)
    for rows in (sales, withdrawals):
        list(rows.order_by("pk").select_for_update(no_key=True, of=("self",)).values_list("pk"))
    both = Distributor.objects.filter(member_id__in=(source_id, target_id)).order_by("pk")
    found = {row.member_id: row for row in both.select_for_update(no_key=True, of=("self",))}
    lock_accounts(row.pk for row in found.values())
    return found


def lock_accounts(distributor_ids: Iterable[int]) -> dict[int, CommissionAccount]:
    """By distributor; each has one since it was made."""
    rows = CommissionAccount.objects.filter(pk__in=set(distributor_ids)).order_by("pk")
    return {row.pk: row for row in rows.select_for_update(no_key=True, of=("self",))}
