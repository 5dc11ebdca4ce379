"""Reads of the points mall: what is offered to whom at which price, and why not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.files.storage import default_storage
from django.db.models import Case, Count, F, Q, QuerySet, When
from django.db.models.functions import Greatest, Least

from points.mall.days import is_exchange_day, next_exchange_day, period_start
from points.mall.errors import (
    MembersZoneClosed,
    NotExchangeDay,
    RewardLimitReached,
    RewardNotForSegment,
    RewardNotForTier,
    RewardNotFound,
    RewardNotStarted,
    RewardOver,
    RewardPeriodLimitReached,
    RewardSoldOut,
)
from points.mall.models import Redemption, Reward, RewardCode, Slot, Voucher, Zone
from points.mall.viewers import Viewer
from shop.core.clock import business_day
from shop.core.errors import DomainError
from shop.core.prepared import Prepared

MOST_IMPORTS = 50
LARGEST_ID = 2**63 - 1
# Which rewards are shown now, and for how many points to this member.
_SHOWN = """
FROM mall_reward reward
LEFT JOIN mall_zone zone ON zone.id = reward.zone_id
LEFT JOIN mall_rewardprice mine ON mine.reward_id = reward.id AND mine.tier_id = %(tier)s::bigint
WHERE reward.status = 'live'
    AND (reward.visible_from IS NULL OR reward.visible_from <= %(now)s::timestamptz)
    AND (reward.visible_until IS NULL OR reward.visible_until > %(now)s::timestamptz)
    AND (zone.id IS NULL OR (zone.is_active AND (zone.visible_from IS NULL OR zone.visible_from <= %(now)s::timestamptz)
        AND (zone.visible_until IS NULL OR zone.visible_until > %(now)s::timestamptz)))
"""
_NARROWED = """
    AND (%(kind)s::text IS NULL OR reward.kind = %(kind)s::text)
    AND (%(zone)s::bigint IS NULL OR reward.zone_id = %(zone)s::bigint)
    AND (%(affordable)s::boolean IS NULL
        OR (coalesce(mine.points, reward.points) <= %(available)s::bigint) = %(affordable)s::boolean)
"""
# Columns in the order of Offered, for those that are `listed` alone. What is limited per member is counted along; of
# goods no more is left than is sold.
_COLUMNS = """
SELECT reward.id, reward.kind, reward.name, reward.intro, reward.position,
    coalesce(mine.points, reward.points), coalesce(mine.price_fen, reward.price_fen), reward.points, reward.price_fen,
    reward.sku_id, sku.price_fen,
    coalesce(nullif(sku.image, ''), front.thumbnail, ''),
    CASE WHEN reward.kind = 'goods' THEN least(reward.quota - reward.taken,
            greatest(coalesce(stock.available - stock.safety_stock, 0), 0))
        ELSE reward.quota - reward.taken END,
    reward.tier_ids, reward.segment_ids, reward.starts_at, reward.ends_at,
    reward.limit_per_member, reward.limit_per_period, reward.period,
    tally.units, tally.period_start, tally.in_period, reward.freight_is_free, reward.resource_id, reward.valid_days,
    reward.reschedule_hours, reward.cancel_hours, reward.no_show,
    zone.id, zone.name, zone.theme, zone.starts_at, zone.ends_at, zone.month_days, zone.weekdays,
    zone.pool - zone.taken
FROM listed
JOIN mall_reward reward ON reward.id = listed.id
JOIN catalog_sku sku ON sku.id = reward.sku_id
LEFT JOIN mall_zone zone ON zone.id = reward.zone_id
LEFT JOIN mall_rewardprice mine ON mine.reward_id = reward.id AND mine.tier_id = %(tier)s::bigint
LEFT JOIN mall_rewardtally tally ON tally.reward_id = reward.id AND tally.member_id = %(member)s::bigint
LEFT JOIN catalog_skustock stock ON stock.sku_id = sku.id
LEFT JOIN LATERAL (
    SELECT thumbnail FROM catalog_productimage WHERE product_id = sku.product_id ORDER BY position, id LIMIT 1
) front ON true
"""
_LISTED = Prepared(
    "mall_listed",
    f"""
