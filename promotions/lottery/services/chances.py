"""Chances come and go: the entry and the balance in one statement, once for each reference."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import F

from promotions.campaigns.locks import lock_campaign
from promotions.campaigns.models import CampaignStatus
from promotions.campaigns.queries import buyer_for, live_at
from promotions.lottery.errors import LotteryEnded
from promotions.lottery.models import ChanceAccount, ChanceEntry, Lottery, Moment, Source
from shop.core.actors import Actor
from shop.core.clock import business_day
from shop.core.transactions import use_case

# Which column says how many chances something gives.
GIVES: Mapping[str, str] = {
    Source.ORDER: "order_chances",
    Source.REVIEW: "review_chances",
    Source.CHECK_IN: "check_in_chances",
    Source.INVITATION: "invitation_chances",
}
MOST_GIVEN = 1000

_ADD = """
WITH added AS (
    INSERT INTO lottery_chanceentry (lottery_id, member_id, source, amount, reference, note, actor, happened_at)
    SELECT lottery, %(member)s, %(source)s, amount, %(reference)s, %(note)s, %(actor)s, %(now)s
    FROM unnest(%(lotteries)s::bigint[], %(amounts)s::int[]) AS given (lottery, amount) ORDER BY lottery
    ON CONFLICT (lottery_id, reference) DO NOTHING
    RETURNING lottery_id, amount
)
INSERT INTO lottery_chanceaccount AS mine (lottery_id, member_id, balance, draws, day, draws_of_day)
SELECT lottery_id, %(member)s, amount, 0, %(day)s, 0 FROM added ORDER BY lottery_id
ON CONFLICT (lottery_id, member_id) DO UPDATE SET balance = mine.balance + excluded.balance
RETURNING lottery_id
"""


def give_chances(
    *,
    source: str,
    member_id: int,
    reference: str,
    now: datetime,
    paid_fen: int | None = None,
    moment: str = Moment.COMPLETION,
) -> int:
    """Give the member what running lotteries give for this, inside the caller's transaction; in how many of them.

    Once for each reference. For an order say what is paid for its goods, and at which moment.
    """
    lotteries = Lottery.objects.filter(live_at(now), takes_chances=True, **{f"{GIVES[source]}__gt": 0})
    if source == Source.ORDER:
        lotteries = lotteries.filter(order_moment=moment, order_least_fen__lte=paid_fen or 0)
    found = list(lotteries.order_by("pk"))
    if not found or (source == Source.ORDER and not paid_fen):
        return 0
    buyer = buyer_for(member_id=member_id, channel="", now=now)
    # By which front somebody comes is asked when they draw.
    open_to = [each for each in found if replace(each.audience, channels=frozenset()).includes(buyer)]
    amounts = {each.pk: getattr(each, GIVES[source]) for each in open_to}
    return _add(amounts, source=source, member_id=member_id, reference=reference, now=now)


@use_case
def gift_chances(
    *, lottery_id: int, member_id: int, amount: int, reference: str, note: str, actor: Actor, now: datetime
) -> bool:
    """Chances by hand, once for each reference; whether they came now. Raises LotteryEnded."""
    lottery = lock_campaign(Lottery, lottery_id)
    if lottery.status_at(now) == CampaignStatus.ENDED:
        raise LotteryEnded
    given = _add(
        {lottery_id: amount},
        source=Source.GIFT,
        member_id=member_id,
        reference=f"gift:{reference}",
        now=now,
        note=note,
        actor=str(actor),
    )
    return bool(given)


def take_back_chances(*, reference: str, now: datetime, paid_fen: int | None = None) -> int:
    """What was given under the reference did not count after all; inside the caller's transaction, once.

    Chances that are used are gone: their draws stand, prizes and all, and nobody owes any. With `paid_fen`, lotteries
    that would have given as much for that little keep theirs. Returns how many chances were taken.
    """
    given = ChanceEntry.objects.filter(reference=reference, source__in=GIVES).select_related("lottery")
    return sum(
        _take_back(entry, now)
        for entry in given.order_by("lottery_id")
        if paid_fen is None or paid_fen < max(entry.lottery.order_least_fen, 1)
    )


def use_chance(*, lottery_id: int, member_id: int, number: int, now: datetime) -> bool:
    """One chance for a draw, inside its transaction; False where there is none."""
    mine = ChanceAccount.objects.filter(lottery=lottery_id, member=member_id, balance__gte=1)
    if not mine.update(balance=F("balance") - 1):
        return False
    ChanceEntry.objects.create(
        lottery_id=lottery_id,
        member_id=member_id,
        source=Source.DRAW,
        amount=-1,
        reference=f"draw:{member_id}:{number}",
        happened_at=now,
    )
    return True


def _take_back(given: ChanceEntry, now: datetime) -> int:
    account = ChanceAccount.objects.select_for_update(no_key=True).get(lottery=given.lottery_id, member=given.member_id)
    reference = f"{given.reference}:back"[:80]
    if ChanceEntry.objects.filter(lottery=given.lottery_id, reference=reference).exists():
        return 0
    taken = min(given.amount, account.balance)
    ChanceAccount.objects.filter(pk=account.pk).update(balance=F("balance") - taken)
    ChanceEntry.objects.create(
        lottery_id=given.lottery_id,
        member_id=given.member_id,
        source=Source.TAKEN_BACK,
        amount=-taken,
        reference=reference,
        happened_at=now,
    )
    return taken


def _add(
    amounts: Mapping[int, int],
    *,
    source: str,
    member_id: int,
    reference: str,
    now: datetime,
    note: str = "",
    actor: str = "",
) -> int:
    """In lotteries by id; in how many the reference was new."""
    lotteries: Sequence[int] = sorted(amounts)
    asked: dict[str, Any] = {
        "member": member_id,
        "source": source,
        "lotteries": lotteries,
        "amounts": [amounts[pk] for pk in lotteries],
        "reference": reference,
        "note": note,
        "actor": actor[:80],
        "now": now,
        "day": business_day(now),
    }
    with connection.cursor() as cursor:
        cursor.execute(_ADD, asked)
        return len(cursor.fetchall())
