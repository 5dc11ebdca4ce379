"""Two accounts of one member become one: what both have sold and earned goes on together."""

from django.db.models import F, Q

from promotions.distribution.models import (
    AwardCorrection,
    Binding,
    Commission,
    CommissionAccount,
    CommissionEntry,
    Distributor,
    RankAward,
    Sale,
    Sign,
    Stage,
    Standing,
    Visit,
    Withdrawal,
)
from promotions.distribution.preferences import OWN_PURCHASES, THEMSELVES

_SUMS = ("frozen_fen", "settled_fen", "available_fen", "reserved_fen", "paid_fen")


def join_distributors(*, source: Distributor, target: Distributor) -> None:
    """Everything of the source becomes the target's, inside the caller's transaction; the ledger goes along whole.

    The caller holds both, and all that is theirs (`lock_for_merge`).
    """
    is_below = source.pk in _brought_by(target)
    account = CommissionAccount.objects.get(pk=source.pk)
    for model in (Sale, Commission, Binding, Withdrawal, RankAward, AwardCorrection):
        model._default_manager.filter(distributor=source).update(distributor=target)
    seen = Visit.objects.filter(distributor=target)
    for visit in Visit.objects.filter(distributor=source):
        if seen.filter(member=visit.member_id, target=visit.target, day=visit.day).exists():
            visit.delete()
    Visit.objects.filter(distributor=source).update(distributor=target)
    CommissionEntry.objects.filter(account=account).update(account=target.pk)
    CommissionAccount.objects.filter(pk=target.pk).update(
        **{column: F(column) + getattr(account, column) for column in _SUMS}
    )
    account.delete()
    # Where the source had brought the target, however far down, whoever brought the source stands above both.
    if is_below:
        target.recruiter_id = source.recruiter_id
    _stand_as_both(source, target)
    target.save()
    Distributor.objects.filter(recruiter=source).update(recruiter=target)
    source.delete()


def hold_own_sales(*, source_id: int, target_id: int) -> None:
    """Before the accounts become one: orders that one of them placed and the other would earn by wait for a person.

    What can be withdrawn already stays. Inside the caller's transaction, which holds these orders.
    """
    if OWN_PURCHASES.value() == THEMSELVES:
        return
    of_both = Commission.objects.filter(
        Q(sale__buyer_id=source_id, distributor__member_id=target_id)
        | Q(sale__buyer_id=target_id, distributor__member_id=source_id)
    )
    unreleased = Sale.objects.exclude(stage=Stage.RELEASED).exclude(review=Sale.Review.REFUSED)
    for sale in unreleased.filter(pk__in=of_both.values("sale")):
        sale.review, sale.signs = Sale.Review.HELD, [*sale.signs, Sign.OWN.value]
        sale.save(update_fields=["review", "signs"])


def _stand_as_both(source: Distributor, target: Distributor) -> None:
    """A pause holds for both, whichever of them was paused; else who sold goes on selling."""
    if target.standing == Standing.PAUSED:
        return
    if source.standing == Standing.PAUSED:
        target.standing, target.reason, target.decided_by = Standing.PAUSED, source.reason, source.decided_by
        target.joined_at = target.joined_at or source.joined_at
    elif source.standing == Standing.ACTIVE and target.standing != Standing.ACTIVE:
        target.standing, target.joined_at = Standing.ACTIVE, source.joined_at


def _brought_by(distributor: Distributor) -> list[int]:
    """Keys of who brought them, and who brought those."""
    above = []
    recruiter = distributor.recruiter
    while recruiter is not None:
        above.append(recruiter.pk)
        recruiter = recruiter.recruiter
    return above
