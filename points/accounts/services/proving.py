"""Every night the ledger is held against itself; what does not agree raises an alert."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_noop

from points.accounts.liability import outstanding
from points.accounts.models import LedgerProof
from points.ledger.invariants import LAWS
from points.ledger.queries import points_worth_fen
from shop.core.alerts import clear_alert, raise_alert
from shop.core.transactions import use_case

CAUSE = "points.ledger"


@use_case
def prove_ledger(*, now: datetime) -> LedgerProof:
    """Entries = lots = accounts, and all other laws; stored with what they add up to."""
    differences = [{"law": law.__name__, "what": found} for law in LAWS for found in law()]
    sums = outstanding()
    proof = LedgerProof.objects.create(
        at=now,
        members=sums.members,
        available=sums.available,
        pending=sums.pending,
        held=sums.held,
        debt=sums.debt,
        worth_fen=points_worth_fen(sums.points),
        differences=differences,
        is_clean=not differences,
    )
    if differences:
        raise_alert(
            cause=CAUSE,
            message=gettext_noop("The points ledger does not agree with itself: {count} differences"),
            data={"count": len(differences)},
            link=reverse("admin:accounts_ledgerproof_change", args=[proof.pk]),
            permission="accounts.view_ledgerproof",
            now=now,
        )
    else:
        clear_alert(cause=CAUSE)
    return proof
