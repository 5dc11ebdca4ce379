"""Which warehouse ships which line of an order, and why. Orders are known here by their public number only."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from logistics.network.models import Warehouse
from shop.catalog.models import Sku


class FulfilmentRequest(models.Model):
    """A paid order's wish to be shipped: where to, and which units."""

    class Status(models.TextChoices):
        # Units were taken out of it, or it was marked, before the payment's own step asked for it.
        EXPECTED = "expected", _("Not asked for yet")
        WAITING = "waiting", _("Waiting for stock")
        ALLOCATED = "allocated", _("Allocated")
        CANCELLED = "cancelled", _("Cancelled")

    order_number = models.CharField(_("order number"), max_length=40, unique=True)
    recipient = models.JSONField(_("recipient"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.WAITING)
    created_at = models.DateTimeField(_("created at"))
    retry_at = models.DateTimeField(_("retry at"), null=True, blank=True)
    obstacle = models.JSONField(_("why it waits"), default=dict, blank=True)

    class Meta:
        verbose_name = _("fulfilment request")
        verbose_name_plural = _("fulfilment requests")
        indexes = [models.Index(fields=["status", "retry_at"], name="fulfilment_waiting")]

    def __str__(self) -> str:
        return self.order_number


class FulfilmentLine(models.Model):
    request = models.ForeignKey(
        FulfilmentRequest, models.CASCADE, related_name="lines", verbose_name=_("fulfilment request")
    )
    sku = models.ForeignKey(Sku, models.PROTECT, related_name="+", verbose_name=_("SKU"))
    quantity = models.PositiveIntegerField(_("quantity"))
    withdrawn = models.PositiveIntegerField(
        _("withdrawn"), default=0, help_text=_("Units that were taken out again before they were shipped.")
    )
    weight_g = models.PositiveIntegerField(_("unit weight (g)"), default=0)
    volume_cm3 = models.PositiveIntegerField(_("unit volume (cm³)"), default=0)

    class Meta:
        verbose_name = _("fulfilment line")
        verbose_name_plural = _("fulfilment lines")
        constraints = [models.UniqueConstraint(fields=["request", "sku"], name="fulfilment_line_once")]

    def __str__(self) -> str:
        return f"{self.sku_id} × {self.quantity}"


class Allocation(models.Model):
    """Units of one warehouse promised to one order, and why there: `decision` is written once and holds the
    candidates, their distances and why others were not taken. While it is open its units count as allocated."""

    class Status(models.TextChoices):
        OPEN = "open", _("Waiting to be shipped")
        SHIPPED = "shipped", _("Shipped")
        RELEASED = "released", _("Released")

    request = models.ForeignKey(
        FulfilmentRequest, models.PROTECT, related_name="allocations", verbose_name=_("fulfilment request")
    )
    number = models.CharField(_("number"), max_length=40, unique=True)
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="+", verbose_name=_("warehouse"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    decision = models.JSONField(_("decision"))
    weight_g = models.PositiveIntegerField(_("weight (g)"), default=0)
    volume_cm3 = models.PositiveIntegerField(_("volume (cm³)"), default=0)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")

    def __str__(self) -> str:
        return self.number


class AllocationLine(models.Model):
    allocation = models.ForeignKey(Allocation, models.CASCADE, related_name="lines", verbose_name=_("allocation"))
    sku = models.ForeignKey(Sku, models.PROTECT, related_name="+", verbose_name=_("SKU"))
    quantity = models.PositiveIntegerField(_("quantity"))

    class Meta:
        verbose_name = _("allocation line")
        verbose_name_plural = _("allocation lines")
        constraints = [models.UniqueConstraint(fields=["allocation", "sku"], name="allocation_line_once")]

    def __str__(self) -> str:
        return f"{self.sku_id} × {self.quantity}"
