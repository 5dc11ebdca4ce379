"""Two accounts of one person become one: their growth counts together, and the higher tier is held on."""

from datetime import datetime

from members.tiers.engine import Reason, Standing, join, newcomer
from members.tiers.models import GrowthEntry, MemberTier
from members.tiers.rules import rules_in_force
from members.tiers.services.evaluation import bring_up_to
from members.tiers.standings import Move, lock_standing, record_moves, save_standings
from shop.core.actors import Actor
from shop.core.clock import business_day

MERGER = Actor.system("tiers.merger")


def move_growth(*, source_id: int, target_id: int, now: datetime) -> int:
    """Give the target the growth and the tier of the source, inside the caller's transaction; returns the entries."""
    if not MemberTier.objects.filter(pk=source_id).exists():
        return 0
    rules, today = rules_in_force().rules, business_day(now)
    locked = {pk: lock_standing(member_id=pk, rules=rules, today=today) for pk in sorted((source_id, target_id))}
    source, target = (
        bring_up_to(days=[today], member_id=pk, standing=locked[pk], rules=rules, actor=MERGER, now=now)
        for pk in (source_id, target_id)
    )
    moved = GrowthEntry.objects.filter(member_id=source_id).update(member_id=target_id)
    joined, left = join(rules, target, source), newcomer(rules)
    reason = MemberTier.objects.values_list("manual_reason", flat=True).get(pk=source_id)
    save_standings({source_id: left}, today=today)
    # The source is nobody's from now on, so that only the target is told.
    record_moves(rules, _move(source_id, source, left), actor=MERGER, now=now, announced=False)
    record_moves(rules, _move(target_id, target, joined), actor=MERGER, now=now)
    save_standings({target_id: joined}, today=today)
    if joined.manual != target.manual:
        MemberTier.objects.filter(pk=target_id).update(manual_reason=reason)
    bring_up_to(days=[today], member_id=target_id, standing=joined, rules=rules, actor=MERGER, now=now)
    return moved


def _move(member_id: int, before: Standing, after: Standing) -> list[Move]:
    if before.tier_id == after.tier_id:
        return []
    return [Move(member_id, before.tier_id, after.tier_id, Reason.MERGER, after.growth)]
