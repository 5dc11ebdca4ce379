"""What follows when the member has the goods, and what a refund takes back of it: one outbox row per step.

Growth is earned on completion, not on payment: what is cancelled or refunded before never counts, and the order that
lifts a member was itself paid, and earns, at the old tier. It is earned for the goods as paid, without freight.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeAlias

from members.invitations.services import settle_first_order
from members.tiers.services import earn_by_spending, take_back_growth
from orders.after_sales.facts import AfterSaleCompleted
from orders.after_sales.policies import GROWTH
from orders.checkout.facts import OrderCompleted
from orders.checkout.locks import lock_order
from orders.checkout.models import OrderLine
from orders.checkout.preferences import AFTER_SALE_DAYS
from orders.fulfilment.commission import follow_commission, mature_commission
from orders.fulfilment.past_orders import reference_of
from orders.fulfilment.queries import refunded_fen, still_paid_by_line, still_paid_for_goods, units_under_way
from orders.payments.facts import RefundSucceeded
from points.rules.services import mature, take_back
from promotions.checkout import returns
from promotions.checkout import services as promotions
from promotions.checkout.returns import LineNow
from promotions.distribution.services.joining import join_by_spending
from promotions.lottery.models import Moment, Source
from promotions.lottery.queries import orders_give_chances
from promotions.lottery.services import give_chances, take_back_chances
from shop.catalog.services import stock

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


def give_draw_chances_now(fact: OrderCompleted) -> None:
    """Chances of lotteries that give them once the member has the goods."""
    give_chances_for(fact.number, moment=Moment.COMPLETION, now=fact.at)


def mature_points(fact: OrderCompleted) -> None:
    """Let the order's points become available when the goods can no longer come back."""
    mature(
        reference=reference_of(fact.number),
        matures_at=fact.at + timedelta(days=AFTER_SALE_DAYS.value()),
        now=fact.at,
    )


def take_back_refunded_growth(fact: RefundSucceeded) -> None:
    """Money went back, for no after-sale: leave of the growth what is still paid for, none where none was given."""
    if not fact.reference and GROWTH.value():
        _take_growth(fact.order_number, reference=f"refund:{fact.number}", now=fact.at)


def take_back_refunded_points(fact: RefundSucceeded) -> None:
    """Money went back, for no after-sale: leave of the points that the order earned what is still paid for."""
    if not fact.reference:
        _take_points(fact.order_number, reference=f"refund:{fact.number}", now=fact.at)


def take_back_refunded_chances(fact: RefundSucceeded) -> None:
    """Money went back, for no after-sale: chances to draw that are not used yet, where too little is still paid."""
    if not fact.reference:
        _take_chances(fact.order_number, now=fact.at)


def take_back_refunded_coupons(fact: RefundSucceeded) -> None:
    """Money went back, for no after-sale: coupons that the order has earned, where too little is still paid."""
    if not fact.reference:
        _take_coupons(fact.order_number, now=fact.at)


def take_back_growth_for_goods(fact: AfterSaleCompleted) -> None:
    """Leave of the order's growth what is still paid for, where the after-sale's policy says so."""
    if fact.growth_back:
        _take_growth(fact.order_number, reference=f"after_sale:{fact.number}", now=fact.at)


def take_back_points_for_goods(fact: AfterSaleCompleted) -> None:
    """Leave of the points that each line of the order earned what is still paid for of it."""
    _take_points(fact.order_number, reference=f"after_sale:{fact.number}", now=fact.at)


def take_back_chances_for_goods(fact: AfterSaleCompleted) -> None:
    """Chances to draw that are not used yet, where too little is still paid for the goods."""
    _take_chances(fact.order_number, now=fact.at)


def take_back_refunded_commission(fact: RefundSucceeded) -> None:
    """Money went back, for no after-sale: leave of the commission on each line what is still paid for it."""
    if not fact.reference:
        follow_commission(lock_order(number=fact.order_number), reference=f"refund:{fact.number}", now=fact.at)


def take_back_commission_for_goods(fact: AfterSaleCompleted) -> None:
    """Leave of the commission on each line what is still paid for it, where the after-sale's policy says so."""
    if fact.commission_back:
        follow_commission(lock_order(number=fact.order_number), reference=f"after_sale:{fact.number}", now=fact.at)


