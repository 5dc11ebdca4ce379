"""Events earn points, once; the points mature, and refunds take their share back.

All are building blocks, inside the caller's transaction. Repeating a call changes nothing.
"""

from collections.abc import Sequence
from datetime import datetime

from psycopg2.extras import Json

from members.tiers.services import earn_by_points, take_back_growth
from points.ledger.models import PointTransaction
from points.ledger.services import claw_back, grant, set_maturity
from points.rules.counters import count, lock_counters
from points.rules.earners import earner_at
from points.rules.engine import Evaluation, Part, RuleSet, bounded, counter_keys, evaluate
from points.rules.errors import EarningReferenceUsed
from points.rules.events import EarningEvent, kind_of
from points.rules.live import live_rules
from points.rules.models import Earning
from points.rules.trace import stored
from shop.core.prepared import Prepared, columns

# Written out, because every order earns.
_KNOWN = Prepared("known_earning", f"SELECT {columns(Earning)} FROM rules_earning WHERE reference = %s")
_LOCK = Prepared("lock_earning", f"SELECT {columns(Earning)} FROM rules_earning WHERE reference = %s FOR NO KEY UPDATE")
_KEEP = Prepared(
    "keep_earning",
    """
INSERT INTO rules_earning (reference, member_id, kind, points, parts, net_fen, left_fen, rule_set_id, trace,
    happened_at, matures_at, created_at)
VALUES (%(reference)s, %(member_id)s, %(kind)s, %(points)s, %(parts)s, %(net_fen)s::bigint[],
    %(left_fen)s::bigint[], %(rule_set_id)s, %(trace)s, %(happened_at)s, %(matures_at)s, %(created_at)s)
ON CONFLICT (reference) DO NOTHING RETURNING id
""",
)


def earn(*, event: EarningEvent, now: datetime) -> Earning:
    """Give the member what the live rules say; what is kept tells why, also of nothing.

    Limits are locked before they are looked at, accounts after them. Raises EarningReferenceUsed when the reference
    earned for something else.
    """
    known = _KNOWN.first(Earning, [event.reference])
    if known is not None:
        return _same(known, event)
    rules = live_rules()
    evaluation = _evaluate_locked(event, rules)
    earning, is_new = _keep(event, rules, evaluation, now)
    if not is_new:
        return _same(earning, event)
    count(evaluation.uses)
    for part, reference in zip(evaluation.parts, earning.parts, strict=True):
        _grant(part, reference, earning, event, now)
    if earning.matures_at is not None:
        _grow(earning, now)
    return earning


def mature(*, reference: str, matures_at: datetime, now: datetime) -> None:
    """Say when the points of a pending event become available, and let growth count what refunds have left of them.

    The first word holds; nothing happens where the event earned nothing.
    """
    earning = Earning.objects.select_for_update(no_key=True).filter(reference=reference, matures_at=None).first()
    if earning is None:
        return
    for part in earning.parts:
        set_maturity(reference=part, matures_at=matures_at, now=now)
    Earning.objects.filter(pk=earning.pk).update(matures_at=matures_at)
    _grow(earning, now)


def take_back(*, of: str, reference: str, left_fen: Sequence[int], now: datetime) -> int:
    """A refund: `left_fen` is left of what was paid for each line of the event; returns how many points were taken
    back.

    Of what a line earned, each grant keeps its share, rounded down, so that refunds in parts add up to the whole, in
    whatever order they come, and a whole refund leaves nothing. What was taken never comes back, and an event that
    earned nothing has nothing to give.
    """
    earning = _LOCK.first(Earning, [of])
    if earning is None:
        return 0
    left = _left(earning, left_fen)
    if left == earning.left_fen:
        return 0
    before = {part: earning.kept(part) for part in earning.parts}
    earning.left_fen = left
    taken = {part: kept - earning.kept(part) for part, kept in before.items()}
    for part, points in taken.items():
        if points:
            claw_back(of=part, reference=_name(reference, part, of), points=points, now=now)
    Earning.objects.filter(pk=earning.pk).update(left_fen=left)
    take_back_growth(reference=_growth(reference), earning=_growth(of), left=earning.points_kept, now=now)
    return sum(taken.values())


def undo(*, of: str, reference: str, now: datetime) -> int:
    """The deed itself did not count after all: take back every point of it; returns how many. For what has no price."""
    earning = _LOCK.first(Earning, [of])
    if earning is None or earning.worth_fen or PointTransaction.objects.filter(reference=reference).exists():
        return 0
    for part, points in earning.parts.items():
        claw_back(of=part, reference=_name(reference, part, of), points=sum(points), now=now)
    take_back_growth(reference=_growth(reference), earning=_growth(of), left=0, now=now)
    return earning.points


def _left(earning: Earning, left_fen: Sequence[int]) -> list[int]:
    """By line of the earning, never more than before."""
    told = [sum(left_fen)] if len(earning.net_fen) == 1 else left_fen
    return [min(before, max(fen, 0)) for before, fen in zip(earning.left_fen, told, strict=True)]


def _grow(earning: Earning, now: datetime) -> None:
    """Growth for points, where the rules of tiers give any."""
    earn_by_points(
        reference=_growth(earning.reference),
        member_id=earning.member_id,
        points=earning.points_kept,
        earned_at=now,
        now=now,
    )


def _evaluate_locked(event: EarningEvent, rules: RuleSet) -> Evaluation:
    earner = earner_at(member_id=event.member_id, at=event.at, rules=rules)
    keys = counter_keys(event, bounded(event, earner, rules))
    return evaluate(event, earner, rules, lock_counters(keys))


def _keep(event: EarningEvent, rules: RuleSet, evaluation: Evaluation, now: datetime) -> tuple[Earning, bool]:
    """What was earned, and whether it is this call that wrote it down."""
    earning = Earning(
        reference=event.reference,
        member_id=event.member_id,
        kind=event.kind,
        points=evaluation.points,
        parts=_named(evaluation, event.reference),
        net_fen=list(event.net_fen),
        left_fen=list(event.net_fen),
        rule_set_id=rules.version,
        trace=stored(evaluation.steps, rule_set=rules.version, worth_fen=event.worth_fen),
        happened_at=event.at,
        matures_at=None if kind_of(event.kind).pending else now,
        created_at=now,
    )
    values = {**vars(earning), "parts": Json(earning.parts), "trace": Json(earning.trace)}
    written = _KEEP.row(values)
    if written is None:
        return Earning.objects.get(reference=event.reference), False
    (earning.pk,) = written
    return earning, True


def _named(evaluation: Evaluation, reference: str) -> dict[str, list[int]]:
    """Points by line, by the reference of their grant: that of the event, numbered from the second one on."""
    return {
        reference if place == 1 else f"{reference}#{place}": list(part.by_line)
        for place, part in enumerate(evaluation.parts, start=1)
    }


def _grant(part: Part, reference: str, earning: Earning, event: EarningEvent, now: datetime) -> None:
    grant(
        reference=reference,
        member_id=event.member_id,
        points=part.points,
        source=event.kind,
        now=now,
        matures_at=earning.matures_at,
        policy_id=part.expiry_policy_id,
        rule_version_id=part.version_id,
        trace=earning.trace,
    )


def _same(earning: Earning, event: EarningEvent) -> Earning:
    if (earning.member_id, earning.kind, earning.worth_fen) != (event.member_id, event.kind, event.worth_fen):
        raise EarningReferenceUsed
    return earning


def _name(reference: str, part: str, of: str) -> str:
    """The claw-back of a numbered grant carries its number."""
    return reference + part.removeprefix(of)


def _growth(reference: str) -> str:
    return f"{reference}:points"
