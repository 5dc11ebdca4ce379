"""Two months of the demo shop's orders, lived through by the services in the order of their days.

Each order is a story that stops at every moment when somebody acts: the member, the payment gateway, the courier. What
lies in the future is left to the running shop, so that orders of every status are there.
"""

import heapq
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from logistics.network.models import Store
from logistics.shipments.models import Shipment
from logistics.shipments.waybills import follow_parcel
from members.identity.models import Member
from orders.checkout.models import Order
from orders.checkout.offers import Item, Wish
from orders.checkout.services.placing import place_order
from orders.checkout.services.progress import receive_order
from orders.payments.models import PaymentMethod
from orders.payments.services.asking import refresh_payment
from orders.payments.services.closing import close_unpaid_order
from orders.payments.services.opening import open_payment
from orders.verification.codes import pickup_code
from orders.verification.models import Pickup, StoreAssignment
from orders.verification.services.verifying import Clerk, verify
from promotions.campaigns.queries import live_at
from promotions.checkout.mechanism import ActivityAsk
from promotions.group_buy.models import GroupBuy, GroupBuyItem
from promotions.group_buy.queries import open_teams
from shop.catalog.models import Product, Sku
from shop.core import clock, outbox
from shop.core.actors import Actor
from shop.core.clock import SHANGHAI
from shop.core.models import StaffUser
from shop.core.outbound import http_client

ORDERS = {"small": 24, "full": 240}
DAYS = 60
SEED = 20_260_901
FETCHED_EVERY = 6
# The account that hands over in the demo shop's past, and the one that works in its first store.
MANAGER, CLERK = "owner", "store"
# Three complete a team, the fourth opens another.
TEAM_HOURS_AGO = (40, 39, 38, 3)
REMARKS = ("", "", "", "", "请尽快发货", "送人的，麻烦包好一点", "放驿站即可", "周末送货")
# Hours after payment at which the courier reports, give or take.
JOURNEY = (("picked_up", 9), ("in_transit", 26), ("out_for_delivery", 50), ("delivered", 55))

Story = Iterator[datetime]


@dataclass(frozen=True)
class Basket:
    member: Member
    items: tuple[Item, ...]
    placed_at: datetime
    remark: str
    pays_after: timedelta | None
    receives_after: timedelta | None
    store_id: int | None = None
    group_buy_id: int | None = None


def load(*, size: str, now: datetime) -> str:
    if Order.objects.exists():
        return "orders are there already"
    _deliver_facts()
    _staff_stores()
    baskets = _in_teams(_baskets(ORDERS[size], now), now)
    _live_through([(basket.placed_at, _story(basket)) for basket in baskets], until=now)
    return f"{len(baskets)} orders"


def _staff_stores() -> None:
    clerk, store = StaffUser.objects.filter(username=CLERK).first(), Store.objects.order_by("pk").first()
    if clerk and store:
        StoreAssignment.objects.get_or_create(staff=clerk, store=store)


def _live_through(stories: Sequence[tuple[datetime, Story]], until: datetime) -> None:
    """Let every story take its next step at its moment, the earliest first, and nothing after `until`."""
    waiting = [(moment, index, story) for index, (moment, story) in enumerate(stories)]
    heapq.heapify(waiting)
    while waiting and waiting[0][0] < until:
        moment, index, story = heapq.heappop(waiting)
        with clock.fixed(moment):
            following = next(story, None)
            _deliver_facts()
        if following is not None:
            heapq.heappush(waiting, (following, index, story))


def _story(basket: Basket) -> Story:
    wish = Wish(
        member_id=basket.member.pk,
        items=basket.items,
        pickup_store_id=basket.store_id,
        activity=_team(basket.group_buy_id),
    )
    order, _lines = place_order(wish=wish, expected_payable_fen=None, remark=basket.remark, now=clock.now())
    if basket.pays_after is None:
        yield order.expires_at
        close_unpaid_order(number=order.number, actor=Actor.system("payments.expire_orders"), now=clock.now())
        return
    yield clock.now() + basket.pays_after
    _pay(order, basket.member)
    paid_at = clock.now()
    for state, hours in JOURNEY:
        yield paid_at + timedelta(hours=hours, minutes=order.pk * 37 % 240)
        _move_parcels(order.number, state)
    if basket.receives_after is None:
        return
    yield clock.now() + basket.receives_after
    if basket.store_id is None:
        receive_order(number=order.number, member_id=basket.member.pk, now=clock.now())
    else:
        _fetch(order)


def _fetch(order: Order) -> None:
    pickup = Pickup.objects.get(order=order)
    clerk = Clerk(StaffUser.objects.get(username=MANAGER), pickup.store_id, user_agent="demo")
    code = pickup_code(order_number=order.number, version=pickup.code_version)
    verify(code=code, clerk=clerk, now=clock.now())


