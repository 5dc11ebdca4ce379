"""What staff did to orders and their prices."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from orders.checkout.models import Order, OrderEvent, OrderRemark
from orders.workbench.models import PriceChange
from shop.core.actors import actor_in_words
from shop.core.audit import Deed, Trail, address_of
from shop.core.money import yuan


def _of_event(event: OrderEvent, known: Any) -> Deed:
    return Deed(
        at=event.happened_at,
        actor=actor_in_words(event.actor),
        what=_("Moved"),
        object=event.order.number,
        link=address_of(Order, event.order_id),
        after=event.get_status_display(),
        reason=event.note,
    )


def _of_remark(remark: OrderRemark, known: Any) -> Deed:
    return Deed(
        at=remark.written_at,
        actor=actor_in_words(remark.actor),
        what=_("Remarked"),
        object=remark.order.number,
        link=address_of(Order, remark.order_id),
        after=" · ".join(filter(None, [remark.get_flag_display(), remark.text])),
    )


def _asked(change: PriceChange, known: Any) -> Deed:
    return Deed(
        at=change.asked_at,
        actor=actor_in_words(change.asked_by),
        what=_("Asked for another price"),
        object=change.order.number,
        link=address_of(PriceChange, change.pk),
        before=yuan(change.before_fen),
        after=yuan(change.after_fen),
        reason=change.reason,
    )


def _decided(change: PriceChange, known: Any) -> Deed:
    return Deed(
        at=change.decided_at or change.asked_at,
        actor=actor_in_words(change.decided_by),
        what=change.get_status_display(),
        object=change.order.number,
        link=address_of(PriceChange, change.pk),
        before=yuan(change.before_fen),
        after=yuan(change.after_fen),
        reason=change.reason,
    )


TRAILS = (
    Trail(
        name="order",
        label=_("Orders"),
        permission="checkout.view_order",
        rows=lambda: OrderEvent.objects.select_related("order"),
        at="happened_at",
        by="actor",
        number="order__number",
        present=_of_event,
    ),
    Trail(
        name="order.remark",
        label=_("Remarks on orders"),
        permission="checkout.view_order",
        rows=lambda: OrderRemark.objects.select_related("order"),
        at="written_at",
        by="actor",
        number="order__number",
        present=_of_remark,
    ),
    Trail(
        name="price",
        label=_("Price changes, asked for"),
        permission="workbench.view_pricechange",
        rows=lambda: PriceChange.objects.select_related("order"),
        at="asked_at",
        by="asked_by",
        number="order__number",
        present=_asked,
    ),
    Trail(
        name="price.decided",
        label=_("Price changes, decided"),
        permission="workbench.view_pricechange",
        rows=lambda: PriceChange.objects.filter(decided_at__isnull=False).select_related("order"),
        at="decided_at",
        by="decided_by",
        number="order__number",
        present=_decided,
    ),
)