WITH listed AS (
    SELECT reward.id {_SHOWN}{_NARROWED}
        AND (reward.position, reward.id) > (%(after)s::bigint, %(after_id)s::bigint)
    ORDER BY reward.position, reward.id LIMIT %(limit)s::int
) {_COLUMNS} ORDER BY reward.position, reward.id
""",
)
_BY_POINTS = Prepared(
    "mall_by_points",
    f"""
WITH listed AS (
    SELECT reward.id {_SHOWN}{_NARROWED}
        AND (coalesce(mine.points, reward.points), reward.id) > (%(after)s::bigint, %(after_id)s::bigint)
    ORDER BY coalesce(mine.points, reward.points), reward.id LIMIT %(limit)s::int
) {_COLUMNS} ORDER BY coalesce(mine.points, reward.points), reward.id
""",
)
_ONE = Prepared("mall_one", f"WITH listed AS (SELECT reward.id {_SHOWN} AND reward.id = %(reward)s::bigint) {_COLUMNS}")


@dataclass(frozen=True, slots=True)
class Offered:
    """A reward as one member finds it; `points` and `price_fen` are theirs, `had` units of it they have."""

    id: int
    kind: str
    name: str
    intro: str
    position: int
    points: int
    price_fen: int
    usual_points: int
    usual_price_fen: int
    sku_id: int
    worth_fen: int
    image: str
    left: int | None
    tier_ids: Sequence[int]
    segment_ids: Sequence[int]
    starts_at: datetime | None
    ends_at: datetime | None
    limit_per_member: int | None
    limit_per_period: int | None
    period: str
    had: int | None
    had_since: Any
    had_in_period: int | None
    freight_is_free: bool
    resource_id: int | None
    valid_days: int
    reschedule_hours: int
    cancel_hours: int
    no_show: str
    zone_id: int | None
    zone_name: str | None
    zone_theme: str | None
    zone_starts_at: datetime | None
    zone_ends_at: datetime | None
    month_days: Sequence[int] | None
    weekdays: Sequence[int] | None
    zone_left: int | None

    @property
    def image_url(self) -> str:
        return default_storage.url(self.image) if self.image else ""

    def refusal(self, viewer: Viewer, *, now: datetime, units: int = 1) -> DomainError | None:
        """Why this member cannot redeem so many units now, whatever points they have."""
        return (
            self._gate(viewer)
            or _window(self.starts_at, self.ends_at, now)
            or _window(self.zone_starts_at, self.zone_ends_at, now)
            or self._day(now)
            or self._counts(units, now)
        )

    def _gate(self, viewer: Viewer) -> DomainError | None:
        if self.zone_theme == Zone.Theme.MEMBERS and not viewer.sees_members_zone:
            return MembersZoneClosed()
        if self.tier_ids and viewer.tier_id not in self.tier_ids:
            return RewardNotForTier()
        if self.segment_ids and viewer.segment_ids.isdisjoint(self.segment_ids):
            return RewardNotForSegment()
        return None

    def _day(self, now: datetime) -> DomainError | None:
        days: Mapping[str, Any] = {"month_days": self.month_days or (), "weekdays": self.weekdays or ()}
        today = business_day(now)
        if is_exchange_day(today, **days):
            return None
        return NotExchangeDay(next_day=next_exchange_day(today, **days).isoformat())

    def _counts(self, units: int, now: datetime) -> DomainError | None:
        if self.limit_per_member is not None and (self.had or 0) + units > self.limit_per_member:
            return RewardLimitReached(limit=self.limit_per_member)
        if self.limit_per_period is not None:
            is_now = self.had_since == period_start(self.period, now=now)
            if (self.had_in_period or 0 if is_now else 0) + units > self.limit_per_period:
                return RewardPeriodLimitReached(limit=self.limit_per_period)
        if any(left is not None and left < units for left in (self.left, self.zone_left)):
            return RewardSoldOut()
        return None


@dataclass(frozen=True)
class Wanted:
    """What a member narrows the list to; `after` is where the page before ended."""

    kind: str | None = None
    zone_id: int | None = None
    affordable: bool | None = None
    by_points: bool = False
    limit: int = 20
    after: tuple[int, int] = (-(2**31), 0)


def offered_rewards(*, viewer: Viewer, wanted: Wanted, available: int, now: datetime) -> list[Offered]:
    """One query; `available` is what the viewer has to spend."""
    statement = _BY_POINTS if wanted.by_points else _LISTED
    rows = statement.run(
        {
            "tier": viewer.tier_id,
            "member": viewer.member_id,
            "now": now,
            "kind": wanted.kind,
            "zone": wanted.zone_id,
            "affordable": wanted.affordable,
            "available": available,
            "after": wanted.after[0],
            "after_id": wanted.after[1],
            "limit": wanted.limit,
        }
    )
    return [Offered(*row) for row in rows]


def offered_reward(*, reward_id: int, viewer: Viewer, now: datetime) -> Offered:
    """One query. Raises RewardNotFound."""
    if reward_id > LARGEST_ID:
        raise RewardNotFound
    row = _ONE.row({"tier": viewer.tier_id, "member": viewer.member_id, "now": now, "reward": reward_id})
    if row is None:
        raise RewardNotFound
    return Offered(*row)


def open_zones(*, now: datetime) -> QuerySet[Zone]:
    shown = (Q(visible_from=None) | Q(visible_from__lte=now)) & (Q(visible_until=None) | Q(visible_until__gt=now))
    return Zone.objects.filter(shown, is_active=True).order_by("position", "pk")


def open_slots(*, resource_id: int, since: datetime, until: datetime) -> QuerySet[Slot]:
    """Those that begin in [since, until) and are not closed, full ones among them."""
    within = Slot.objects.filter(resource_id=resource_id, starts_at__gte=since, starts_at__lt=until)
    return within.filter(is_closed=False, resource__is_active=True).order_by("starts_at")


def vouchers_of(*, member_id: int) -> QuerySet[Voucher]:
    rows = Voucher.objects.filter(member=member_id).select_related("reward__resource", "slot__resource", "redemption")
    return rows.order_by("-pk")


def redemption_of(order_number: str) -> Redemption | None:
    return Redemption.objects.filter(order_number=order_number).select_related("reward", "slot").first()


def low_rewards() -> QuerySet[Any]:
    """Live ones of which fewer units are left than the shop wants to be warned of; `there` is how many.

    Of goods no more is left than is sold.
    """
    stock = Case(
        When(kind=Reward.Kind.GOODS, then=Greatest(F("sku__stock__available") - F("sku__stock__safety_stock"), 0))
    )
    watched = Reward.objects.filter(status=Reward.Status.LIVE, low_at__isnull=False)
    # The least of the two, and the one that is there where the other is not.
    return watched.annotate(there=Least(F("quota") - F("taken"), stock)).filter(there__lt=F("low_at")).order_by("pk")


@dataclass(frozen=True)
class CodeImport:
    """Codes that came at one moment: `left` of them nobody has."""

    imported_at: datetime
    expires_at: datetime | None
    count: int
    left: int


def code_imports(*, reward_id: int) -> list[CodeImport]:
    """The latest first."""
    rows = RewardCode.objects.filter(reward=reward_id).values_list("imported_at", "expires_at")
    free = Q(redemption=None, retired_at=None)
    counted = rows.annotate(n=Count("pk"), left=Count("pk", filter=free)).order_by("-imported_at")
    return [CodeImport(*row) for row in counted[:MOST_IMPORTS]]


def _window(starts_at: datetime | None, ends_at: datetime | None, now: datetime) -> DomainError | None:
    if starts_at is not None and now < starts_at:
        return RewardNotStarted(starts_at=starts_at.isoformat())
    return RewardOver() if ends_at is not None and now >= ends_at else None
