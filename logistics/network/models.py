"""Where goods are: warehouses, stores, and the physical stock of each SKU in each warehouse.

Every change of stock is one append-only `StockMovement`. Always: free = on hand − allocated ≥ 0, and over all
warehouses the free units of a SKU equal what the catalog can still promise plus what it holds for orders.
"""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shop.catalog.models import Sku
from shop.regions.models import Region


class Site(models.Model):
    """What a warehouse and a store have in common: a place."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=60)
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name=_("region"))
    detail = models.CharField(_("street address"), max_length=200)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    longitude = models.FloatField(_("longitude"))
    latitude = models.FloatField(_("latitude"))
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class Warehouse(Site):
    priority = models.PositiveSmallIntegerField(_("priority"), default=100, help_text=_("Smaller goes first on a tie."))
    handling_hours = models.PositiveSmallIntegerField(_("handling time (hours)"), default=24)
    daily_parcels = models.PositiveIntegerField(
        _("parcels a day"), null=True, blank=True, help_text=_("How many it can pack in a day; empty for any number.")
    )
    pick_cut_off = models.TimeField(
        _("picking begins at"),
        null=True,
        blank=True,
        help_text=_("Until then orders may be planned anew when that costs less; empty to pick as orders come."),
    )

    class Meta:
        verbose_name = _("warehouse")
        verbose_name_plural = _("warehouses")


class Store(Site):
    opening_hours = models.CharField(_("opening hours"), max_length=60, default="10:00–22:00")

    class Meta:
        verbose_name = _("store")
        verbose_name_plural = _("stores")


class WarehouseStock(models.Model):
    """Changed only by `logistics.network.services`; a movement stands behind every change."""

    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="stock", verbose_name=_("warehouse"))
    sku = models.ForeignKey(Sku, models.PROTECT, related_name="+", verbose_name=_("SKU"))
    on_hand = models.IntegerField(_("on hand"), default=0)
    allocated = models.IntegerField(_("allocated"), default=0)
    damaged = models.IntegerField(
        _("damaged"), default=0, db_default=0, help_text=_("They lie there, are not on hand and cannot be sold.")
    )
    safety = models.PositiveIntegerField(
        _("safety stock"), default=0, db_default=0, help_text=_("With fewer free units it asks to be filled up.")
    )

    class Meta:
        verbose_name = _("warehouse stock")
        verbose_name_plural = _("warehouse stock")
        constraints = [
            models.UniqueConstraint(fields=["warehouse", "sku"], name="warehouse_stock_once"),
            models.CheckConstraint(condition=Q(allocated__gte=0), name="warehouse_allocated_not_negative"),
            models.CheckConstraint(condition=Q(damaged__gte=0), name="warehouse_damaged_not_negative"),
            models.CheckConstraint(condition=Q(on_hand__gte=F("allocated")), name="warehouse_on_hand_covers_allocated"),
        ]
        indexes = [models.Index(fields=["sku", "warehouse"], name="warehouse_stock_by_sku")]

    def __str__(self) -> str:
        return f"{self.warehouse_id}/{self.sku_id}: {self.on_hand}"


class StockMovement(models.Model):
    """Append-only: one change of on-hand stock, or of damaged units that are thrown away, and why."""

    class Kind(models.TextChoices):
        RECEIPT = "receipt", _("Receipt")
        SHIPMENT = "shipment", _("Shipment")
        COUNT = "count", _("Stock-take")
        RETURN = "return", _("Return")
        DAMAGE = "damage", _("Damage")
        TRANSFER = "transfer", _("Transfer")
        REPAIR = "repair", _("Sound again")
        # Of the damaged units, which are not on hand any more.
        SCRAP = "scrap", _("Thrown away")

    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="+", verbose_name=_("warehouse"))
    sku = models.ForeignKey(Sku, models.PROTECT, related_name="+", verbose_name=_("SKU"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    quantity = models.IntegerField(_("quantity"), help_text=_("Positive adds to the stock on hand."))
    reference = models.CharField(_("reference"), max_length=60)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    actor = models.CharField(_("by"), max_length=80)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("stock movement")
        verbose_name_plural = _("stock movements")
        constraints = [
            models.UniqueConstraint(fields=["kind", "reference", "warehouse", "sku"], name="movement_once"),
            models.CheckConstraint(condition=~Q(quantity=0), name="movement_not_zero"),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]
        # Who of the staff did what (`shop.core.audit`).
        indexes = [
            models.Index(fields=["-created_at"], condition=Q(actor__startswith="staff:"), name="movement_of_staff")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity:+d}"


class StockTransfer(models.Model):
    """Goods on their way from one warehouse to another: nobody can buy them until they have arrived."""

    class Status(models.TextChoices):
        SENT = "sent", _("On the way")
        RECEIVED = "received", _("Received")
        CALLED_BACK = "called_back", _("Called back")

    number = models.CharField(_("number"), max_length=40, unique=True)
    origin = models.ForeignKey(Warehouse, models.PROTECT, related_name="+", verbose_name=_("from"))
    destination = models.ForeignKey(Warehouse, models.PROTECT, related_name="+", verbose_name=_("to"))
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.SENT)
    reason = models.CharField(_("reason"), max_length=200)
    difference = models.CharField(_("why fewer arrived"), max_length=200, blank=True)
    sent_by = models.CharField(_("sent by"), max_length=80)
    sent_at = models.DateTimeField(_("sent at"))
    ended_by = models.CharField(_("received by"), max_length=80, blank=True)
    ended_at = models.DateTimeField(_("received at"), null=True, blank=True)

    class Meta:
        verbose_name = _("stock transfer")
        verbose_name_plural = _("stock transfers")
        constraints = [
            models.CheckConstraint(condition=~Q(origin=F("destination")), name="transfer_between_two"),
        ]

    def __str__(self) -> str:
        return self.number


class StockTransferLine(models.Model):
    transfer = models.ForeignKey(StockTransfer, models.CASCADE, related_name="lines", verbose_name=_("stock transfer"))
    sku = models.ForeignKey(Sku, models.PROTECT, related_name="+", verbose_name=_("SKU"))
    sent = models.PositiveIntegerField(_("sent"))
    received = models.PositiveIntegerField(_("received"), null=True, blank=True)

    class Meta:
        verbose_name = _("line of a stock transfer")
        verbose_name_plural = _("lines of stock transfers")
        constraints = [
            models.UniqueConstraint(fields=["transfer", "sku"], name="transfer_line_once"),
            models.CheckConstraint(
                condition=Q(received__isnull=True) | Q(received__lte=F("sent")), name="transfer_no_more_than_sent"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku_id} × {self.sent}"