def admit_distributor(fact: OrderCompleted) -> None:
    """Who has bought for enough sells from now on, where the shop has it so."""
    join_by_spending(member_id=fact.member_id, now=fact.at)


def take_back_coupons_for_goods(fact: AfterSaleCompleted) -> None:
    """Coupons that the order has earned, where too little is still paid."""
    _take_coupons(fact.order_number, now=fact.at)


def give_back_points(fact: AfterSaleCompleted) -> None:
    """Exactly those that the goods were paid with."""
    order = lock_order(number=fact.order_number)
    returns.return_points(
        order_number=order.number, reference=f"after_sale:{fact.number}:points", points=fact.points, now=fact.at
    )


def give_back_coupons(fact: AfterSaleCompleted) -> None:
    """Those that the after-sale's policy lets come back."""
    order = lock_order(number=fact.order_number)
    returns.return_coupons(order_number=order.number, coupon_ids=fact.coupon_ids, now=fact.at)


def count_less_for_promotions(fact: AfterSaleCompleted) -> None:
    """Budgets, quotas and results count what stands of the order."""
    order = lock_order(number=fact.order_number)
    lines = [
        LineNow(line.sku_id, line.quantity, line.units_returned, line.adjustments, line.is_gift)
        for line in order.lines.all()
    ]
    shipped, _delivered = units_under_way(order_number=order.number)
    returns.count_returns(
        order_number=order.number,
        lines=lines,
        paid_fen=order.paid_fen - refunded_fen(order),
        was_sent=shipped > 0,
        now=fact.at,
    )


def unrecord_sales(fact: AfterSaleCompleted) -> None:
    """Units that came back, or of which nothing came about, are not sold any more."""
    positions = {each.position: each.units for each in fact.lines}
    lines = OrderLine.objects.filter(order__number=fact.order_number, position__in=positions, is_gift=False)
    units: Counter[int] = Counter()
    for product_id, position in lines.values_list("product_id", "position"):
        units[product_id] -= positions[position]
    if units:
        stock.record_sales(items=units)


AFTER_COMPLETION: tuple[Step, ...] = (
    record_growth,
    mature_points,
    mature_commission,
    settle_invitation,
    complete_promotions,
    give_draw_chances_now,
    admit_distributor,
)
AFTER_REFUND: tuple[Callable[[RefundSucceeded], None], ...] = (
    take_back_refunded_growth,
    take_back_refunded_points,
    take_back_refunded_commission,
    take_back_refunded_chances,
    take_back_refunded_coupons,
)
AFTER_AFTER_SALE: tuple[Callable[[AfterSaleCompleted], None], ...] = (
    take_back_growth_for_goods,
    take_back_points_for_goods,
    take_back_commission_for_goods,
    take_back_chances_for_goods,
    take_back_coupons_for_goods,
    give_back_points,
    give_back_coupons,
    count_less_for_promotions,
    unrecord_sales,
)


def give_chances_for(order_number: str, *, moment: Moment, now: datetime) -> None:
    """For what is paid for its goods and not refunded meanwhile; a refund that comes now waits for the lock."""
    if not orders_give_chances(moment=moment, now=now):
        return
    order = lock_order(number=order_number)
    give_chances(
        source=Source.ORDER,
        member_id=order.member_id,
        reference=_earning(order.number),
        paid_fen=still_paid_for_goods(order),
        moment=moment,
        now=now,
    )


def _take_chances(order_number: str, *, now: datetime) -> None:
    order = lock_order(number=order_number)
    take_back_chances(reference=_earning(order.number), paid_fen=still_paid_for_goods(order), now=now)


def _take_coupons(order_number: str, *, now: datetime) -> None:
    order = lock_order(number=order_number)
    returns.take_back_rewards(
        order_number=order.number,
        member_id=order.member_id,
        paid_fen=order.paid_fen - refunded_fen(order),
        now=now,
    )


def _take_growth(order_number: str, *, reference: str, now: datetime) -> None:
    order = lock_order(number=order_number)
    left = still_paid_for_goods(order, counting_growth_kept=True)
    take_back_growth(reference=reference, earning=_earning(order.number), left=left, now=now)


def _take_points(order_number: str, *, reference: str, now: datetime) -> None:
    order = lock_order(number=order_number)
    left_fen = still_paid_by_line(order)
    take_back(of=reference_of(order.number), reference=reference, left_fen=left_fen, now=now)


def _earning(number: str) -> str:
    return f"order:{number}"
