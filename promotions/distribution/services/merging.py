"""Two accounts of one member become one: what both have sold and earned goes on together."""

from django.db.models import F

from promotions.distribution.models import (
    Binding,
    Commission,
    CommissionAccount,
    CommissionEntry,
    Distributor,
    RankAward,
    Sale,
    Standing,
    Visit,
    Withdrawal,
)

_SUMS = ("frozen_fen", "settled_fen", "available_fen", "reserved_fen", "paid_fen")


def join_distributors(*, source: Distributor, target: Distributor) -> None:
    """Everything of the source becomes the target's, inside the caller's transaction; the ledger goes along whole."""
    is_below = source.pk in _brought_by(target)
    account = CommissionAccount.objects.select_for_update(no_key=True).get(pk=source.pk)
    for model in (Sale, Commission, Binding, Withdrawal, RankAward):
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
    if source.standing == Standing.ACTIVE and target.standing != Standing.ACTIVE:
        target.standing, target.joined_at = Standing.ACTIVE, source.joined_at
    target.save()
    Distributor.objects.filter(recruiter=source).update(recruiter=target)
    source.delete()


def _brought_by(distributor: Distributor) -> list[int]:
    """Keys of who brought them, and who brought those."""
    above = []
    recruiter = distributor.recruiter
    while recruiter is not None:
        above.append(recruiter.pk)
        recruiter = recruiter.recruiter
    return above
