"""Growth given or taken by hand: a correction or a favour, with a reason, up to a bound per member of staff and day."""

from collections.abc import Iterator
from datetime import date, datetime

from django.db.models import F, Q, Sum
from django.db.models.functions import Abs, Coalesce

from members.identity.locks import lock_names
from members.tiers.engine import Rules
from members.tiers.errors import GrowthByHandSpent, GrowthReferenceUsed, GrowthTooLittle
from members.tiers.models import GrowthEntry, MemberTier
from members.tiers.preferences import GROWTH_BY_HAND_PER_DAY
from members.tiers.rules import rules_in_force
from members.tiers.services.earning import earn_growth
from members.tiers.services.evaluation import bring_up_to
from members.tiers.standings import lock_standing
from shop.core.actors import Actor
from shop.core.clock import business_day, day_bounds
from shop.core.transactions import use_case

MANUAL = GrowthEntry.Kind.MANUAL


@use_case
def adjust_growth(
    *, reference: str, member_id: int, growth: int, reason: str, is_bounded: bool, actor: Actor, now: datetime
) -> MemberTier:
    """Give growth, or take it where it is negative; the tier follows at once. Booked once per `reference`.

    What is taken is the newest that counts today, out of the days in which it was earned. `is_bounded`: the actor may
    not go beyond the day's bound. Raises GrowthTooLittle, GrowthByHandSpent, GrowthReferenceUsed.
    """
    if growth == 0:
        raise ValueError("nothing to give or take")
    lock_names(f"growth-by-hand:{actor}")
    if not _is_booked(reference, member_id, growth):
        if is_bounded:
            _stay_within_bound(growth=growth, actor=actor, now=now)
        if growth > 0:
            earn_growth(
                reference=reference,
                member_id=member_id,
                growth=growth,
                kind=MANUAL,
                earned_at=now,
                now=now,
                note=reason,
                actor=actor,
            )
        else:
            _take(reference, member_id, -growth, reason, actor, now)
    return MemberTier.objects.select_related("tier").get(pk=member_id)


def _is_booked(reference: str, member_id: int, growth: int) -> bool:
    rows = GrowthEntry.objects.filter(Q(reference=reference) | Q(reference__startswith=_part(reference)))
    booked = (
        rows.values("member_id")
        .annotate(sum=Sum("amount"))
        .order_by("member_id")
        .values_list("member_id", "sum")
        .first()
    )
    if booked is not None and booked != (member_id, growth):
        raise GrowthReferenceUsed
    return booked is not None


def _stay_within_bound(*, growth: int, actor: Actor, now: datetime) -> None:
    start, end = day_bounds(business_day(now))
    own = GrowthEntry.objects.filter(kind=MANUAL, actor=str(actor)[:80], created_at__gte=start, created_at__lt=end)
    left = GROWTH_BY_HAND_PER_DAY.value() - own.aggregate(sum=Coalesce(Sum(Abs("amount")), 0))["sum"]
    if abs(growth) > left:
        raise GrowthByHandSpent(left=max(left, 0))


def _take(reference: str, member_id: int, growth: int, reason: str, actor: Actor, now: datetime) -> None:
    rules, today = rules_in_force().rules, business_day(now)
    standing = lock_standing(member_id=member_id, rules=rules, today=today)
    taken = list(_newest(rules, member_id, growth, today))
    available = sum(part for _entry, part in taken)
    if available < growth:
        raise GrowthTooLittle(available=available)
    GrowthEntry.objects.bulk_create(
        GrowthEntry(
            reference=_part(reference, number),
            member_id=member_id,
            kind=MANUAL,
            amount=-part,
            worth=0,
            earned_on=entry.earned_on,
            of=entry,
            note=reason,
            actor=str(actor)[:80],
            created_at=now,
        )
        for number, (entry, part) in enumerate(taken, start=1)
    )
    bring_up_to(days=[today], member_id=member_id, standing=standing, rules=rules, actor=actor, now=now, note=reason)


def _newest(rules: Rules, member_id: int, growth: int, today: date) -> Iterator[tuple[GrowthEntry, int]]:
    """Earnings that count today with what is taken of each, until it is `growth` in all, or there are no more."""
    earnings = GrowthEntry.objects.filter(member_id=member_id, of=None, earned_on__lte=today)
    first = rules.window_first(today)
    if first is not None:
        earnings = earnings.filter(earned_on__gte=first)
    left = F("amount") + Coalesce(Sum("refunds__amount"), 0)
    for entry in earnings.annotate(left=left).filter(left__gt=0).order_by("-earned_on", "-pk").iterator():
        part = min(entry.left, growth)
        yield entry, part
        growth -= part
        if not growth:
            return


def _part(reference: str, number: int | str = "") -> str:
    return f"{reference}/{number}"
