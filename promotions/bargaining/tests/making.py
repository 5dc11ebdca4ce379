"""Bargains for tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from members.identity.models import Member
from members.identity.tests.factories import MemberFactory
from promotions.bargaining.models import Bargain, BargainAttempt, Cut
from promotions.bargaining.services.cutting import cut_price
from promotions.bargaining.services.starting import start_attempt
from promotions.campaigns.models import CampaignStatus
from shop.catalog.models import Sku
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock

NOW = datetime(2026, 2, 3, 4, 0, tzinfo=UTC)  # noon in Shanghai
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def make_bargain(sku: Sku | None = None, **fields: Any) -> Bargain:
    """Running: ¥100 down to ¥60 in five cuts, the first of them the member's own; an attempt lasts a day."""
    given = {
        "name": "新春砍价",
        "sku": sku or SkuFactory(price_fen=10_000),
        "floor_fen": 6000,
        "fewest_cuts": 5,
        "most_cuts": 5,
        "starts_at": NOW - DAY,
        "ends_at": NOW + 10 * DAY,
        "status": CampaignStatus.RUNNING,
        "created_by": "staff:clerk",
        **fields,
    }
    return Bargain.objects.create(**given)


def make_live_bargain(sku: Sku | None = None, **fields: Any) -> Bargain:
    """The same around the present moment, for tests that go through HTTP."""
    now = clock.now()
    return make_bargain(sku, **{"starts_at": now - DAY, "ends_at": now + 10 * DAY, **fields})


def start(bargain: Bargain, member: Member | None = None, *, now: datetime = NOW) -> BargainAttempt:
    owner = member or old_member(now)
    return start_attempt(bargain_id=bargain.pk, member_id=owner.pk, channel="", now=now)


def help_with(attempt: BargainAttempt, helper: Member | None = None, *, now: datetime = NOW) -> Cut:
    return cut_price(attempt_id=attempt.pk, helper_id=(helper or old_member(now)).pk, now=now)


def old_member(now: datetime = NOW) -> Member:
    """Who registered long ago."""
    return MemberFactory.create(joined_at=now - 100 * DAY)


def new_member(now: datetime = NOW) -> Member:
    return MemberFactory.create(joined_at=now - DAY)


def to_the_floor(attempt: BargainAttempt, *, now: datetime = NOW) -> BargainAttempt:
    """All the help that it needs, each time by somebody else."""
    while not attempt.is_at_floor:
        help_with(attempt, now=now)
        attempt.refresh_from_db()
    return attempt
