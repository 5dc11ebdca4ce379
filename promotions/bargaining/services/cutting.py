"""Helping: the limits of the helper first, then the next steps of the plan, each taken by one conditional update."""

from datetime import datetime, timedelta

from django.db.models import F

from members.identity.models import Member
from promotions.bargaining.errors import (
    BargainAtFloor,
    BargainAttemptNotFound,
    BargainExpired,
    BargainHelpedAlready,
    BargainNotFound,
    BargainOrdered,
    BargainOwn,
)
from promotions.bargaining.models import USED, AttemptStatus, Bargain, BargainAttempt, Cut
from promotions.bargaining.notices import tell_at_floor, tell_helped
from promotions.bargaining.queries import open_at
from promotions.bargaining.services.counting import count_help, helps_refusal
from promotions.campaigns.services.switch import promotions_are_on
from shop.core.transactions import use_case


@use_case
def cut_price(*, attempt_id: int, helper_id: int, now: datetime) -> Cut:
    """Take the next step off the price, or as many as a new member makes at once.

    Raises BargainAttemptNotFound, BargainNotFound when the bargain does not run, BargainOwn, BargainHelpedAlready,
    BargainHelpsUsed, BargainHelpsUsedToday, BargainExpired, BargainOrdered, BargainAtFloor.
    """
    attempt = BargainAttempt.objects.select_related("bargain").filter(pk=attempt_id).first()
    if attempt is None:
        raise BargainAttemptNotFound
    bargain = attempt.bargain
    if not bargain.is_live(now=now) or not promotions_are_on():
        raise BargainNotFound
    if attempt.member_id == helper_id:
        raise BargainOwn
    _count(attempt, helper_id, now)
    helper = Member.objects.get(pk=helper_id)
    is_new = _is_new(helper, bargain, now)
    steps = take_steps(attempt, bargain.new_helper_cuts if is_new else 1, now=now)
    cut = Cut.objects.create(
        attempt=attempt,
        helper=helper,
        position=attempt.position - len(steps),
        steps=len(steps),
        fen=sum(steps),
        is_new=is_new,
        made_at=now,
    )
    if attempt.is_at_floor:
        tell_at_floor(attempt, now=now)
    else:
        tell_helped(cut, now=now)
    return cut


def take_steps(attempt: BargainAttempt, wanted: int, *, now: datetime) -> list[int]:
    """The next steps of the plan, fewer where fewer are left; inside the caller's transaction.

    Each try that fails means that somebody else was faster, and there are only so many steps. Raises BargainExpired,
    BargainOrdered, BargainAtFloor.
    """
    while True:
        attempt.refresh_from_db(fields=["status", "position", "cut_fen", "expires_at"])
        if attempt.status in USED:
            raise BargainOrdered
        if attempt.status_at(now) == AttemptStatus.EXPIRED:
            raise BargainExpired
        if attempt.is_at_floor:
            raise BargainAtFloor
        steps = attempt.plan[attempt.position : attempt.position + wanted]
        untouched = BargainAttempt.objects.filter(open_at(now), pk=attempt.pk, position=attempt.position)
        if untouched.update(position=F("position") + len(steps), cut_fen=F("cut_fen") + sum(steps)):
            attempt.position += len(steps)
            attempt.cut_fen += sum(steps)
            return steps


def _count(attempt: BargainAttempt, helper_id: int, now: datetime) -> None:
    """Counted first: two helps of one member at once wait for each other there, and the later one looks."""
    counted = count_help(attempt.bargain, helper_id, now=now)
    if attempt.cuts.filter(helper_id=helper_id).exists():
        raise BargainHelpedAlready
    if not counted:
        raise helps_refusal(attempt.bargain, helper_id)


def _is_new(helper: Member, bargain: Bargain, now: datetime) -> bool:
    return helper.joined_at > now - timedelta(days=bargain.new_helper_days)
