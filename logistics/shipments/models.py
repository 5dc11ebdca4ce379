"""Parcels on their way: one shipment per allocation, its waybill and its tracking events."""

import pgtrigger
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from logistics.allocation.models import Allocation
from logistics.carriers.models import Carrier
from logistics.network.models import Warehouse
from shop.catalog.models import Sku


class ShipmentStatus(models.TextChoices):
    PLANNED = "planned", _("Waiting for a waybill")
    READY = "ready", _("Ready to ship")
    SHIPPED = "shipped", _("Shipped")
    DELIVERED = "delivered", _("Delivered")
    EXCEPTION = "exception", _("Exception")
    RETURNED = "returned", _("Returned")
    CANCELLED = "cancelled", _("Cancelled")


class Problem(models.TextChoices):
    """Why a parcel waits for a person; the courier's own words are in the shipment's news."""

    NO_CARRIER = "no_carrier", _("No carrier takes this parcel: choose one by hand")
    NO_GATEWAY = "no_gateway", _("No courier gateway: enter the tracking number by hand")
    REFUSED = "refused", _("The courier refused")
    WAYBILL_CANCELLED = "waybill_cancelled", _("The courier cancelled the waybill")
    PICKED_UP_CANCELLED = "picked_up_cancelled", _("Picked up although the order is cancelled")


TRANSITIONS: dict[str, frozenset[str]] = {
    ShipmentStatus.PLANNED: frozenset({ShipmentStatus.READY, ShipmentStatus.SHIPPED, ShipmentStatus.CANCELLED}),
    ShipmentStatus.READY: frozenset({ShipmentStatus.SHIPPED, ShipmentStatus.CANCELLED}),
    ShipmentStatus.SHIPPED: frozenset({ShipmentStatus.DELIVERED, ShipmentStatus.EXCEPTION, ShipmentStatus.RETURNED}),
    ShipmentStatus.EXCEPTION: frozenset({ShipmentStatus.DELIVERED, ShipmentStatus.RETURNED, ShipmentStatus.SHIPPED}),
    ShipmentStatus.DELIVERED: frozenset(),
    ShipmentStatus.RETURNED: frozenset(),
    ShipmentStatus.CANCELLED: frozenset(),
}


class Shipment(models.Model):
    number = models.CharField(_("number"), max_length=40, unique=True)
    order_number = models.CharField(_("order number"), max_length=40, db_index=True)
    allocation = models.OneToOneField(Allocation, models.PROTECT, related_name="shipment", verbose_name=_("allocation"))
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="+", verbose_name=_("warehouse"))
    # Empty until a person decides, when no carrier takes such a parcel to such a place.
    carrier = models.ForeignKey(
        Carrier, models.PROTECT, related_name="+", verbose_name=_("carrier"), null=True, blank=True
    )
    tracking_number = models.CharField(_("tracking number"), max_length=40, blank=True)
    recipient = models.JSONField(_("recipient"))
    weight_g = models.PositiveIntegerField(_("weight (g)"), default=0)
    cost_fen = models.PositiveIntegerField(_("cost (fen)"), default=0)
    status = models.CharField(_("status"), max_length=10, choices=ShipmentStatus, default=ShipmentStatus.PLANNED)
    # The second level of the state: the courier's last words.
    news = models.CharField(_("latest news"), max_length=200, blank=True)
    news_at = models.DateTimeField(_("news at"), null=True, blank=True)
    problem = models.CharField(_("problem"), max_length=20, choices=Problem, blank=True)
    promised_at = models.DateTimeField(_("promised for"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"))
    shipped_at = models.DateTimeField(_("shipped at"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)
    polled_at = models.DateTimeField(_("last polled"), null=True, blank=True)

    class Meta:
        verbose_name = _("shipment")
        verbose_name_plural = _("shipments")
        constraints = [
            models.UniqueConstraint(
                fields=["tracking_number"], condition=~Q(tracking_number=""), name="tracking_number_once"
            )
        ]
        indexes = [
            models.Index(fields=["status", "-id"], name="shipment_by_status"),
            models.Index(
                fields=["polled_at"],
                condition=Q(status__in=["ready", "shipped", "exception"]),
                name="shipment_under_way",
            ),
            # A day's parcels: they leave and arrive in about the order of their rows.
            BrinIndex(fields=["shipped_at"], autosummarize=True, name="shipment_by_departure"),
            BrinIndex(fields=["delivered_at"], autosummarize=True, name="shipment_by_arrival"),
        ]

    def __str__(self) -> str:
        return self.number


class ShipmentLine(models.Model):
    shipment = models.ForeignKey(Shipment, models.CASCADE, related_name="lines")
    sku = models.ForeignKey(Sku, models.PROTECT, related_name="+", verbose_name=_("SKU"))
    quantity = models.PositiveIntegerField(_("quantity"))

    class Meta:
        verbose_name = _("shipment line")
        verbose_name_plural = _("shipment lines")
        constraints = [models.UniqueConstraint(fields=["shipment", "sku"], name="shipment_line_once")]

    def __str__(self) -> str:
        return f"{self.sku_id} × {self.quantity}"


class TrackingCorrection(models.Model):
    """Append-only: a parcel that left under a wrong number, the number that it goes on under, and who said so."""

    shipment = models.ForeignKey(Shipment, models.CASCADE, related_name="corrections")
    wrong_carrier = models.ForeignKey(
        Carrier, models.PROTECT, related_name="+", verbose_name=_("wrong carrier"), null=True, blank=True
    )
    wrong_number = models.CharField(_("wrong tracking number"), max_length=40)
    carrier = models.ForeignKey(Carrier, models.PROTECT, related_name="+", verbose_name=_("carrier"))
    tracking_number = models.CharField(_("tracking number"), max_length=40)
    actor = models.CharField(_("by"), max_length=80)
    corrected_at = models.DateTimeField(_("corrected at"))

    class Meta:
        verbose_name = _("correction of a tracking number")
        verbose_name_plural = _("corrections of tracking numbers")
        ordering = ["id"]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.wrong_number} → {self.tracking_number}"


class TrackingEvent(models.Model):
    """What a courier reported, once per courier event id; late and repeated reports are harmless."""

    shipment = models.ForeignKey(Shipment, models.CASCADE, related_name="events")
    event_id = models.CharField(max_length=80)
    sequence = models.PositiveIntegerField(default=0)
    state = models.CharField(_("state"), max_length=20)
    description = models.CharField(_("description"), max_length=200, blank=True)
    place = models.CharField(_("place"), max_length=80, blank=True)
    happened_at = models.DateTimeField(_("happened at"))
    received_at = models.DateTimeField(_("received at"))

    class Meta:
        verbose_name = _("tracking event")
        verbose_name_plural = _("tracking events")
        constraints = [models.UniqueConstraint(fields=["shipment", "event_id"], name="tracking_event_once")]
        indexes = [models.Index(fields=["shipment", "happened_at"], name="tracking_by_time")]

    def __str__(self) -> str:
        return f"{self.state} {self.happened_at}"
