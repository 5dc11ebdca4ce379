"""A parcel's life: waybill, shipping, tracking, end.

Always: a shipment's units leave the warehouse exactly once, in the transaction that makes it shipped; its state is a
function of the set of courier events, so late, repeated and reordered reports are harmless.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

import structlog
from django.db import IntegrityError, transaction

from logistics.allocation.errors import AllocationNotOpen
from logistics.allocation.models import Allocation
from logistics.allocation.services import ship_allocation
from logistics.carriers.models import Carrier
from logistics.shipments.errors import (
    NotShippable,
    NotUnderWay,
    TrackingNumberRequired,
    TrackingNumberUsed,
    UnknownShipment,
)
from logistics.shipments.facts import ShipmentDelivered, ShipmentShipped, TrackingNumberEntered, WaybillVoided
from logistics.shipments.gateway import KNOWN_STATES, CourierEvent
from logistics.shipments.models import (
    TRANSITIONS,
    Problem,
    Shipment,
    ShipmentStatus,
    TrackingCorrection,
    TrackingEvent,
)
from logistics.shipments.tracking import Report, Standing, standing
from members.identity.recipients import WithoutPerson
from shop.core.actors import Actor
from shop.core.outbox import publish
from shop.core.prepared import Prepared, columns
from shop.core.state import check_transition
from shop.core.transactions import use_case

BEFORE_SHIPPING = frozenset({ShipmentStatus.PLANNED, ShipmentStatus.READY})
UNDER_WAY = frozenset({ShipmentStatus.SHIPPED, ShipmentStatus.EXCEPTION})

# Written out, because every parcel passes here.
_READY = Prepared(
    "shipment_ready",
    f"""