def _pay(order: Order, member: Member) -> None:
    payment = open_payment(
        order_number=order.number,
        member_id=member.pk,
        method=PaymentMethod.WECHAT,
        openid=member.openid or "",
        now=clock.now(),
    )
    _outside(
        "/wechat/past-payments",
        out_trade_no=payment.number,
        openid=member.openid,
        total=payment.amount_fen,
        paid_at=clock.now().isoformat(),
    )
    refresh_payment(number=payment.number, actor=Actor.gateway(PaymentMethod.WECHAT), now=clock.now())


def _move_parcels(order_number: str, state: str) -> None:
    moment = clock.now()
    parcels = Shipment.objects.filter(order_number=order_number).exclude(tracking_number="")
    for tracking_number in list(parcels.values_list("tracking_number", flat=True)):
        _outside("/couriers/advance", tracking_number=tracking_number, to=state, at=moment.isoformat(), push=False)
        follow_parcel(tracking_number=tracking_number, now=moment)


def _outside(path: str, **body: Any) -> None:
    http_client().post(f"{settings.SANDBOX_URL}{path}", json=body).raise_for_status()


def _deliver_facts() -> None:
    while outbox.deliver_due(now=clock.now() + outbox.HAND_OVER_GRACE + timedelta(seconds=1)):
        pass


def _baskets(count: int, now: datetime) -> list[Basket]:
    """Baskets of a shop that grows a little, sells most in the evening, and has a few favourites."""
    dice = random.Random(SEED)
    members = list(Member.objects.filter(openid__isnull=False, addresses__is_default=True).order_by("pk"))
    skus = list(
        Sku.objects.filter(is_active=True, product__on_shelf=True, product__kind=Product.Kind.GOODS).order_by("pk")
    )
    if not members or not skus:
        return []
    dice.shuffle(skus)
    popularity = [1 / (rank + 6) for rank in range(len(skus))]
    baskets = [_basket(dice, members, skus, popularity, now) for _ in range(count)]
    stores = list(Store.objects.filter(is_active=True).order_by("pk"))
    # Every so many fetch theirs in a store, each store in turn.
    fetched = {index: stores[index // FETCHED_EVERY % len(stores)].pk for index in range(count) if stores}
    return [
        replace(basket, store_id=fetched.get(index)) if index % FETCHED_EVERY == 0 else basket
        for index, basket in enumerate(baskets)
    ]


def _in_teams(baskets: Sequence[Basket], now: datetime) -> Sequence[Basket]:
    """The last of them buy in teams: some complete one, the last opens one that still waits."""
    item = GroupBuyItem.objects.filter(group_buy__in=GroupBuy.objects.filter(live_at(now))).order_by("pk").first()
    members = list(dict.fromkeys(basket.member for basket in baskets))[: len(TEAM_HOURS_AGO)]
    if item is None or len(members) < len(TEAM_HOURS_AGO):
        return baskets
    together = [
        Basket(
            member=member,
            items=(Item(item.sku_id, 1),),
            placed_at=now - timedelta(hours=hours),
            remark="",
            pays_after=timedelta(minutes=2),
            receives_after=None,
            group_buy_id=item.group_buy_id,
        )
        for member, hours in zip(members, TEAM_HOURS_AGO, strict=True)
    ]
    return [*baskets[: -len(together)], *together]


def _team(group_buy_id: int | None) -> ActivityAsk | None:
    """The team that waits at this moment, or a new one."""
    if group_buy_id is None:
        return None
    waiting = open_teams(group_buy_id=group_buy_id, now=clock.now()).order_by("pk").first()
    return ActivityAsk(GroupBuy.KIND, group_buy_id, waiting.pk if waiting else None)


def _basket(
    dice: random.Random, members: Sequence[Member], skus: Sequence[Sku], popularity: Sequence[float], now: datetime
) -> Basket:
    chosen = {sku.pk: sku for sku in dice.choices(skus, popularity, k=dice.choice((1, 1, 1, 2, 2, 3)))}
    gives_up = dice.random() < 0.09
    confirms = dice.random() < 0.6
    return Basket(
        member=dice.choice(members),
        items=tuple(Item(sku_id=pk, quantity=dice.choice((1, 1, 1, 2))) for pk in chosen),
        placed_at=_moment(dice, now),
        remark=dice.choice(REMARKS),
        pays_after=None if gives_up else timedelta(seconds=dice.randint(20, 900)),
        receives_after=timedelta(hours=dice.randint(2, 60)) if confirms else None,
    )


def _moment(dice: random.Random, now: datetime) -> datetime:
    days_ago = int(DAYS * (1 - dice.random() ** 0.8))
    hour = dice.choices(range(24), [2, 1, 0, 0, 0, 0, 1, 3, 5, 7, 9, 8, 8, 6, 6, 6, 6, 7, 8, 10, 13, 14, 11, 6])[0]
    day = now.astimezone(SHANGHAI) - timedelta(days=days_ago)
    moment = day.replace(hour=hour, minute=dice.randrange(60), second=dice.randrange(60))
    return moment if moment < now - timedelta(minutes=1) else moment - timedelta(days=1)
