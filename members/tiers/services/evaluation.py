"""Time passes and rules change: whoever that concerns is evaluated, in batches.

Each batch is one transaction of a constant number of statements. A member who has been evaluated is not due any more,
so that a run that was killed goes on where it stopped and ends in the same tiers.
"""

from collections.abc import Sequence
from datetime import date, datetime

from django.db.models import Q

from members.tiers.engine import Rules, Standing
from members.tiers.models import MemberTier
from members.tiers.rules import rules_in_force
from members.tiers.standings import Move, evaluate_all, read_standings, record_moves, save_standings
from shop.core.actors import Actor
from shop.core.clock import business_day
from shop.core.transactions import use_case

BATCH = 5_000
NIGHT = Actor.system("tiers.evaluate")


def evaluate_members(*, now: datetime, batch_size: int = BATCH, batches: int | None = None) -> dict[str, int]:
    """Evaluate everybody whom today or new rules concern; returns how many were evaluated and how many moved.

    Members that somebody else is working on are left for the next run. `batches` limits the work of this run.
    """
    rules, today = rules_in_force().rules, business_day(now)
    effect = {"evaluated": 0, "moved": 0}
    for concerned in (~Q(policy=rules.version), Q(due_on__lte=today)):
        after = 0
        # A period that ended long ago may make somebody due again: passes go on until one finds nobody.
        while batches is None or batches > 0:
            batch, moved, last = _evaluate_batch(rules, concerned, after=after, size=batch_size, now=now)
            if not batch and not after:
                break
            effect["evaluated"] += batch
            effect["moved"] += moved
            batches = batches - 1 if batches and batch else batches
            after = last
    return effect


def bring_up_to(
    *,
    days: Sequence[date],
    member_id: int,
    standing: Standing,
    rules: Rules,
    actor: Actor,
    now: datetime,
    note: str = "",
) -> Standing:
    """Evaluate one locked member as of each of these days and save the outcome; inside the caller's transaction."""
    current, moves = {member_id: standing}, list[Move]()
    for day in days:
        due = True
        while due:
            current, moved = evaluate_all(rules, current, today=day)
            moves += moved
            due = _is_due(current[member_id], day)
    save_standings(current, today=days[-1])
    record_moves(rules, moves, actor=actor, now=now, note=note)
    return current[member_id]


@use_case
def _evaluate_batch(rules: Rules, concerned: Q, *, after: int, size: int, now: datetime) -> tuple[int, int, int]:
    """The next members by id; returns how many they were, how many moved, and the last id, 0 at the end."""
    today = business_day(now)
    rows = MemberTier.objects.filter(concerned, pk__gt=after).order_by("pk")
    locked = rows.select_for_update(no_key=True, of=("self",), skip_locked=True)
    standings = read_standings(locked[:size])
    if not standings:
        return 0, 0, 0
    evaluated, moves = evaluate_all(rules, standings, today=today)
    save_standings(evaluated, today=today)
    record_moves(rules, moves, actor=NIGHT, now=now)
    return len(standings), len(moves), max(standings)


def _is_due(standing: Standing, day: date) -> bool:
    return standing.due_on is not None and standing.due_on <= day
