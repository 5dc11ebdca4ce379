"""Pickup codes: the goods of an order, handed over to whoever shows its code."""

from datetime import datetime

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _

from logistics.network.models import Store
from orders.after_sales.models import OPEN, AfterSale, AfterSaleLine
from orders.checkout.locks import lock_order
from orders.checkout.models import Order, OrderStatus
from orders.checkout.services.progress import complete
from orders.verification.codes import hash_of, is_pickup_code
from orders.verification.errors import CodeUnknown, PickupNotReady, PickupUnderAfterSale, UndoNotSafe
from orders.verification.kinds import Found, Goods, Handling
from orders.verification.models import Pickup, VerificationKind
from shop.core.actors import Actor


class PickupCodes:
    def find(self, *, code: str, bill_fen: int | None, now: datetime) -> Found | None:
        pickup = _pickups().filter(code_hash=hash_of(code)).first() if is_pickup_code(code) else None
        if pickup is None:
            return None
        _check_there(pickup.order)
        return found_pickup(pickup)

    def use(self, *, code: str, handling: Handling) -> Found:
        pickup = _pickups().filter(code_hash=hash_of(code)).first()
        if pickup is None:
            raise CodeUnknown
        return hand_over(pickup=pickup, code_hash=hash_of(code), actor=handling.actor, now=handling.now)

    def undo(self, *, reference: str, store: Store, used_at: datetime, now: datetime) -> None:
        raise UndoNotSafe(
            why=_("the order is completed, and points, tier and coupons follow from that. Use an after-sale.")
        )


def hand_over(*, pickup: Pickup, code_hash: bytes, actor: Actor, now: datetime) -> Found:
    """The goods leave the store and the order is completed; inside the caller's transaction.

    Raises CodeUnknown when the code was renewed meanwhile, PickupNotReady, PickupUnderAfterSale.
    """
    order = lock_order(number=pickup.order.number)
    _check_there(order)
    waiting = Pickup.objects.filter(pk=pickup.pk, code_hash=code_hash, fetched_at=None)
    if not waiting.update(fetched_at=now):
        raise CodeUnknown
    complete(order=order, actor=actor, now=now)
    return found_pickup(pickup)


def found_pickup(pickup: Pickup) -> Found:
    goods = _goods(pickup.order)
    return Found(
        kind=VerificationKind.PICKUP,
        reference=pickup.order.number,
        title=", ".join(f"{each.name} × {each.quantity}" for each in goods)[:200],
        member=pickup.order.member,
        store=pickup.store,
        goods=goods,
        details=[pickup.order.remark] if pickup.order.remark else [],
    )


def _check_there(order: Order) -> None:
    if order.status != OrderStatus.DELIVERED:
        raise PickupNotReady(state=order.get_status_display())
    if AfterSale.objects.filter(order=order, status__in=OPEN).exists():
        raise PickupUnderAfterSale


def _goods(order: Order) -> list[Goods]:
    """What lies in the store: the lines without what the member got money back for."""
    refunded = AfterSaleLine.objects.filter(after_sale__order=order, units_refunded__gt=0).exclude(
        after_sale__refunding_at=None
    )
    gone = dict(refunded.values_list("order_line_id").annotate(units=Sum("units_refunded")))
    left = [(line, line.quantity - gone.get(line.pk, 0)) for line in order.lines.all()]
    return [Goods(line.product_name, line.options, line.image_url, units) for line, units in left if units > 0]


def _pickups() -> QuerySet[Pickup]:
    return Pickup.objects.select_related("order__member", "store").prefetch_related("order__lines")
