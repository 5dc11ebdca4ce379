"""What an order takes of the points mall, claimed in its transaction, and what it gives back.

Building blocks: the caller holds the order's row. The slot first, then the zone's pool, the member's tally, and last
the reward, at which everybody waits; each count is one conditional update whose result decides.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import Case, F, IntegerField, Q, When
from django.db.models.functions import Greatest

from points.mall.days import period_start
from points.mall.errors import RewardLimitReached, RewardPeriodLimitReached, RewardSoldOut
from points.mall.models import Redemption, RedemptionStatus, Reward, RewardCode, RewardTally, Zone
from points.mall.queries import offered_reward
from points.mall.services.slots import leave_slot, take_slot
from points.mall.viewers import Viewer

# What waits for money is not given a code that ends so soon, as long as there are others.
TIME_TO_PAY = timedelta(days=1)
_COUNT = """
INSERT INTO mall_rewardtally AS tally (reward_id, member_id, units, period_start, in_period)
SELECT %(reward)s, %(member)s, %(units)s, %(period)s, %(units)s
WHERE (%(most)s::int IS NULL OR %(units)s <= %(most)s::int)
    AND (%(most_in_period)s::int IS NULL OR %(units)s <= %(most_in_period)s::int)
ON CONFLICT (reward_id, member_id) DO UPDATE SET
    units = tally.units + excluded.units,
    in_period = excluded.in_period
        + CASE WHEN tally.period_start = excluded.period_start THEN tally.in_period ELSE 0 END,
    period_start = excluded.period_start
WHERE (%(most)s::int IS NULL OR tally.units + excluded.units <= %(most)s::int)
    AND (%(most_in_period)s::int IS NULL OR excluded.in_period
        + CASE WHEN tally.period_start = excluded.period_start THEN tally.in_period ELSE 0 END
        <= %(most_in_period)s::int)
RETURNING units
"""


@dataclass(frozen=True)
class Price:
    """What the order pays for the units, all told."""

    points: int
    fen: int


def claim_reward(
    *,
    order_number: str,
    viewer: Viewer,
    reward_id: int,
    slot_id: int | None,
    units: int,
    price: Price,
    now: datetime,
) -> Redemption:
    """Take so many units, and places in the slot.

    Raises RewardNotFound, RewardSoldOut, RewardLimitReached, RewardPeriodLimitReached, SlotNotFound, SlotTaken,
    NothingToBook, and what says that this member may not; the order is undone then.
    """
    offered = offered_reward(reward_id=reward_id, viewer=viewer, now=now)
    refusal = offered.refusal(viewer, now=now, units=units)
    if refusal is not None:
        raise refusal
    assert viewer.member_id is not None
    reward = Reward.objects.get(pk=reward_id)
    first_day = period_start(reward.period, now=now)
    slot = take_slot(reward=reward, slot_id=slot_id, places=units, now=now) if slot_id is not None else None
    _take_from_pool(offered.zone_id, units)
    _count_member(reward, viewer.member_id, units, first_day)
    _take_of(reward, units)
    redemption = Redemption.objects.create(
        order_number=order_number,
        member_id=viewer.member_id,
        reward=reward,
        zone_id=offered.zone_id,
        slot=slot,
        units=units,
        points=price.points,
        price_fen=price.fen,
        period_start=first_day,
        redeemed_at=now,
    )
    if reward.kind == Reward.Kind.CODE:
        outlives = now + TIME_TO_PAY if price.fen else now
        take_codes(redemption, redemption.units, outlives=outlives, now=now)
    return redemption


def confirm_reward(*, order_number: str, now: datetime) -> int:
    """The order is paid. Returns how many redemptions are."""
    held = Redemption.objects.filter(order_number=order_number, status=RedemptionStatus.HELD)
    return held.update(status=RedemptionStatus.PAID, paid_at=now)


def release_reward(*, order_number: str, now: datetime) -> int:
    """The order is given up unpaid: others may have what it held. Returns how many redemptions were."""
    held = Redemption.objects.filter(order_number=order_number, status=RedemptionStatus.HELD)
    redemption = held.select_related("reward").select_for_update(no_key=True, of=("self",)).first()
    if redemption is None:
        return 0
    if redemption.slot_id is not None:
        leave_slot(slot_id=redemption.slot_id, places=redemption.units)
    give_back_units(redemption, redemption.units)
    RewardCode.objects.filter(redemption=redemption).update(redemption=None)
    return held.update(status=RedemptionStatus.RELEASED, ended_at=now)


def give_back_units(redemption: Redemption, units: int) -> None:
    """So many units are for others again, and do not count for the member.

    Where the merchant made days of months meanwhile, another period began on the same day and may not have counted
    these.
    """
    if redemption.zone_id is not None:
        Zone.objects.filter(pk=redemption.zone_id).update(taken=F("taken") - units)
    mine = RewardTally.objects.filter(reward=redemption.reward_id, member=redemption.member_id)
    mine.update(
        units=F("units") - units,
        in_period=Case(
            When(period_start=redemption.period_start, then=Greatest(F("in_period") - units, 0)),
            default=F("in_period"),
            output_field=IntegerField(),
        ),
    )
    Reward.objects.filter(pk=redemption.reward_id).update(taken=F("taken") - units)


def _take_from_pool(zone_id: int | None, units: int) -> None:
    if zone_id is None:
        return
    enough = Zone.objects.filter(Q(pool=None) | Q(pool__gte=F("taken") + units), pk=zone_id)
    if not enough.update(taken=F("taken") + units):
        raise RewardSoldOut


def _count_member(reward: Reward, member_id: int, units: int, first_day: date) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNT,
            {
                "reward": reward.pk,
                "member": member_id,
                "units": units,
                "period": first_day,
                "most": reward.limit_per_member,
                "most_in_period": reward.limit_per_period,
            },
        )
        if cursor.fetchone() is not None:
            return
    had = RewardTally.objects.filter(reward=reward, member=member_id).values_list("units", flat=True).first() or 0
    if reward.limit_per_member is not None and had + units > reward.limit_per_member:
        raise RewardLimitReached(limit=reward.limit_per_member)
    raise RewardPeriodLimitReached(limit=reward.limit_per_period)


def _take_of(reward: Reward, units: int) -> None:
    enough = Reward.objects.filter(
        Q(quota=None) | Q(quota__gte=F("taken") + units), pk=reward.pk, status=Reward.Status.LIVE
    )
    if not enough.update(taken=F("taken") + units):
        raise RewardSoldOut


def take_codes(redemption: Redemption, units: int, *, outlives: datetime, now: datetime) -> None:
    """What ends first goes first, of what is good longer than that before what is not; the caller holds the reward's
    row, so that whoever comes here finds as many codes as were counted. Raises RewardSoldOut.
    """
    free = RewardCode.objects.filter(reward=redemption.reward_id, redemption=None, retired_at=None)
    for moment in dict.fromkeys([outlives, now]):
        living = free.filter(Q(expires_at=None) | Q(expires_at__gt=moment)).order_by(
            F("expires_at").asc(nulls_last=True), "pk"
        )
        taken = list(living.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:units])
        units -= RewardCode.objects.filter(pk__in=taken).update(redemption=redemption)
    if units:
        raise RewardSoldOut
