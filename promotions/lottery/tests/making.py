"""Lotteries for tests, written as drafts and published through the services."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from members.identity.models import Member
from promotions.campaigns.services.lifecycle import approve_campaign, findings_of, publish_campaign, save_draft
from promotions.lottery.models import ChanceAccount, Lottery, Prize
from promotions.lottery.services import draw, gift_chances
from shop.core import clock
from shop.core.actors import Actor

NOW = datetime(2026, 2, 3, 4, 0, tzinfo=UTC)  # noon in Shanghai
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CLERK, SECOND = Actor.staff("clerk"), Actor.staff("second")
REST: dict[str, Any] = {"name": "再接再厉", "kind": "none", "weight": 1, "is_fallback": True}
FIFTY: dict[str, Any] = {"name": "50 积分", "kind": "points", "points": 50, "weight": 1}


def sure(**fields: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """One prize that every number stands for, and what is for the rest."""
    return {**FIFTY, **fields}, {**REST, "weight": 0}


def draft_lottery(*prizes: dict[str, Any], **fields: Any) -> Lottery:
    """Drawn with chances, as often as one likes, from yesterday on."""
    now = fields.pop("now", NOW)
    given = {
        "name": "大转盘",
        "starts_at": now - DAY,
        "ends_at": now + 30 * DAY,
        "budget_fen": 100_000,
        "draws_per_day": None,
        **fields,
    }
    lottery = Lottery(**given)
    with transaction.atomic():
        save_draft(campaign=lottery, actor=CLERK, now=now)
        for each in prizes or (FIFTY, REST):
            Prize.objects.create(lottery=lottery, **each)
    return lottery


def published(lottery: Lottery, *, now: datetime = NOW) -> Lottery:
    """And approved by a second person where that is asked for."""
    noted = {each.code for each in findings_of(lottery, now=now)}
    done = publish_campaign(kind=Lottery.KIND, pk=lottery.pk, actor=CLERK, now=now, noted=noted)
    if done.status == "awaiting":
        approve_campaign(kind=Lottery.KIND, pk=lottery.pk, actor=SECOND, now=now, noted=noted)
    lottery.refresh_from_db()
    return lottery


def make_lottery(*prizes: dict[str, Any], **fields: Any) -> Lottery:
    return published(draft_lottery(*prizes, **fields), now=fields.get("now", NOW))


def make_live_lottery(*prizes: dict[str, Any], **fields: Any) -> Lottery:
    """The same around the present moment, for tests that go through HTTP."""
    return make_lottery(*prizes, **{"now": clock.now(), **fields})


def give(lottery: Lottery, member: Member, amount: int = 1, *, now: datetime = NOW) -> None:
    reference = f"{member.pk}:{lottery.chance_entries.count()}"
    gift_chances(
        lottery_id=lottery.pk,
        member_id=member.pk,
        amount=amount,
        reference=reference,
        note="for a test",
        actor=CLERK,
        now=now,
    )


def draw_once(lottery: Lottery, member: Member, *, now: datetime = NOW, pay_with: str | None = None) -> Any:
    return draw(lottery_id=lottery.pk, member_id=member.pk, channel="", now=now, pay_with=pay_with)


def given_and_drawn(lottery: Lottery, member: Member, *, now: datetime = NOW) -> Any:
    give(lottery, member, now=now)
    return draw_once(lottery, member, now=now)


def chances_of(lottery: Lottery, member: Member) -> int:
    mine = ChanceAccount.objects.filter(lottery=lottery, member=member).first()
    return mine.balance if mine is not None else 0
