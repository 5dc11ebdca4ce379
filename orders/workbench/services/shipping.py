"""All parcels of the orders that match a filter: what shipping them would do, and the work that does it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext

from logistics.shipments.models import Problem, Shipment, ShipmentStatus
from logistics.shipments.services import BEFORE_SHIPPING
from orders.after_sales.models import OPEN, AfterSale, Kind
from orders.checkout.models import OrderStatus
from orders.workbench.criteria import given_of, matching
from orders.workbench.errors import NothingToShip, TooManyParcels
from orders.workbench.facts import WorkGoesOn
from orders.workbench.models import BulkWork, WorkStatus
from orders.workbench.services.writing_down import MOST, write_down
from shop.core.actors import Actor
from shop.core.outbox import publish
from shop.core.transactions import use_case


@dataclass(frozen=True)
class Prospect:
    """How many parcels can go now, by carrier; how many could but for a refund that is asked for; how many wait for
    what; orders without a parcel to send, by status."""

    parcels: int
    refund_asked: int
    by_carrier: tuple[tuple[str, int], ...]
    held_up: tuple[tuple[str, int], ...]
    without_parcel: tuple[tuple[str, int], ...]


def prospect(*, given: Mapping[str, str]) -> Prospect:
    """What shipping would do now; four queries."""
    parcels = _parcels(given)
    sendable, asked = _sendable(parcels), _sendable(parcels).filter(refund_is_asked()).count()
    by_carrier = (
        sendable.exclude(refund_is_asked()).values_list("carrier__name").annotate(count=Count("pk")).order_by("-count")
    )
    rows = tuple((str(name), count) for name, count in by_carrier)
    held = parcels.exclude(pk__in=sendable.values("pk")).values_list("status", "problem")
    waiting = held.annotate(count=Count("pk")).order_by("-count")
    open_parcel = Shipment.objects.filter(order_number=OuterRef("number"), status__in=BEFORE_SHIPPING)
    others = matching(given).filter(~Exists(open_parcel)).order_by().values_list("status")
    for_refund = ((gettext("A refund is asked for"), asked),) if asked else ()
    return Prospect(
        parcels=sum(count for _name, count in rows),
        refund_asked=asked,
        by_carrier=rows,
        held_up=(*for_refund, *((_why(status, problem), count) for status, problem, count in waiting)),
        without_parcel=tuple(
            (str(OrderStatus(status).label), count)
            for status, count in others.annotate(count=Count("pk")).order_by("-count")
        ),
    )


@use_case
def ship_all(*, given: Mapping[str, str], despite_refunds: bool = False, actor: Actor, now: datetime) -> BulkWork:
    """Write down the parcels that can go now and begin to ship them. Raises NothingToShip, TooManyParcels.

    Those of orders of which a refund is asked for stay, unless they are to go `despite_refunds`.
    """
    given = given_of(given)
    work = BulkWork.objects.create(
        kind=BulkWork.Kind.SHIP,
        status=WorkStatus.RUNNING,
        given=given,
        despite_refunds=despite_refunds,
        asked_by=str(actor)[:80],
        asked_at=now,
    )
    sendable = _sendable(_parcels(given))
    willing = sendable if despite_refunds else sendable.exclude(refund_is_asked())
    work.total = write_down(work, willing, order_number="order_number", shipment_number="number")
    if not work.total:
        raise NothingToShip
    if work.total > MOST:
        raise TooManyParcels(most=MOST)
    work.save(update_fields=["total"])
    publish(WorkGoesOn(work_id=work.pk, at=now))
    return work


def refund_is_asked() -> Exists:
    """Of parcels: the buyer wants the money back, and nobody has decided or ended it."""
    asked = AfterSale.objects.filter(order__number=OuterRef("order_number"), kind=Kind.REFUND, status__in=OPEN)
    return Exists(asked)


def _parcels(given: Mapping[str, str]) -> QuerySet[Shipment]:
    """Parcels that have not left, of the orders that match; those that match by warehouse or carrier by their own."""
    parcels = Shipment.objects.filter(order_number__in=matching(given).values("number"), status__in=BEFORE_SHIPPING)
    own = {name: given[name] for name in ("warehouse", "carrier") if given.get(name, "").isdecimal()}
    return parcels.filter(**{name: int(key) for name, key in own.items()})


def _sendable(parcels: QuerySet[Shipment]) -> QuerySet[Shipment]:
    return parcels.filter(carrier__isnull=False).exclude(tracking_number="").exclude(_needs_a_person())


def _needs_a_person() -> Q:
    return Q(problem__in=[Problem.WAYBILL_CANCELLED, Problem.REFUSED])


def _why(status: str, problem: str) -> str:
    return str(Problem(problem).label if problem else ShipmentStatus(status).label)