UPDATE shipments_shipment SET status = 'ready', tracking_number = %s, problem = '', polled_at = %s
WHERE number = %s AND status = 'planned' RETURNING {columns(Shipment)}
""",
)

log = structlog.get_logger(__name__)


@use_case
def record_waybill(*, shipment_number: str, tracking_number: str, now: datetime) -> Shipment:
    """The courier has given a waybill: the parcel can be handed over. A second record of the same changes nothing."""
    ready = _READY.first(Shipment, [tracking_number, now, shipment_number])
    if ready is not None:
        return ready
    shipment = lock_shipment(number=shipment_number)
    if shipment.status == ShipmentStatus.CANCELLED:
        publish(WaybillVoided(shipment_number=shipment.number, tracking_number=tracking_number, at=now))
    return shipment


@use_case
def record_problem(*, shipment_number: str, problem: Problem, news: str = "") -> None:
    """Something about a parcel needs a person; `news` is what the courier said."""
    Shipment.objects.filter(number=shipment_number).update(problem=problem, news=news[:200])


@use_case
def ship(
    *,
    shipment_number: str,
    tracking_number: str | None = None,
    carrier_id: int | None = None,
    actor: Actor,
    now: datetime,
) -> Shipment:
    """Staff hand a parcel over, by its waybill or with a carrier and tracking number of their own.

    Raises NotShippable, TrackingNumberRequired, TrackingNumberUsed, or AllocationNotOpen when the order was cancelled.
    """
    shipment = lock_shipment(number=shipment_number)
    if shipment.status not in BEFORE_SHIPPING:
        raise NotShippable(state=shipment.get_status_display())
    replaced = _hand_over(shipment, tracking_number, carrier_id, actor=actor, now=now)
    if replaced:
        publish(WaybillVoided(shipment_number=shipment.number, tracking_number=replaced, at=now))
    return shipment


@use_case
def correct_tracking(
    *, shipment_number: str, carrier_id: int, tracking_number: str, actor: Actor, now: datetime
) -> Shipment:
    """A parcel that left under a wrong number goes on under its own: what was reported of the wrong one is forgotten.

    Its courier is asked to report on the new one. No waybill is voided: the wrong number may be somebody else's. The
    same number again changes nothing. Raises NotUnderWay, TrackingNumberUsed.
    """
    shipment = lock_shipment(number=shipment_number)
    if shipment.status not in UNDER_WAY:
        raise NotUnderWay(state=shipment.get_status_display())
    if (shipment.carrier_id, shipment.tracking_number) == (carrier_id, tracking_number):
        return shipment
    _correct(shipment, tracking_number, carrier_id, actor=actor, now=now)
    return shipment


class Renumbering(NamedTuple):
    """Under which number of which carrier a parcel goes, whether it has left or not."""

    shipment_number: str
    carrier_id: int
    tracking_number: str


@use_case
def renumber_together(*, changes: Sequence[Renumbering], actor: Actor, now: datetime) -> None:
    """Parcels of which some have the numbers of others: each is handed over or corrected, all of them or none.

    Who has its number already, because somebody else was first, keeps it and what was reported of it. No waybill is
    voided whose number another of them takes. Raises NotUnderWay, TrackingNumberUsed, AllocationNotOpen.
    """
    wanted = {each.shipment_number: each for each in changes}
    taken = {each.tracking_number for each in changes}
    locked = Shipment.objects.filter(number__in=wanted).order_by("pk").select_for_update(no_key=True, of=("self",))
    parcels = list(locked)
    moving = [
        each
        for each in parcels
        if wanted[each.number] != Renumbering(each.number, each.carrier_id or 0, each.tracking_number)
    ]
    Shipment.objects.filter(pk__in=[each.pk for each in moving]).update(tracking_number="")
    for shipment in parcels:
        _number, carrier_id, tracking_number = wanted[shipment.number]
        if shipment.status in BEFORE_SHIPPING:
            replaced = _hand_over(shipment, tracking_number, carrier_id, actor=actor, now=now)
            if replaced and replaced not in taken:
                publish(WaybillVoided(shipment_number=shipment.number, tracking_number=replaced, at=now))
        elif shipment.status not in UNDER_WAY:
            raise NotUnderWay(state=shipment.get_status_display())
        elif shipment in moving:
            _correct(shipment, tracking_number, carrier_id, actor=actor, now=now)


@use_case
def deliver(*, shipment_number: str, now: datetime) -> Shipment:
    """Staff know that a parcel has arrived of which the courier says nothing. Raises NotUnderWay."""
    shipment = lock_shipment(number=shipment_number)
    if shipment.status not in UNDER_WAY:
        raise NotUnderWay(state=shipment.get_status_display())
    shipment.problem = ""
    _deliver(shipment, at=now, now=now)
    shipment.save(update_fields=["status", "problem", "delivered_at"])
    return shipment


@use_case
def record_tracking(*, tracking_number: str, events: Sequence[CourierEvent], now: datetime) -> Shipment:
    """Keep what a courier reports and move the parcel to where all its reports together say it is.

    Raises UnknownShipment for a tracking number that is not ours.
    """
    shipment = (
        Shipment.objects.select_for_update(no_key=True, of=("self",)).filter(tracking_number=tracking_number).first()
    )
    if shipment is None:
        raise UnknownShipment
    _keep(shipment, events, now)
    reported = standing(
        Report(*row) for row in shipment.events.values_list("state", "description", "happened_at", "sequence")
    )
    shipment.news, shipment.news_at = reported.news, reported.news_at
    _follow(shipment, reported, now)
    shipment.save(update_fields=["news", "news_at", "problem", "status", "shipped_at", "delivered_at"])
    return shipment


@use_case
def cancel_shipments(*, order_number: str, now: datetime) -> int:
    """Parcels of an order whose allocation was released will not be sent. Returns how many were cancelled; those
    that have left stay as they are."""
    shipments = list(
        Shipment.objects.select_for_update(no_key=True, of=("self",))
        .filter(order_number=order_number, status__in=BEFORE_SHIPPING, allocation__status=Allocation.Status.RELEASED)
        .order_by("pk")
    )
    for shipment in shipments:
        _move(shipment, ShipmentStatus.CANCELLED)
        shipment.save(update_fields=["status"])
        if shipment.tracking_number:
            publish(WaybillVoided(shipment_number=shipment.number, tracking_number=shipment.tracking_number, at=now))
    return len(shipments)


def lock_shipment(*, number: str) -> Shipment:
    """Lock one shipment; its allocation and the stock are locked after it. Raises UnknownShipment."""
    shipment = Shipment.objects.select_for_update(no_key=True, of=("self",)).filter(number=number).first()
    if shipment is None:
        raise UnknownShipment
    return shipment


def known_carrier(*, code: str) -> int | None:
    return Carrier.objects.filter(code=code).values_list("pk", flat=True).first()


def _keep(shipment: Shipment, events: Sequence[CourierEvent], now: datetime) -> None:
    TrackingEvent.objects.bulk_create(
        [
            TrackingEvent(
                shipment=shipment,
                event_id=event.event_id[:80],
                sequence=event.sequence,
                state=event.state,
                description=event.description[:200],
                place=event.location[:80],
                happened_at=event.at,
                received_at=now,
            )
            for event in events
            if event.state in KNOWN_STATES
        ],
        ignore_conflicts=True,
    )


def _follow(shipment: Shipment, reported: Standing, now: datetime) -> None:
    """Move to the reported state by allowed steps; a parcel that is at its end stays there."""
    if reported.state == "cancelled" and shipment.status == ShipmentStatus.READY:
        shipment.problem = Problem.WAYBILL_CANCELLED
    if reported.status is None:
        return
    if shipment.status in BEFORE_SHIPPING:
        try:
            with transaction.atomic():
                _ship(shipment, at=reported.shipped_at or now, actor=Actor.gateway("couriers"), now=now)
        except AllocationNotOpen:
            # The order was cancelled while the courier was at the door: a person has to call the parcel back.
            shipment.refresh_from_db(fields=["status", "shipped_at"])
            shipment.problem = Problem.PICKED_UP_CANCELLED
            log.warning("cancelled_parcel_picked_up", shipment=shipment.number)
            return
    if reported.status == shipment.status or reported.status not in TRANSITIONS[shipment.status]:
        return
    if reported.status == ShipmentStatus.DELIVERED:
        _deliver(shipment, at=reported.delivered_at or now, now=now)
    else:
        _move(shipment, reported.status)


def _hand_over(
    shipment: Shipment, tracking_number: str | None, carrier_id: int | None, *, actor: Actor, now: datetime
) -> str:
    """Ship the locked parcel; returns the number that another one took the place of, if one did."""
    replaced = shipment.tracking_number
    shipment.tracking_number = tracking_number or shipment.tracking_number
    shipment.carrier_id = carrier_id or shipment.carrier_id
    if not shipment.tracking_number or shipment.carrier_id is None:
        raise TrackingNumberRequired
    try:
        with transaction.atomic():
            _ship(shipment, at=now, actor=actor, now=now)
    except IntegrityError as error:
        raise TrackingNumberUsed from error
    if replaced == shipment.tracking_number:
        return ""
    _tell_entered(shipment, corrects=False, now=now)
    return replaced


def _correct(shipment: Shipment, tracking_number: str, carrier_id: int, *, actor: Actor, now: datetime) -> None:
    """Give the locked parcel, which has left, its own number."""
    correction = TrackingCorrection(
        shipment=shipment,
        wrong_carrier_id=shipment.carrier_id,
        wrong_number=shipment.tracking_number,
        carrier_id=carrier_id,
        tracking_number=tracking_number,
        actor=str(actor)[:80],
        corrected_at=now,
    )
    shipment.events.all().delete()
    if shipment.status == ShipmentStatus.EXCEPTION:
        _move(shipment, ShipmentStatus.SHIPPED)
    shipment.carrier_id, shipment.tracking_number = carrier_id, tracking_number
    shipment.problem, shipment.news, shipment.news_at, shipment.polled_at = "", "", None, now
    try:
        with transaction.atomic():
            shipment.save()
    except IntegrityError as error:
        raise TrackingNumberUsed from error
    correction.save()
    _tell_entered(shipment, corrects=True, now=now)


def _ship(shipment: Shipment, *, at: datetime, actor: Actor, now: datetime) -> None:
    _move(shipment, ShipmentStatus.SHIPPED)
    shipment.shipped_at, shipment.polled_at, shipment.problem = at, now, ""
    shipment.save(update_fields=["status", "shipped_at", "polled_at", "problem", "tracking_number", "carrier"])
    ship_allocation(allocation_id=shipment.allocation_id, reference=shipment.number, actor=actor, now=now)
    publish(ShipmentShipped(shipment_number=shipment.number, order_number=shipment.order_number, at=now))


def _tell_entered(shipment: Shipment, *, corrects: bool, now: datetime) -> None:
    publish(
        TrackingNumberEntered(
            shipment_number=shipment.number, order_number=shipment.order_number, corrects=corrects, at=now
        )
    )


def _deliver(shipment: Shipment, *, at: datetime, now: datetime) -> None:
    """The caller saves it."""
    _move(shipment, ShipmentStatus.DELIVERED)
    shipment.delivered_at = at
    publish(ShipmentDelivered(shipment_number=shipment.number, order_number=shipment.order_number, at=now))


def _move(shipment: Shipment, target: ShipmentStatus) -> None:
    check_transition(TRANSITIONS, current=shipment.status, target=target)
    shipment.status = target


def erase_recipients(*, order_numbers: Collection[str]) -> int:
    """Forget to whom these orders were sent, inside the caller's transaction; returns how many parcels."""
    return Shipment.objects.filter(order_number__in=order_numbers).update(recipient=WithoutPerson("recipient"))
