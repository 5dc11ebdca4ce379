"""Whether WeChat knows of everything that travels: what was missed is noted, what hangs raises an alarm."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_noop

from orders.checkout.models import OrderStatus
from orders.payments.models import Payment, PaymentMethod
from orders.wechat_shipping.models import OPEN, ShippingUpload, UploadStatus
from orders.wechat_shipping.preferences import ALARM_HOURS
from orders.wechat_shipping.services import is_on, note_parcels
from shop.core.alerts import alert_while

REFUSED, LATE = "wechat_shipping:refused", "wechat_shipping:late"
LOOKS_BACK = timedelta(days=30)
TRAVELS = (OrderStatus.PARTLY_SHIPPED, OrderStatus.SHIPPED, OrderStatus.DELIVERED, OrderStatus.COMPLETED)
PERMISSION = "wechat_shipping.view_shippingupload"


def watch(*, now: datetime, limit: int = 500) -> dict[str, int]:
    """Note what was missed, and bring the alarms in line; returns counts of started and late."""
    missed = list(_missed(now).values_list("order__number", flat=True)[:limit]) if is_on() else []
    for number in missed:
        with transaction.atomic():
            note_parcels(order_number=number, now=now)
    refresh_alarms(now=now)
    return {"started": len(missed), "late": late(now=now).count()}


def late(*, now: datetime) -> QuerySet[ShippingUpload]:
    """What has waited for longer than the merchant wants; parcels that are still to be packed make nothing late."""
    since = now - timedelta(hours=ALARM_HOURS.value())
    hangs = Q(tries__gt=0) | Q(due_at__lte=since) | Q(payment__order__status=OrderStatus.COMPLETED)
    return ShippingUpload.objects.filter(hangs, status__in=OPEN, created_at__lte=since)


def refresh_alarms(*, now: datetime) -> None:
    refused = ShippingUpload.objects.filter(status=UploadStatus.REFUSED).count()
    _alarm(
        REFUSED,
        gettext_noop("WeChat refused the shipping of {count} orders: their money stays frozen"),
        refused,
        UploadStatus.REFUSED,
        now,
    )
    _alarm(
        LATE,
        gettext_noop("WeChat does not know of the shipping of {count} orders since {hours} hours"),
        late(now=now).count(),
        UploadStatus.WAITING,
        now,
    )


def _alarm(cause: str, message: str, count: int, status: str, now: datetime) -> None:
    link = f"{reverse('admin:wechat_shipping_shippingupload_changelist')}?status__exact={status}"
    data = {"hours": ALARM_HOURS.value()}
    alert_while(count, cause=cause, message=message, data=data, link=link, permission=PERMISSION, now=now)


def _missed(now: datetime) -> QuerySet[Payment]:
    """Paid by WeChat, travelling, and nobody noted it: its fact was lost, or telling was off."""
    paid = Payment.objects.filter(
        settles_order=True,
        method=PaymentMethod.WECHAT,
        succeeded_at__gt=now - LOOKS_BACK,
        shipping_upload=None,
        order__status__in=TRAVELS,
    )
    return paid.exclude(transaction_id="").order_by("succeeded_at")
