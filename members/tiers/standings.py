"""Rows of `MemberTier` as the engine's standings; every row and every change of a tier is written here, in sets."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from msgspec import Struct

from members.tiers.arrays import arrays
from members.tiers.engine import Growth, Manual, Reason, Rules, Standing, ask, evaluate
from members.tiers.facts import TierChanged
from members.tiers.ledger import growth_of
from members.tiers.models import MemberTier, Tier
from shop.core.actors import Actor
from shop.core.outbox import publish

_COLUMNS = (
    "pk",
    "policy_id",
    "tier_id",
    "earned_tier_id",
    "growth",
    "valid_until",
    "qualified_from",
    "qualified_growth",
    "due_on",
    "manual_tier_id",
    "manual_caps",
    "manual_until",
)
_SAVE = """
    UPDATE tiers_membertier AS row SET
        policy_id = new.policy_id, tier_id = new.tier_id, earned_tier_id = new.earned_tier_id, growth = new.growth,
        valid_until = new.valid_until, qualified_from = new.qualified_from, qualified_growth = new.qualified_growth,
        due_on = new.due_on, manual_tier_id = new.manual_tier_id, manual_caps = new.manual_caps,
        manual_until = new.manual_until, counted_on = %s,
        manual_reason = CASE WHEN new.manual_tier_id IS NULL THEN '' ELSE row.manual_reason END
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::date[], %s::date[],
        %s::bigint[], %s::date[], %s::bigint[], %s::boolean[], %s::date[])
        AS new(member_id, policy_id, tier_id, earned_tier_id, growth, valid_until, qualified_from,
            qualified_growth, due_on, manual_tier_id, manual_caps, manual_until)
    WHERE row.member_id = new.member_id
"""
_RECORD = """
    INSERT INTO tiers_tierchange
        (member_id, from_tier_id, to_tier_id, reason, growth, policy_id, note, actor, changed_at)
    SELECT member_id, from_tier_id, to_tier_id, reason, growth, %s, %s, %s, %s
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::bigint[])
        AS moved(member_id, from_tier_id, to_tier_id, reason, growth)
"""
_OPEN = """
    INSERT INTO tiers_membertier (member_id, policy_id, tier_id, earned_tier_id, growth, counted_on, qualified_growth,
        manual_caps, manual_reason)
    VALUES (%s, %s, %s, %s, 0, %s, 0, false, '') ON CONFLICT (member_id) DO NOTHING
"""


class Move(Struct, frozen=True, gc=False):
    """A member's tier is another one."""

    member_id: int
    from_tier_id: int
    to_tier_id: int
    reason: Reason
    growth: int


def lock_standing(*, member_id: int, rules: Rules, today: date) -> Standing:
    """The member's row, locked; opened at the lowest tier when this is the first time. Raises IntegrityError."""
    base = rules.base.tier_id
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, [member_id, rules.version, base, base, today])
    return read_standings(MemberTier.objects.filter(pk=member_id).select_for_update(no_key=True, of=("self",)))[
        member_id
    ]


def read_standings(rows: QuerySet[MemberTier]) -> dict[int, Standing]:
    return {row[0]: _standing(row) for row in rows.values_list(*_COLUMNS)}


def evaluate_all(
    rules: Rules, standings: Mapping[int, Standing], *, today: date
) -> tuple[dict[int, Standing], list[Move]]:
    """Where these members stand today, and who moves. One statement; a result may be due again, for a later period."""
    questions = {member_id: ask(rules, standing, today) for member_id, standing in standings.items()}
    answers, nothing = growth_of(questions, today=today), Growth()
    after, moves = {}, []
    for member_id, standing in standings.items():
        after[member_id], reason = evaluate(rules, answers.get(member_id, nothing), standing, today)
        if reason is not None:
            new = after[member_id]
            moves.append(Move(member_id, standing.tier_id, new.tier_id, reason, new.growth))
    return after, moves


def save_standings(standings: Mapping[int, Standing], *, today: date) -> None:
    rows = [_row(member_id, standing) for member_id, standing in standings.items()]
    with connection.cursor() as cursor:
        cursor.execute(_SAVE, [today, *arrays(rows)])


def record_moves(
    rules: Rules, moves: Sequence[Move], *, actor: Actor, now: datetime, note: str = "", announced: bool = True
) -> None:
    """Write the history of these moves and tell the rooms above; inside the caller's transaction."""
    if not moves:
        return
    rows = [(move.member_id, move.from_tier_id, move.to_tier_id, move.reason, move.growth) for move in moves]
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, [rules.version, note, str(actor)[:80], now, *arrays(rows)])
    if announced:
        _announce(rules, moves, now)


def _announce(rules: Rules, moves: Sequence[Move], now: datetime) -> None:
    codes = dict(Tier.objects.values_list("pk", "code"))
    publish(
        *(
            TierChanged(
                member_id=move.member_id,
                from_tier=codes[move.from_tier_id],
                to_tier=codes[move.to_tier_id],
                is_upgrade=rules.rank(move.to_tier_id) > rules.rank(move.from_tier_id),
                reason=move.reason,
                at=now,
            )
            for move in moves
        )
    )


def _standing(row: tuple[Any, ...]) -> Standing:
    *earned, manual_tier_id, caps, until = row[1:]
    version, tier_id, earned_tier_id, growth, valid_until, qualified_from, qualified_growth, due_on = earned
    return Standing(
        version,
        tier_id,
        earned_tier_id,
        growth,
        valid_until,
        qualified_from,
        qualified_growth,
        Manual(manual_tier_id, caps, until) if manual_tier_id else None,
        due_on,
    )


def _row(member_id: int, new: Standing) -> tuple[Any, ...]:
    manual = new.manual
    return (
        member_id,
        new.version,
        new.tier_id,
        new.earned_tier_id,
        new.growth,
        new.valid_until,
        new.qualified_from,
        new.qualified_growth,
        new.due_on,
        manual.tier_id if manual else None,
        manual.caps if manual else False,
        manual.until if manual else None,
    )
