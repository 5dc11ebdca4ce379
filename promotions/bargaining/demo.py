"""The demo shop's bargain: running, with one attempt that friends have begun to help."""

from datetime import datetime, timedelta

from members.identity.models import Member
from promotions.bargaining.models import Bargain
from promotions.bargaining.services.cutting import cut_price
from promotions.bargaining.services.starting import start_attempt
from promotions.campaigns.services.lifecycle import findings_of, publish_campaign, save_draft
from shop.catalog.models import Sku
from shop.core.actors import Actor
from shop.core.transactions import unit_of_work

MANAGER = Actor.staff("operator")
NAME = "好友砍价"
DAY = timedelta(days=1)


def load(*, size: str, now: datetime) -> str:
    if Bargain.objects.filter(name=NAME).exists():
        return "0 bargains"
    there = Sku.objects.filter(is_active=True, stock__available__gte=1)
    sku = there.filter(product__category__slug="tea").order_by("price_fen", "pk").first()
    if sku is None:
        return "0 bargains"
    with unit_of_work():
        bargain = Bargain(
            name=NAME,
            sku=sku,
            floor_fen=max(sku.floor_price_fen or 0, sku.price_fen * 6 // 10),
            fewest_cuts=6,
            most_cuts=8,
            attempts_per_member=3,
            quota=50,
            budget_fen=500_000,
            starts_at=now - DAY,
            ends_at=now + 20 * DAY,
        )
        save_draft(campaign=bargain, actor=MANAGER, now=now)
    noted = {each.code for each in findings_of(bargain, now=now)}
    publish_campaign(kind=Bargain.KIND, pk=bargain.pk, actor=MANAGER, now=now, noted=noted)
    members = list(Member.objects.filter(status=Member.Status.ACTIVE).order_by("pk").values_list("pk", flat=True)[:3])
    if members:
        attempt = start_attempt(bargain_id=bargain.pk, member_id=members[0], channel="", now=now)
        for helper_id in members[1:]:
            cut_price(attempt_id=attempt.pk, helper_id=helper_id, now=now)
    return "1 bargain"
