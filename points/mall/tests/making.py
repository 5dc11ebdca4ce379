"""Rewards of every kind for tests, live, and members with points."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.db import transaction
from rest_framework.test import APIClient

from members.identity.models import Member
from members.tiers.models import MemberTier, Tier, TierPolicy
from members.tiers.queries import TIERS
from orders.after_sales.tests.making import assert_lawful as laws_of_orders
from orders.after_sales.tests.making import deliver_facts
from orders.checkout.models import Order
from orders.checkout.tests.making import place
from points.ledger.invariants import LAWS as LEDGER_LAWS
from points.ledger.services import grant
from points.mall.invariants import LAWS
from points.mall.models import Redemption, Resource, Reward, RewardPrice, Slot
from points.mall.services.codes import import_codes
from points.mall.services.publishing import publish_reward
from points.mall.services.using import Price, claim_reward
from points.mall.viewers import Viewer
from promotions.coupons.models import CouponTemplate
from promotions.redemption.invariants import LAWS as COUPON_LAWS
from promotions.redemption.models import CouponReward
from shop.catalog.models import Product
from shop.catalog.tests.factories import ProductFactory, SkuFactory
from shop.core import clock
from shop.core.clock import business_day

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_numbers = count(1)


def give_points(member: Member, points: int) -> None:
    """Mature ones that never expire."""
    now = clock.now()
    with transaction.atomic():
        grant(
            reference=f"mall-test:{next(_numbers)}",
            member_id=member.pk,
            points=points,
            source="order",
            now=now,
            matures_at=now,
            expires_at=None,
        )


def make_tier(member: Member, code: str = "platinum", **fields: Any) -> Tier:
    """The tier of this code, at which the member stands from now on."""
    tier, _made = Tier.objects.update_or_create(code=code, defaults={"name": code, **fields})
    policy = TierPolicy.objects.latest("pk")
    standing = {"tier": tier, "earned_tier": tier, "counted_on": business_day(clock.now()), "policy": policy}
    MemberTier.objects.update_or_create(member=member, defaults=standing)
    TIERS.forget()
    return tier


def live_reward(
    *, kind: str = "goods", codes: int = 0, template: CouponTemplate | None = None, **fields: Any
) -> Reward:
    """8,000 points for something worth ¥100, unless told."""
    product_kind = Reward.SKU_KINDS[Reward.Kind(kind)]
    if "sku" not in fields:
        product = ProductFactory(kind=product_kind, on_shelf=product_kind == Product.Kind.GOODS)
        fields["sku"] = SkuFactory(product=product, stock=10 if kind == "goods" else 0)
    reward = Reward(**{"kind": kind, "name": "陶瓷茶杯", "points": 8000, **fields})
    reward.clean()
    reward.save()
    now = clock.now()
    if kind == "code":
        import_codes(
            reward_id=reward.pk, codes=[f"FILM-{reward.pk}-{n}" for n in range(codes or 3)], expires_at=None, now=now
        )
    if template is not None:
        CouponReward.objects.create(reward=reward, template=template)
    publish_reward(reward_id=reward.pk, now=now)
    return Reward.objects.get(pk=reward.pk)


def tier_price(reward: Reward, tier: Tier, *, points: int, price_fen: int = 0) -> RewardPrice:
    return RewardPrice.objects.create(reward=reward, tier=tier, points=points, price_fen=price_fen)


def make_slot(resource: Resource | None = None, *, starts_at: datetime, capacity: int = 1) -> Slot:
    """An hour long."""
    resource = resource or Resource.objects.create(name="一号茶席")
    return Slot.objects.create(resource=resource, starts_at=starts_at, ends_at=starts_at + HOUR, capacity=capacity)


def bookable(*, starts_in: timedelta = 3 * DAY, capacity: int = 1, **fields: Any) -> tuple[Reward, Slot]:
    """A service with one slot."""
    slot = make_slot(starts_at=clock.now() + starts_in, capacity=capacity)
    return live_reward(kind="service", name="茶艺体验", resource=slot.resource, **fields), slot


def asked(reward: Reward, quantity: int = 1, *, slot: Slot | None = None, **more: Any) -> dict[str, Any]:
    """The body of a quote or an order that redeems it."""
    activity = {"kind": "reward", "id": reward.pk, **({"slot_id": slot.pk} if slot else {})}
    return {"items": [{"sku_id": reward.sku_id, "quantity": quantity}], "activity": activity, **more}


def redeemed(client: APIClient, reward: Reward, quantity: int = 1, **more: Any) -> Order:
    """Ordered and, where it costs no money, paid and given."""
    answer = place(client, asked(reward, quantity, **more))
    assert answer.status_code == 201, answer.content
    deliver_facts()
    return Order.objects.get(number=answer.json()["number"])


def claimed(reward: Reward, member: Member, *, order: str = "D1", slot: Slot | None = None) -> Redemption:
    """Held for an order that is not there; inside the caller's transaction."""
    return claim_reward(
        order_number=order,
        viewer=Viewer(member.pk),
        reward_id=reward.pk,
        slot_id=slot.pk if slot else None,
        units=1,
        price=Price(reward.points, 0),
        now=clock.now(),
    )


def assert_lawful() -> None:
    """Every law of the points mall, of points, orders, money and after-sales holds."""
    laws_of_orders()
    assert [found for law in (*LAWS, *COUPON_LAWS, *LEDGER_LAWS) if (found := law())] == []
