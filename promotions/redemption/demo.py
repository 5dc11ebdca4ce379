"""The demo shop's points mall: four zones, a reward of every kind, prices by tier, slots, codes and a coupon."""

from datetime import datetime, time, timedelta
from typing import Any

from members.tiers.models import Tier
from points.mall.models import Resource, Reward, RewardPrice, Zone
from points.mall.services.codes import import_codes
from points.mall.services.planning import Plan, plan_slots
from points.mall.services.publishing import publish_reward
from promotions.campaigns.services.lifecycle import findings_of, publish_campaign, save_draft
from promotions.coupons.models import CouponTemplate
from promotions.redemption.models import CouponReward
from shop.catalog.models import Category, Product, Sku
from shop.catalog.services.products import SkuInput, create_product
from shop.core.actors import Actor
from shop.core.clock import business_day
from shop.core.transactions import unit_of_work

MANAGER = Actor.staff("operator")
CODES, DAYS_OPEN = 30, 14
DAY = timedelta(days=1)
Kind, ProductKind = Reward.Kind, Product.Kind


def load(*, size: str, now: datetime) -> str:
    if Reward.objects.exists():
        return "0 rewards"
    zones = _zones(now)
    rewards = [*_goods(zones), _service(zones, now), _code(zones, now), _coupon(zones, now)]
    tiers = list(Tier.objects.order_by("-exclusive_zone", "-discount_bp", "pk")[:1])
    with unit_of_work():
        RewardPrice.objects.bulk_create(
            RewardPrice(reward=reward, tier=tier, points=reward.points * 5 // 8, price_fen=reward.price_fen)
            for reward in rewards
            for tier in tiers
        )
    for reward in rewards:
        publish_reward(reward_id=reward.pk, now=now)
    return f"{len(rewards)} rewards in {len(zones)} zones"


def _zones(now: datetime) -> dict[str, Zone]:
    ends_at = now + 30 * DAY
    return {
        "everyday": Zone.objects.create(name="天天兑好礼", intro="积分随时兑，天天有惊喜。"),
        "festival": Zone.objects.create(
            name="元宵兑换季",
            theme=Zone.Theme.FESTIVAL,
            intro="逢 8 为兑换日，全场共 500 件，兑完即止。",
            month_days=[8, 18, 28],
            pool=500,
            visible_until=ends_at,
            ends_at=ends_at,
            position=1,
        ),
        "co_brand": Zone.objects.create(
            name="茶会联名", theme=Zone.Theme.CO_BRAND, intro="与合作茶馆联名推出。", position=2
        ),
        "members": Zone.objects.create(name="会员专区", theme=Zone.Theme.MEMBERS, intro="高等级会员专享。", position=3),
    }


def _goods(zones: dict[str, Zone]) -> list[Reward]:
    """For points alone, for points and money, and for the members' zone."""
    on_sale = Sku.objects.filter(is_active=True, product__on_shelf=True, product__kind=ProductKind.GOODS)
    skus = list(on_sale.filter(stock__available__gte=20).select_related("product").order_by("price_fen", "pk")[:3])
    prices: list[dict[str, Any]] = [
        {"points": 800, "zone": zones["everyday"]},
        {"points": 200, "price_fen": 990, "zone": zones["festival"]},
        {"points": 500, "zone": zones["members"], "freight_is_free": True},
    ]
    return [
        Reward.objects.create(
            kind=Kind.GOODS,
            name=sku.product.name,
            sku=sku,
            quota=100,
            limit_per_member=2,
            low_at=10,
            **{**given, "price_fen": min(given.get("price_fen", 0), sku.price_fen)},
        )
        for sku, given in zip(skus, prices, strict=False)
    ]


def _service(zones: dict[str, Zone], now: datetime) -> Reward:
    resource = Resource.objects.create(name="一号茶席", note="请提前十分钟到店。")
    today = business_day(now)
    plan = Plan(today + DAY, today + DAYS_OPEN * DAY, range(1, 8), time(10), time(18), minutes=120, capacity=4)
    plan_slots(resource_id=resource.pk, plan=plan)
    sku = _sku("MALL-TEA", "双人茶艺体验", ProductKind.SERVICE, 16_800, now)
    return Reward.objects.create(
        kind=Kind.SERVICE,
        name="双人茶艺体验",
        intro="由茶艺师带领，约两小时。",
        sku=sku,
        zone=zones["co_brand"],
        resource=resource,
        points=300,
        quota=200,
        limit_per_period=1,
        no_show=Reward.NoShow.REBOOK,
    )


def _code(zones: dict[str, Zone], now: datetime) -> Reward:
    sku = _sku("MALL-FILM", "电影兑换码", ProductKind.VIRTUAL, 3500, now)
    reward = Reward.objects.create(
        kind=Kind.CODE, name="电影兑换码", sku=sku, zone=zones["everyday"], points=80, low_at=10, quota=0, position=1
    )
    codes = [f"MOVIE-{n:04d}-{n * 7919 % 10_000:04d}" for n in range(CODES)]
    import_codes(reward_id=reward.pk, codes=codes, expires_at=now + 90 * DAY, now=now)
    return reward


def _coupon(zones: dict[str, Zone], now: datetime) -> Reward:
    template = CouponTemplate(
        name="积分兑换券",
        way=CouponTemplate.Way.REWARD,
        amount_off_fen=1000,
        threshold_fen=9900,
        valid_days=30,
        total_limit=500,
        per_member_limit=None,
        starts_at=now - DAY,
        ends_at=now + 60 * DAY,
    )
    save_draft(campaign=template, actor=MANAGER, now=now)
    noted = {each.code for each in findings_of(template, now=now)}
    publish_campaign(kind=CouponTemplate.KIND, pk=template.pk, actor=MANAGER, now=now, noted=noted)
    sku = _sku("MALL-COUPON", "满 99 减 10 券", ProductKind.VIRTUAL, 1000, now)
    reward = Reward.objects.create(
        kind=Kind.COUPON, name="满 99 减 10 券", sku=sku, zone=zones["everyday"], points=50, position=2
    )
    CouponReward.objects.create(reward=reward, template=template)
    return reward


def _sku(code: str, name: str, kind: str, price_fen: int, now: datetime) -> Sku:
    """Of a product that is not on the shelf: it is had for points only."""
    category = Category.objects.order_by("path").first()
    assert category is not None
    product = create_product(
        code=code,
        skus=[SkuInput(code=f"{code}-1", price_fen=price_fen)],
        actor=MANAGER,
        now=now,
        name=name,
        kind=kind,
        category_id=category.pk,
    )
    return product.skus.get()
