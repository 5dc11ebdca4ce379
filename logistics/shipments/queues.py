"""Parcels that wait for the warehouse."""

from django.utils.translation import gettext_lazy as _

from logistics.shipments.models import Shipment
from logistics.shipments.piles import in_pile
from shop.core.queues import Queue

PAGE, CHANGE = "shipments_shipment_changelist", "shipments.change_shipment"

QUEUES = (
    Queue(
        name="shipments.ship",
        label=_("Parcels to ship"),
        permission=CHANGE,
        waiting=lambda now: [in_pile(Shipment.objects.all(), "to_ship", now=now)],
        since="created_at",
        page=PAGE,
        where="work=to_ship",
        icon="package_2",
    ),
    Queue(
        name="shipments.stuck",
        label=_("Parcels that need a decision"),
        permission=CHANGE,
        waiting=lambda now: [in_pile(Shipment.objects.all(), "stuck", now=now)],
        since="created_at",
        page=PAGE,
        where="work=stuck",
        icon="report",
        is_urgent=True,
    ),
    Queue(
        name="shipments.late",
        label=_("Parcels later than promised"),
        permission=CHANGE,
        waiting=lambda now: [in_pile(Shipment.objects.all(), "late", now=now)],
        since="promised_at",
        page=PAGE,
        where="work=late",
        icon="timer_off",
        is_urgent=True,
    ),
)
