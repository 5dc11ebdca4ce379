"""A points mall full of rewards, and a member with points; runs inside Django (`Shop.call`)."""

from collections.abc import Sequence

from members.identity.models import Member
from members.identity.phones import parse_phone
from members.tiers.models import Tier
from points.ledger.services import grant
from points.mall.models import Reward, RewardPrice, RewardTally, Zone
from shop.core import clock
from shop.core.clock import business_day
from shop.core.transactions import unit_of_work

TALLIES = 200


def load(*, sku_ids: Sequence[int], rewards: int, phone: str, points: int) -> int:
    """Live ones in four zones, each with a price of every tier and limits; some of them the member has had before."""
    now = clock.now()
    member = Member.objects.get(phone=parse_phone(phone))
    with unit_of_work():
        grant(
            reference=f"bench:mall:{member.pk}",
            member_id=member.pk,
            points=points,
            source="bench",
            now=now,
            matures_at=now,
            expires_at=None,
        )
        zones = Zone.objects.bulk_create(Zone(name=f"Zone {n}", weekdays=[1, 2, 3, 4, 5, 6, 7]) for n in range(4))
        rows = Reward.objects.bulk_create(
            Reward(
                name=f"Reward {n}",
                sku_id=sku_ids[n % len(sku_ids)],
                zone=zones[n % 4],
                points=100 + n * 7 % 9_000,
                position=n % 50,
                quota=1_000,
                limit_per_member=5,
                limit_per_period=2,
                status=Reward.Status.LIVE,
            )
            for n in range(rewards)
        )
        tiers = list(Tier.objects.order_by("pk"))
        RewardPrice.objects.bulk_create(
            RewardPrice(reward=row, tier=tier, points=max(row.points - 10 * place, 1))
            for row in rows
            for place, tier in enumerate(tiers)
        )
        today = business_day(now)
        RewardTally.objects.bulk_create(
            RewardTally(reward=row, member=member, units=0, period_start=today, in_period=0) for row in rows[:TALLIES]
        )
    return len(rows)
