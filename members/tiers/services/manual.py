"""Tiers set by hand: a favour, or holding somebody down, with a reason and a last day."""

from datetime import date, datetime

from members.tiers.calendar import DAY
from members.tiers.engine import Growth, Manual, Reason, ask, set_by_hand
from members.tiers.errors import ManualTierOver, ManualTierWithoutEffect, TierNotInUse
from members.tiers.ledger import growth_of
from members.tiers.models import MemberTier
from members.tiers.rules import rules_in_force
from members.tiers.services.evaluation import bring_up_to
from members.tiers.standings import Move, lock_standing, record_moves, save_standings
from shop.core.actors import Actor
from shop.core.clock import business_day
from shop.core.transactions import use_case


@use_case
def set_manual_tier(
    *,
    member_id: int,
    tier_id: int,
    reason: str,
    last_day: date | None,
    holds_down: bool = False,
    actor: Actor,
    now: datetime,
) -> MemberTier:
    """Give the member a tier until the end of `last_day`, None for good; growth goes on counting beside it.

    A higher tier that growth reaches is held all the same, unless the hand `holds_down`. Raises TierNotInUse,
    ManualTierOver, ManualTierWithoutEffect.
    """
    if last_day is not None and last_day < business_day(now):
        raise ManualTierOver
    until = last_day + DAY if last_day else None
    return _set(member_id, Manual(tier_id, holds_down, until), reason=reason, actor=actor, now=now)


@use_case
def end_manual_tier(*, member_id: int, reason: str, actor: Actor, now: datetime) -> MemberTier:
    """Go back to the earned tier."""
    return _set(member_id, None, reason=reason, actor=actor, now=now)


def _set(member_id: int, manual: Manual | None, *, reason: str, actor: Actor, now: datetime) -> MemberTier:
    rules, today = rules_in_force().rules, business_day(now)
    if manual and rules.rank(manual.tier_id) < 0:
        raise TierNotInUse
    standing = lock_standing(member_id=member_id, rules=rules, today=today)
    before = bring_up_to(days=[today], member_id=member_id, standing=standing, rules=rules, actor=actor, now=now)
    if manual and not manual.caps and rules.rank(manual.tier_id) <= rules.rank(before.earned_tier_id):
        raise ManualTierWithoutEffect
    growth = growth_of({member_id: ask(rules, before, today)}, today=today).get(member_id, Growth())
    after = set_by_hand(rules, growth, before, manual, today)
    save_standings({member_id: after}, today=today)
    MemberTier.objects.filter(pk=member_id).update(manual_reason=reason if manual else "")
    if after.tier_id != before.tier_id:
        why = Reason.MANUAL if manual else Reason.MANUAL_ENDED
        move = Move(member_id, before.tier_id, after.tier_id, why, after.growth)
        record_moves(rules, [move], actor=actor, now=now, note=reason)
    return MemberTier.objects.select_related("tier", "manual_tier").get(pk=member_id)
