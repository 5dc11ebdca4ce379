"""The demo shop's lantern wheel: a running lottery with a prize of every kind, a few chances and a few draws."""

from datetime import datetime, timedelta
from typing import Any

from members.identity.models import Member
from promotions.campaigns.services.lifecycle import findings_of, publish_campaign, save_draft
from promotions.coupons.models import CouponTemplate
from promotions.lottery.models import Lottery, Prize
from promotions.lottery.services import draw, gift_chances, import_codes
from shop.catalog.models import SkuStock
from shop.core.actors import Actor
from shop.core.transactions import unit_of_work

MANAGER = Actor.staff("operator")
NAME, COUPON = "花灯大转盘", "转盘奖励券"
DAY = timedelta(days=1)
CHANCES = 3


def load(*, size: str, now: datetime) -> str:
    if Lottery.objects.filter(name=NAME).exists():
        return "0 lotteries"
    lottery = _draft(now)
    import_codes(prize_id=lottery.prizes.get(kind=Prize.Kind.CODE).pk, codes=[f"FILM-{n:04d}" for n in range(20)])
    noted = {each.code for each in findings_of(lottery, now=now)}
    publish_campaign(kind=Lottery.KIND, pk=lottery.pk, actor=MANAGER, now=now, noted=noted)
    members = list(Member.objects.filter(status=Member.Status.ACTIVE).order_by("pk")[:2])
    for member in members:
        gift_chances(
            lottery_id=lottery.pk,
            member_id=member.pk,
            amount=CHANCES,
            reference=f"demo:{member.pk}",
            note="新年礼物",
            actor=MANAGER,
            now=now,
        )
        draw(lottery_id=lottery.pk, member_id=member.pk, channel="", now=now)
    return f"1 lottery with {len(members)} draws"


def _draft(now: datetime) -> Lottery:
    with unit_of_work():
        lottery = Lottery(
            name=NAME,
            intro="签到、评价、邀请好友注册均可获得抽奖机会，也可用积分抽奖。",
            starts_at=now - DAY,
            ends_at=now + 30 * DAY,
            budget_fen=500_000,
            points_per_draw=100,
            prizes_per_day=500,
            check_in_chances=1,
            invitation_chances=2,
            order_chances=1,
            order_least_fen=10_000,
            review_chances=1,
        )
        save_draft(campaign=lottery, actor=MANAGER, now=now)
        for fields in _prizes(now):
            Prize.objects.create(lottery=lottery, **fields)
    return lottery


def _prizes(now: datetime) -> list[dict[str, Any]]:
    kind = Prize.Kind
    prizes: list[dict[str, Any]] = [
        {"name": "50 积分", "kind": kind.POINTS, "points": 50, "weight": 3000, "per_day": 200},
        {"name": "满 50 减 5 券", "kind": kind.COUPON, "template": _coupon(now), "weight": 2000},
        {"name": "电影兑换码", "kind": kind.CODE, "weight": 100, "stock": 0, "worth_fen": 3500},
        {"name": "再接再厉", "kind": kind.NONE, "weight": 4850, "is_fallback": True},
    ]
    stock = SkuStock.objects.filter(available__gte=5).select_related("sku").order_by("-sku__price_fen", "sku").first()
    if stock is not None:
        fen = stock.sku.price_fen
        goods = {"sku": stock.sku, "weight": 50, "stock": 3, "per_day": 1, "worth_fen": fen}
        prizes.insert(0, {"name": "惊喜好物", "kind": kind.GOODS, **goods})
    return prizes


def _coupon(now: datetime) -> CouponTemplate:
    template = CouponTemplate(
        name=COUPON,
        way=CouponTemplate.Way.REWARD,
        amount_off_fen=500,
        threshold_fen=5000,
        valid_days=14,
        total_limit=1000,
        per_member_limit=None,
        starts_at=now - DAY,
        ends_at=now + 40 * DAY,
    )
    save_draft(campaign=template, actor=MANAGER, now=now)
    noted = {each.code for each in findings_of(template, now=now)}
    publish_campaign(kind=CouponTemplate.KIND, pk=template.pk, actor=MANAGER, now=now, noted=noted)
    return CouponTemplate.objects.get(pk=template.pk)
