"""What follows a payment: one outbox row per step, so that each is done, retried and parked by itself.

The steps run after the payment's commit and take effect once: in one transaction, or each in its own when one fails.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from django.conf import settings
from django.db import transaction
from django.utils import translation

from orders.after_sales.services import call_off
from orders.checkout.facts import OrderCompleted, OrderPaid
from orders.checkout.locks import lock_order
from orders.checkout.models import OrderStatus
from orders.checkout.services.progress import complete
from orders.fulfilment.after_completion import give_chances_for, mature_points
from orders.fulfilment.commission import follow_commission, mature_commission, sell_order
from orders.fulfilment.notices import tell_order_paid
from orders.fulfilment.past_orders import PAST_ORDERS
from orders.fulfilment.queries import refunded_fen, still_paid_by_line
from orders.fulfilment.services import request_goods
from orders.workbench.services.pricing import drop_price_change
from points.rules.services import earn, take_back
from promotions.checkout import services as promotions
from promotions.distribution.queries import may_be_sold_to
from promotions.lottery.models import Moment
from shop.catalog.services import stock
from shop.core.actors import Actor
from shop.core.errors import DomainError
from shop.core.prepared import Prepared

# Written out, because every payment asks.
_SOLD = Prepared(
    "units_sold",
    """
SELECT line.product_id, sum(line.quantity)::bigint
FROM checkout_order sold JOIN checkout_orderline line ON line.order_id = sold.id
WHERE sold.number = %s AND NOT line.is_gift GROUP BY line.product_id
""",
)

SHOP = Actor.system("orders.give_rewards")
NOTE_LENGTH = 200
Step: TypeAlias = Callable[[OrderPaid], None]


def request_fulfilment(fact: OrderPaid) -> None:
    """Ask the warehouses to send the goods; those of an order that waits for its team when that has succeeded."""
    request_goods(order_number=fact.number, now=fact.at)


def give_rewards(fact: OrderPaid) -> None:
    """Give what needs no parcel and complete the order; what is gone meanwhile is paid back."""
    order = lock_order(number=fact.number)
    if order.needs_parcel or order.status != OrderStatus.PAID:
        return
    try:
        with transaction.atomic():
            promotions.give(order_number=order.number, now=fact.at)
    except DomainError as refusal:
        with translation.override(settings.LANGUAGE_CODE):
            why = str(refusal)[:NOTE_LENGTH]
        call_off(number=order.number, note=why, actor=SHOP, now=fact.at)
    else:
        complete(order=order, actor=SHOP, now=fact.at)


def earn_points(fact: OrderPaid) -> None:
    """Give the member points at the tier of the payment, pending until the goods can no longer come back."""
    # A refund that comes now waits for the lock, or its share is taken off below.
    order = lock_order(number=fact.number)
    event = PAST_ORDERS.event(number=fact.number)
    assert event is not None
    earn(event=event, now=fact.at)
    left = still_paid_by_line(order)
    if tuple(left) != event.net_fen:
        take_back(of=event.reference, reference=f"{event.reference}:refunded", left_fen=left, now=fact.at)
    if order.completed_at is not None:
        # This step was late: the goods have arrived meanwhile.
        mature_points(OrderCompleted(number=order.number, member_id=order.member_id, at=order.completed_at))


def accrue_commission(fact: OrderPaid) -> None:
    """What the order is worth to whoever has sold it, frozen until the goods can no longer come back."""
    # As for points: a refund that comes now waits for the lock, or is taken off here.
    order = lock_order(number=fact.number)
    if not may_be_sold_to(member_id=order.member_id):
        return
    sell_order(order, sold_at=fact.at)
    follow_commission(order, reference=f"order:{order.number}:refunded", now=fact.at)
    if order.completed_at is not None:
        mature_commission(OrderCompleted(number=order.number, member_id=order.member_id, at=order.completed_at))


def record_sales(fact: OrderPaid) -> None:
    """Count the units as sold, not those given away, for the listing's order by sales."""
    stock.record_sales(items=dict(_SOLD.run([fact.number])))


def give_purchase_coupons(fact: OrderPaid) -> None:
    """Give the coupons that are for whoever buys for so much and has not been paid back meanwhile."""
    if not promotions.may_reward(paid_fen=fact.payable_fen, moment=promotions.Moment.PAYMENT, now=fact.at):
        return
    # A refund that comes now waits for the lock, and takes back what is given here.
    order = lock_order(number=fact.number)
    paid_fen = order.paid_fen - refunded_fen(order)
    if paid_fen or not order.paid_fen:
        promotions.reward(
            order_number=order.number,
            member_id=order.member_id,
            paid_fen=paid_fen,
            moment=promotions.Moment.PAYMENT,
            now=fact.at,
        )


def give_draw_chances(fact: OrderPaid) -> None:
    """Chances of lotteries that give them for a payment."""
    give_chances_for(fact.number, moment=Moment.PAYMENT, now=fact.at)


def close_price_change(fact: OrderPaid) -> None:
    """Nobody has to decide any more about another price for it."""
    drop_price_change(order_number=fact.number, now=fact.at)


def notify_member(fact: OrderPaid) -> None:
    """Tell the member that the money has come."""
    tell_order_paid(order_number=fact.number, amount_fen=fact.payable_fen, now=fact.at)


# Steps of some orders only: the others do not even write them down.
ONLY: Mapping[Step, Callable[[OrderPaid], bool]] = {
    give_rewards: lambda fact: not fact.needs_parcel,
    request_fulfilment: lambda fact: fact.needs_parcel,
}
# In the order in which rows are locked: promotions, points, stock. Stock comes late, because others wait for it.
# Commission looks at the points that were earned; nobody who holds its accounts asks for points. An order that is given
# at once has no parcel.
AFTER_PAYMENT: tuple[Step, ...] = (
    give_purchase_coupons,
    give_draw_chances,
    earn_points,
    accrue_commission,
    give_rewards,
    close_price_change,
    notify_member,
    request_fulfilment,
    record_sales,
)
