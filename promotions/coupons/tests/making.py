"""Templates and coupons for tests, through the services."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from members.identity.models import Member
from promotions.campaigns.models import CampaignStatus
from promotions.coupons.models import Coupon, CouponTemplate
from promotions.coupons.services import give
from shop.core import clock
from shop.core.actors import Actor

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)  # noon in Shanghai, a Sunday
CLERK, CHIEF = Actor.staff("clerk"), Actor.staff("chief")
DAY = timedelta(days=1)


def make_template(**fields: Any) -> CouponTemplate:
    """Running: ¥20 off from ¥100, for seven days after the claim, one per member, a thousand in all."""
    given = {
        "name": "满 100 减 20",
        "kind": "amount",
        "amount_off_fen": 2000,
        "threshold_fen": 10_000,
        "validity": "after_claim",
        "valid_days": 7,
        "total_limit": 1000,
        "per_member_limit": 1,
        "starts_at": NOW - DAY,
        "ends_at": NOW + 30 * DAY,
        "status": CampaignStatus.RUNNING,
        "created_by": str(CLERK),
        **fields,
    }
    return CouponTemplate.objects.create(**given)


def make_live_template(**fields: Any) -> CouponTemplate:
    """The same around the present moment, for tests that go through HTTP."""
    now = clock.now()
    return make_template(**{"starts_at": now - DAY, "ends_at": now + 30 * DAY, **fields})


def make_coupon(
    member: Member, *, template: CouponTemplate | None = None, now: datetime = NOW, **fields: Any
) -> Coupon:
    template = template or make_template(**fields)
    with transaction.atomic():
        return give(template=template, member_id=member.pk, way=template.way, reference=None, now=now)
