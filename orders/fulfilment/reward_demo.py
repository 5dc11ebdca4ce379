"""Some of the demo shop's members have redeemed points: a code, a coupon, a booked service, as far as they reach."""

from datetime import datetime

from members.identity.models import Member
from orders.checkout.offers import Item, Wish
from orders.checkout.services.placing import place_order
from points.ledger.queries import balances_of
from points.mall.models import Redemption, Reward, Slot
from promotions.checkout.mechanism import ActivityAsk
from promotions.redemption.terms import KIND

MOST = 6
NO_PARCEL = (Reward.Kind.CODE, Reward.Kind.COUPON, Reward.Kind.SERVICE)


def load(*, size: str, now: datetime) -> str:
    """Whatever costs points only is paid as soon as the outbox is delivered."""
    if Redemption.objects.exists():
        return "0 redemptions"
    rewards = list(Reward.objects.filter(status="live", kind__in=NO_PARCEL, price_fen=0).order_by("-points"))
    members = list(Member.objects.filter(status=Member.Status.ACTIVE).order_by("pk").values_list("pk", flat=True)[:60])
    redeemed = 0
    for member_id, balance in sorted(balances_of(member_ids=members, now=now).items()):
        affordable = [each for each in rewards if each.points <= balance.available]
        if not affordable or redeemed == MOST:
            continue
        _redeem(member_id, affordable[redeemed % len(affordable)], now)
        redeemed += 1
    return f"{redeemed} redemptions"


def _redeem(member_id: int, reward: Reward, now: datetime) -> None:
    slot = None
    if reward.resource_id is not None:
        slot = (
            Slot.objects.filter(resource=reward.resource_id, starts_at__gt=now).order_by("booked", "starts_at").first()
        )
    activity = ActivityAsk(KIND, reward.pk, slot_id=slot.pk if slot else None)
    wish = Wish(member_id, (Item(reward.sku_id, 1),), activity=activity)
    place_order(wish=wish, expected_payable_fen=0, remark="", now=now)
