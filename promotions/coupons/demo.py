"""The demo shop's coupons: one for newcomers, one for tea that members have claimed, one redeemed with codes."""

from datetime import datetime, timedelta

from members.identity.models import Member
from promotions.campaigns.services.lifecycle import publish_campaign
from promotions.coupons.models import CouponTemplate
from promotions.coupons.services import claim_coupon
from promotions.coupons.services.automatic import give_newcomer
from promotions.coupons.services.batches import create_batch
from shop.catalog.models import Category
from shop.core.actors import Actor
from shop.core.transactions import unit_of_work

MANAGER = Actor.staff("operator")
Kind, Way = CouponTemplate.Kind, CouponTemplate.Way
NEWCOMER, TEA, PARTNER = "新人礼券", "春茶满减券", "合作方 85 折券"
DAY = timedelta(days=1)


def load(*, size: str, now: datetime) -> str:
    if CouponTemplate.objects.filter(name=TEA).exists():
        return "0 coupon templates"
    tea = Category.objects.filter(name__contains="茶").order_by("depth", "path").first()
    templates = {
        NEWCOMER: {"amount_off_fen": 1000, "threshold_fen": 5900, "way": Way.NEWCOMER, "valid_days": 30},
        TEA: {
            "amount_off_fen": 3000,
            "threshold_fen": 20_000,
            "total_limit": 300,
            "valid_days": 14,
            "category_ids": [tea.pk] if tea else [],
        },
        PARTNER: {
            "kind": Kind.PERCENT,
            "percent_off_bp": 1500,
            "most_off_fen": 2000,
            "way": Way.CODES,
            "valid_days": 30,
            "use_in": CouponTemplate.UseIn.ANYWHERE,
        },
    }
    made = {name: _publish(name, fields, now) for name, fields in templates.items()}
    create_batch(template_id=made[PARTNER].pk, name="茶友会", quantity=500, expires_at=None, actor=MANAGER, now=now)
    for member in Member.objects.filter(status=Member.Status.ACTIVE).order_by("pk")[:4]:
        claim_coupon(template_id=made[TEA].pk, member_id=member.pk, channel="", now=now)
        with unit_of_work():
            give_newcomer(member_id=member.pk, now=now)
    return f"{len(made)} coupon templates"


def _publish(name: str, fields: dict[str, object], now: datetime) -> CouponTemplate:
    template = CouponTemplate.objects.create(
        name=name,
        starts_at=now - DAY,
        ends_at=now + 60 * DAY,
        budget_fen=1_000_000,
        created_by=str(MANAGER),
        **fields,
    )
    publish_campaign(kind=CouponTemplate.KIND, pk=template.pk, actor=MANAGER, now=now)
    return CouponTemplate.objects.get(pk=template.pk)
