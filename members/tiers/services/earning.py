"""Growth comes and goes, and the tier follows at once. All are building blocks, inside the caller's transaction.

A reference is booked once: repeating a call changes nothing. Callers that need the tier before an earning, because an
order that upgrades still earns at the old one, read `benefits_of` first.
"""

from datetime import datetime

from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from members.tiers.errors import GrowthReferenceUsed
from members.tiers.models import Behaviour, GrowthEntry
from members.tiers.rules import RulesInForce, rules_in_force
from members.tiers.services.evaluation import bring_up_to
from members.tiers.standings import lock_standing
from shop.core.actors import Actor
from shop.core.clock import business_day

Kind = GrowthEntry.Kind
LEDGER = Actor.system("tiers.growth")


def earn_growth(
    *,
    reference: str,
    member_id: int,
    growth: int,
    kind: str,
    earned_at: datetime,
    now: datetime,
    worth: int = 1,
    note: str = "",
    actor: Actor = LEDGER,
) -> bool:
    """Add growth to the Shanghai day of `earned_at`; returns whether this reference is new.

    `worth` is what it is earned for, in any unit: a refund names what is left of it. Raises GrowthReferenceUsed
    when the reference was booked for another member or amount.
    """
    if growth <= 0 or worth <= 0 or kind == Kind.REFUND:
        raise ValueError("only positive growth is earned")
    entry = GrowthEntry(
        reference=reference,
        member_id=member_id,
        kind=kind,
        amount=growth,
        worth=worth,
        earned_on=business_day(earned_at),
        note=note,
        actor=str(actor)[:80],
        created_at=now,
    )
    return _book(entry, rules_in_force(), actor=actor, now=now)


def earn_by_spending(*, reference: str, member_id: int, fen: int, earned_at: datetime, now: datetime) -> int:
    """Growth for money spent on goods, by the present rate; returns how much. Less than one unit is none."""
    growth = rules_in_force().rates.for_spend(fen)
    return _earn_if_any(reference, member_id, growth, Kind.SPEND, fen, earned_at, now)


def earn_by_points(*, reference: str, member_id: int, points: int, earned_at: datetime, now: datetime) -> int:
    """Growth for points earned, by the present rate; returns how much."""
    growth = rules_in_force().rates.for_points(points)
    return _earn_if_any(reference, member_id, growth, Kind.POINTS, points, earned_at, now)


def earn_by_behaviour(
    *, reference: str, member_id: int, behaviour: Behaviour, earned_at: datetime, now: datetime
) -> int:
    """Growth for what a member did, by the present rate; returns how much. The reference names the one occasion."""
    growth = rules_in_force().rates.behaviours.get(behaviour, 0)
    return _earn_if_any(reference, member_id, growth, Kind.BEHAVIOUR, 1, earned_at, now)


def take_back_growth(*, reference: str, earning: str, left: int, now: datetime) -> int:
    """A refund: of what the growth was earned for, `left` is left; returns how much growth was taken back.

    What stays is the earning's share, rounded down, so that refunds in parts add up to the whole. It is taken out of
    the day of the earning. An unknown earning has nothing to give, and nothing ever comes back.
    """
    earned = GrowthEntry.objects.filter(reference=earning, of=None).first()
    if earned is None:
        return 0
    force = rules_in_force()
    lock_standing(member_id=earned.member_id, rules=force.rules, today=business_day(now))
    taken = earned.refunds.aggregate(
        refunded=Coalesce(-Sum("amount", filter=Q(kind=Kind.REFUND)), 0), all=Coalesce(-Sum("amount"), 0)
    )
    due = earned.amount - taken["refunded"] - earned.amount * max(left, 0) // earned.worth
    # What was taken by hand cannot be taken again.
    amount = min(due, earned.amount - taken["all"])
    if amount <= 0 or GrowthEntry.objects.filter(reference=reference).exists():
        return 0
    entry = GrowthEntry(
        reference=reference,
        member_id=earned.member_id,
        kind=Kind.REFUND,
        amount=-amount,
        worth=max(left, 0),
        earned_on=earned.earned_on,
        of=earned,
        actor=str(LEDGER),
        created_at=now,
    )
    _book(entry, force, actor=LEDGER, now=now)
    return amount


def _earn_if_any(
    reference: str, member_id: int, growth: int, kind: str, worth: int, earned_at: datetime, now: datetime
) -> int:
    if growth <= 0:
        return 0
    earn_growth(
        reference=reference,
        member_id=member_id,
        growth=growth,
        kind=kind,
        worth=worth,
        earned_at=earned_at,
        now=now,
    )
    return growth


def _book(entry: GrowthEntry, force: RulesInForce, *, actor: Actor, now: datetime) -> bool:
    """Lock the member, add the entry unless its reference is there, and bring the tier up to today."""
    today = business_day(now)
    standing = lock_standing(member_id=entry.member_id, rules=force.rules, today=today)
    booked = GrowthEntry.objects.filter(reference=entry.reference).values_list("member_id", "amount").first()
    if booked is not None:
        if booked != (entry.member_id, entry.amount):
            raise GrowthReferenceUsed
        return False
    entry.save(force_insert=True)
    # What is booked late still lifts by the window of its own day, which may have ended since.
    days = [min(entry.earned_on, today), today]
    bring_up_to(
        days=days,
        member_id=entry.member_id,
        standing=standing,
        rules=force.rules,
        actor=actor,
        now=now,
        note=entry.note,
    )
    return True
