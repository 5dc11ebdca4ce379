"""What follows when the member has the goods, and what a refund takes back of it: one outbox row per step.

Growth is earned on completion, not on payment: what is cancelled or refunded before never counts, and the order that
lifts a member was itself paid, and earns, at the old tier. It is earned for the goods as paid, without freight.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeAlias

from members.invitations.services import settle_first_order
from members.tiers.services import earn_by_spending, take_back_growth
from orders.after_sales.policies import GROWTH
from orders.checkout.facts import OrderCompleted
from orders.checkout.locks import lock_order
from orders.fulfilment.past_orders import reference_of
from orders.fulfilment.preferences import AFTER_SALE_DAYS
from orders.fulfilment.queries import refunded_fen, still_paid_for_goods
from orders.payments.facts import RefundSucceeded
from points.rules.services import mature, take_back
from promotions.checkout import services as promotions

Step: TypeAlias = Callable[[OrderCompleted], None]


def record_growth(fact: OrderCompleted) -> None:
    """Give the member growth for what was paid for the goods and not refunded meanwhile."""
    # A refund that comes now waits for the lock, or has been seen by the sum: it is never missed, never taken twice.
    order = lock_order(number=fact.number)
    earn_by_spending(
        reference=_earning(order.number),
        member_id=order.member_id,
        fen=still_paid_for_goods(order),
        earned_at=fact.at,
        now=fact.at,
    )


def settle_invitation(fact: OrderCompleted) -> None:
    """The first settled order of an invited member settles the invitation."""
    settle_first_order(member_id=fact.member_id, order_number=fact.number, now=fact.at)


def complete_promotions(fact: OrderCompleted) -> None:
    """Settle what the order took of promotions, and give the coupons for a purchase that is completed."""
    order = lock_order(number=fact.number)
    paid_fen = order.paid_fen - refunded_fen(order)
    promotions.complete(order_number=order.number, member_id=order.member_id, paid_fen=paid_fen, now=fact.at)


def take_back_refunded_growth(fact: RefundSucceeded) -> None:
    """Leave of an order's growth the share that is still paid for; nothing where growth was not yet given."""
    if not GROWTH.value():
        return
    order = lock_order(number=fact.order_number)
    take_back_growth(
        reference=f"refund:{fact.number}",
        earning=_earning(order.number),
        left=still_paid_for_goods(order),
        now=fact.at,
    )


def mature_points(fact: OrderCompleted) -> None:
    """Let the order's points become available when the goods can no longer come back."""
    mature(
        reference=reference_of(fact.number),
        matures_at=fact.at + timedelta(days=AFTER_SALE_DAYS.value()),
        now=fact.at,
    )


def take_back_refunded_points(fact: RefundSucceeded) -> None:
    """Leave of an order's points the share that is still paid for; nothing where it has not earned yet."""
    order = lock_order(number=fact.order_number)
    take_back(
        of=reference_of(order.number),
        reference=f"refund:{fact.number}",
        left_fen=still_paid_for_goods(order),
        now=fact.at,
    )


AFTER_COMPLETION: tuple[Step, ...] = (record_growth, mature_points, settle_invitation, complete_promotions)
AFTER_REFUND: tuple[Callable[[RefundSucceeded], None], ...] = (
    take_back_refunded_growth,
    take_back_refunded_points,
)


def _earning(number: str) -> str:
    return f"order:{number}"
