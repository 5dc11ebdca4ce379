"""An activity for exactly those whose points expire: until then they earn more, or their points pay more.

The audience is a segment of its own, so that campaigns can use it too.
"""

from datetime import datetime

from members.segments.models import Segment
from members.segments.services import refresh_segment
from points.accounts.errors import ActivityRunning, NobodyToInvite
from points.accounts.models import ExpiryReminder, LinkedActivity, ReminderRound
from points.deduction.models import BetterTerms
from points.deduction.services import offer_better_terms
from points.rules.events import ORDER
from points.rules.models import EarningRule
from points.rules.services import publish_rule, save_draft
from points.rules.spec import Multiplier, RuleSpec, Segments
from shop.core.actors import Actor
from shop.core.clock import business_day, day_bounds
from shop.core.transactions import unit_of_work

SOURCE = "points.reminders"


def start_activity(*, round_id: int, name: str, multiplier_bp: int, actor: Actor, now: datetime) -> LinkedActivity:
    """Publish a rule that multiplies the points of orders, for whom the round reminded, until their points are gone.

    Raises ActivityRunning, NobodyToInvite, and what publishing a rule raises.
    """
    with unit_of_work():
        reminded, segment, count = _invite(round_id, now)
        running = LinkedActivity.objects.filter(round=reminded, rule__live__isnull=False).select_related("rule").first()
        if running is not None:
            # Rules add up: whoever clicks twice would treble what was to be doubled.
            raise ActivityRunning(name=str(running))
        spec = RuleSpec(
            event=ORDER.code,
            effect=Multiplier(multiplier_bp),
            conditions=(Segments((segment.pk,)),),
            first_day=business_day(now),
            last_day=reminded.last_day,
        )
        rule = save_draft(rule=EarningRule(name=name), spec=spec, now=now)
        publish_rule(rule_id=rule.pk, actor=actor, now=now)
        return _link(reminded, segment, count, actor, now, rule=rule)


def start_cash_activity(
    *, round_id: int, name: str, points_per_yuan: int, cap_bp: int, actor: Actor, now: datetime
) -> LinkedActivity:
    """Let the points of whom the round reminded pay for more, until they are gone. Raises NobodyToInvite."""
    with unit_of_work():
        reminded, segment, count = _invite(round_id, now)
        terms = offer_better_terms(
            name=name,
            segment_id=segment.pk,
            points_per_yuan=points_per_yuan,
            cap_bp=cap_bp,
            starts_at=now,
            ends_at=day_bounds(reminded.last_day)[1],
        )
        return _link(reminded, segment, count, actor, now, terms=terms)


def _invite(round_id: int, now: datetime) -> tuple[ReminderRound, Segment, int]:
    """The round, and the segment of exactly its members with how many they are."""
    reminded = ReminderRound.objects.select_for_update(no_key=True).get(pk=round_id)
    end = day_bounds(reminded.last_day)[1]
    members = ExpiryReminder.objects.filter(round=reminded).values_list("member_id", flat=True)
    if not members.exists() or end <= now:
        raise NobodyToInvite
    segment, _new = Segment.objects.get_or_create(
        code=f"expiring-{reminded.last_day:%Y%m%d}-{reminded.stage}", defaults={"name": str(reminded)[:60]}
    )
    count, _gone = refresh_segment(code=segment.code, source=SOURCE, member_ids=members.iterator(), now=now, until=end)
    return reminded, segment, count


def _link(
    reminded: ReminderRound,
    segment: Segment,
    members: int,
    actor: Actor,
    now: datetime,
    *,
    rule: EarningRule | None = None,
    terms: BetterTerms | None = None,
) -> LinkedActivity:
    return LinkedActivity.objects.create(
        round=reminded,
        segment=segment,
        rule=rule,
        terms=terms,
        members=members,
        actor=str(actor)[:80],
        created_at=now,
    )
