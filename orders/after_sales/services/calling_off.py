"""The shop calls a paid order off of which nothing was sent, such as that of a team which was not completed."""

from dataclasses import replace
from datetime import datetime

from orders.after_sales.engine import CouponsBack, FreightBack, GiftsBack, ThresholdLost
from orders.after_sales.models import AfterSale, Kind, Reason
from orders.after_sales.policies import policy_now
from orders.after_sales.services.asking import Wanted, Wish, draft_of, open_after_sale
from orders.after_sales.services.refunding import start_refund
from orders.after_sales.standing import standings
from orders.checkout.locks import lock_order
from orders.checkout.models import Order, OrderStatus
from promotions.campaigns.services.first_purchases import forget_first_purchase
from shop.core.actors import Actor
from shop.core.transactions import use_case

# Nothing was paid for it, or all of it is back.
_OVER = (OrderStatus.PENDING_PAYMENT, OrderStatus.CANCELLED, OrderStatus.REFUNDED)


@use_case
def call_off(*, number: str, note: str, actor: Actor, now: datetime) -> AfterSale | None:
    """Pay the whole order back at once, with freight, points and coupons, and send nothing of it, whatever the shop's
    policy says of goods that members return; who has bought nothing else is a new member again. No second person is
    asked: nobody has decided it. Called off already, it stays so; None where there is nothing to pay back.

    Raises OrderNotFound, and GoodsShipped once something has left.
    """
    order = lock_order(number=number)
    known = AfterSale.objects.filter(order=order, reason=Reason.CALLED_OFF).first()
    if known is not None or order.status in _OVER:
        return known
    lines = [Wanted(each.line.pk, each.left) for each in standings(order) if each.left and not each.line.is_gift]
    policy = replace(
        policy_now(),
        freight=FreightBack.UNSHIPPED,
        threshold=ThresholdLost.IGNORE,
        coupons=CouponsBack.WHOLE,
        gifts=GiftsBack.KEEP,
        growth_back=True,
        commission_back=True,
    )
    wish = Wish(Kind.REFUND, lines, Reason.CALLED_OFF, description=note)
    after_sale = open_after_sale(order, wish, draft_of(order, wish, now, policy=policy), actor=actor, now=now)
    after_sale.approved_by, after_sale.approved_at = str(actor)[:80], now
    others = Order.objects.filter(member=order.member_id, paid_at__isnull=False).exclude(pk=order.pk)
    if not others.exclude(after_sales__reason=Reason.CALLED_OFF).exists():
        forget_first_purchase(order_number=order.number)
    start_refund(order=order, after_sale=after_sale, actor=actor, now=now, approved_twice=True, note=note)
    return after_sale
