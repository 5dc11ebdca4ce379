"""The life of a pickup: the goods come to the store, the member hears of it, is reminded, and fetches them."""

from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_noop

from orders.checkout.locks import lock_order
from orders.checkout.models import Order, OrderStatus
from orders.verification.codes import hash_of, pickup_code
from orders.verification.errors import PickupNotFound
from orders.verification.models import Pickup
from orders.verification.notices import tell_overdue, tell_ready, tell_soon_over
from orders.verification.preferences import PICKUP_DAYS, REMIND_DAYS_BEFORE
from shop.core.alerts import clear_alerts, raise_alert
from shop.core.transactions import use_case

OVERDUE = "pickups_overdue:"


def open_pickup(*, order: Order, now: datetime) -> Pickup | None:
    """The goods of the locked order are in its store; inside the caller's transaction.

    None for an order that is not to be fetched. Called again, it changes nothing.
    """
    if order.pickup_store_id is None or order.status != OrderStatus.DELIVERED:
        return None
    pickup, is_new = Pickup.objects.get_or_create(
        order=order,
        defaults={
            "store_id": order.pickup_store_id,
            "code_hash": _hash(order.number, 1),
            "ready_at": now,
            "fetch_by": now + timedelta(days=PICKUP_DAYS.value()),
        },
    )
    if is_new:
        tell_ready(pickup=pickup, now=now)
    return pickup


@use_case
def renew_code(*, order_number: str, member_id: int | None = None) -> Pickup:
    """Another code; the one before it is worthless from now on. Raises OrderNotFound, PickupNotFound."""
    order = lock_order(number=order_number, member_id=member_id)
    pickup = waiting().select_related("store").filter(order=order).first()
    if pickup is None:
        raise PickupNotFound
    pickup.code_version += 1
    pickup.code_hash = _hash(order_number, pickup.code_version)
    pickup.save(update_fields=["code_version", "code_hash"])
    return pickup


@use_case
def keep_longer(*, pickup_id: int, days: int, now: datetime) -> Pickup:
    """The goods wait `days` from now. Raises PickupNotFound when they were fetched or given back."""
    pickup = waiting().filter(pk=pickup_id).select_for_update(no_key=True, of=("self",)).first()
    if pickup is None:
        raise PickupNotFound
    pickup.fetch_by = now + timedelta(days=days)
    pickup.reminded_at = pickup.overdue_at = None
    pickup.save(update_fields=["fetch_by", "reminded_at", "overdue_at"])
    return pickup


def waiting() -> QuerySet[Pickup]:
    """Goods that lie in a store to be fetched; those of a refunded order are not any more."""
    return Pickup.objects.filter(fetched_at=None, order__status=OrderStatus.DELIVERED)


def remind_waiting(*, now: datetime, limit: int = 500) -> dict[str, int]:
    """Remind members whose time is nearly over, tell them and the staff when it is; each in its own transaction."""
    soon = now + timedelta(days=REMIND_DAYS_BEFORE.value())
    due = waiting().filter(
        Q(reminded_at=None, fetch_by__gt=now, fetch_by__lte=soon) | Q(overdue_at=None, fetch_by__lte=now)
    )
    told = [_tell(pickup_id=pk, now=now) for pk in due.order_by("fetch_by").values_list("pk", flat=True)[:limit]]
    _alert_stores(now)
    return {"reminded": told.count("soon"), "expired": told.count("over")}


@use_case
def _tell(*, pickup_id: int, now: datetime) -> str:
    pickup = waiting().filter(pk=pickup_id).select_for_update(no_key=True, of=("self",), skip_locked=True).first()
    if pickup is None:
        return ""
    if pickup.fetch_by <= now:
        if pickup.overdue_at is not None:
            return ""
        pickup.overdue_at = now
        pickup.save(update_fields=["overdue_at"])
        tell_overdue(pickup=pickup, now=now)
        return "over"
    if pickup.reminded_at is not None:
        return ""
    pickup.reminded_at = now
    pickup.save(update_fields=["reminded_at"])
    tell_soon_over(pickup=pickup, now=now)
    return "soon"


def _alert_stores(now: datetime) -> None:
    """One alert for each store whose shelf fills up: somebody has to call these members."""
    overdue = waiting().filter(fetch_by__lte=now).values("store_id", "store__name").annotate(orders=Count("pk"))
    raised = set()
    for each in overdue.order_by("store_id"):
        cause = f"{OVERDUE}{each['store_id']}"
        raised.add(cause)
        raise_alert(
            cause=cause,
            message=gettext_noop("{orders} orders wait in {store} beyond their time. Call the members."),
            data={"orders": each["orders"], "store": each["store__name"]},
            link=f"{reverse('admin:verification_pickup_changelist')}?state=overdue&store__id__exact={each['store_id']}",
            permission="verification.view_pickup",
            now=now,
        )
    clear_alerts(prefix=OVERDUE, keep=raised)


def _hash(order_number: str, version: int) -> bytes:
    return hash_of(pickup_code(order_number=order_number, version=version))
