"""Time passes: whoever has points that mature or expire is settled, in batches.

Each batch is one transaction of a constant number of statements. A settled account is not due any more, so that a run
that was killed goes on where it stopped; accounts that somebody else is working on are left for the next run.
"""

from datetime import datetime

from points.ledger.locks import lock_due
from points.ledger.settling import settle
from shop.core.transactions import use_case

BATCH = 2_000


def settle_due(*, now: datetime, batch_size: int = BATCH, batches: int | None = None) -> dict[str, int]:
    """Book what has matured and expired by now; returns on how many accounts. `batches` limits the work of this run."""
    effect = {"matured": 0, "expired": 0}
    while batches is None or batches > 0:
        accounts, matured, expired = _settle_batch(now=now, size=batch_size)
        if not accounts:
            break
        effect["matured"] += matured
        effect["expired"] += expired
        batches = batches - 1 if batches else batches
    return effect


def settle_batch(*, now: datetime, size: int) -> tuple[int, int, int]:
    """The next accounts that are due, inside the caller's transaction: how many, and on how many what has happened."""
    members = lock_due(now=now, limit=size)
    if not members:
        return 0, 0, 0
    done = settle(member_ids=members, now=now)
    return len(members), done.matured, done.expired


_settle_batch = use_case(settle_batch)
