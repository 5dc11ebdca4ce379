"""Which warehouse ships which line of an order, and why. Orders are known here by their public number only."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from logistics.network.models import Warehouse
from shop.catalog.models import Category, Sku


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
    priority = models.PositiveSmallIntegerField(
        _("priority"), default=0, db_default=0, help_text=_("Higher is served first where goods lack.")
    )
    created_at = models.DateTimeField(_("created at"))
    # Empty for what may go at once.
    not_before = models.DateTimeField(_("not before"), null=True, blank=True)
    retry_at = models.DateTimeField(_("retry at"), null=True, blank=True)
    obstacle = models.JSONField(_("why it waits"), default=dict, blank=True)
    # Units by SKU id of which nothing is held any more, because they were not where they should have been.
    unheld = models.JSONField(_("owed"), null=True, blank=True)
    # Ids of warehouses that have turned it down.
    avoid = models.JSONField(_("not from"), null=True, blank=True)

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
    value_fen = models.PositiveIntegerField(_("unit price (fen)"), default=0, db_default=0)

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
    picked_at = models.DateTimeField(_("picked since"), null=True, blank=True)

    class Meta:
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")
        triggers = [
            pgtrigger.Protect(
                name="decision_write_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__decision__df=pgtrigger.F("new__decision")),
            )
        ]

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


class AllocationPolicy(models.Model):
    """One version of what the merchant lays down about allocation. What is live or was is never changed again; a
    decision names the version that it was taken under."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        LIVE = "live", _("Live")
        RETIRED = "retired", _("Retired")

    version = models.PositiveIntegerField(_("version"), unique=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    note = models.CharField(_("note"), max_length=200, blank=True)
    per_parcel_fen = models.PositiveIntegerField(
        _("each parcel"), default=300, help_text=_("Packing and handling: what splitting an order costs.")
    )
    distance_fen = models.PositiveIntegerField(
        _("each 100 km"), default=20, help_text=_("Beside the freight: goods that travel far arrive later and break.")
    )
    promise_hours = models.PositiveSmallIntegerField(
        _("hours until late"), default=96, help_text=_("From allocation to the member's door.")
    )
    late_hour_fen = models.PositiveIntegerField(_("each hour late"), default=10)
    promise_worth_fen = models.PositiveIntegerField(
        _("a kept promise"), default=1000, help_text=_("Times the chance that the carrier misses it.")
    )
    hold_fen = models.PositiveIntegerField(
        _("a line that waits"), default=6000, help_text=_("What it is worth not to let a member wait.")
    )
    priority_fen = models.PositiveIntegerField(
        _("each step of priority"),
        default=1000,
        db_default=1000,
        help_text=_("So much more is a line worth of members whose tier is served before others."),
    )
    created_by = models.CharField(_("made by"), max_length=80)
    created_at = models.DateTimeField(_("created at"))
    published_by = models.CharField(_("published by"), max_length=80, blank=True)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)

    class Meta:
        verbose_name = _("allocation policy")
        verbose_name_plural = _("allocation policies")
        constraints = [
            models.UniqueConstraint(fields=["status"], condition=Q(status="live"), name="allocation_policy_one_live")
        ]

    def __str__(self) -> str:
        return f"v{self.version}"


class AllocationRule(models.Model):
    """Who serves whom: asked in order of position, each may rule warehouses out."""

    class Effect(models.TextChoices):
        ONLY = "only", _("only from")
        NEVER = "never", _("never from")

    policy = models.ForeignKey(AllocationPolicy, models.CASCADE, related_name="rules", verbose_name=_("policy"))
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    provinces = models.JSONField(_("to provinces"), default=list, blank=True)
    category = models.ForeignKey(
        Category, models.PROTECT, related_name="+", verbose_name=_("with goods of"), null=True, blank=True
    )
    effect = models.CharField(_("effect"), max_length=5, choices=Effect, default=Effect.ONLY)
    warehouses = models.ManyToManyField(Warehouse, related_name="+", verbose_name=_("warehouses"))

    class Meta:
        verbose_name = _("allocation rule")
        verbose_name_plural = _("allocation rules")

    def __str__(self) -> str:
        return _("rule {position}").format(position=self.position)


class PlanningRound(models.Model):
    """Orders that were planned together, with everything that the plan depends on, so that it can be played again."""

    planned_at = models.DateTimeField(_("planned at"))
    orders = models.PositiveIntegerField(_("orders"))
    allocated = models.PositiveIntegerField(_("allocated"), default=0)
    cost_fen = models.PositiveBigIntegerField(_("cost (fen)"))
    nearest_fen = models.PositiveBigIntegerField(
        _("from the nearest (fen)"), help_text=_("What the same orders would cost from the nearest warehouses.")
    )
    inputs_digest = models.CharField(_("inputs"), max_length=16)
    fingerprint = models.CharField(_("plan"), max_length=64)
    inputs = models.BinaryField()

    class Meta:
        verbose_name = _("planning round")
        verbose_name_plural = _("planning rounds")
        triggers = [
            pgtrigger.Protect(
                name="write_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__inputs__df=pgtrigger.F("new__inputs"))
                | pgtrigger.Q(old__fingerprint__df=pgtrigger.F("new__fingerprint")),
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Reason(models.TextChoices):
    """Why a warehouse does not send what it was asked for."""

    MISSING = "missing", _("Units are missing")
    DAMAGED = "damaged", _("Units are damaged")
    CANNOT_PACK = "cannot_pack", _("It cannot be packed there")
    OVERLOADED = "overloaded", _("Too much to do")
    OTHER = "other", _("Another reason")


# These correct the stock; after the others the warehouse is not asked for this order again.
CORRECTING = frozenset({Reason.MISSING, Reason.DAMAGED})


class Intervention(models.Model):
    """Append-only: what a person has changed about an allocation, and why."""

    class Kind(models.TextChoices):
        REJECT = "reject", _("Turned down")
        OVERRIDE = "override", _("Sent from elsewhere")
        UNDO = "undo", _("Taken back")

    request = models.ForeignKey(
        FulfilmentRequest, models.PROTECT, related_name="interventions", verbose_name=_("fulfilment request")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    reason = models.CharField(_("reason"), max_length=12, choices=Reason, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    allocation = models.ForeignKey(Allocation, models.PROTECT, related_name="+", verbose_name=_("allocation"))
    replacement = models.ForeignKey(
        Allocation, models.PROTECT, related_name="+", verbose_name=_("allocation instead"), null=True, blank=True
    )
    # Units by SKU id that were written off or put aside.
    corrected = models.JSONField(_("stock corrected by"), default=dict, blank=True)
    actor = models.CharField(_("by"), max_length=80)
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("intervention")
        verbose_name_plural = _("interventions")
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.kind} {self.allocation_id}"


class KeptInputs(models.Model):
    """What a decision on one order depended on, compressed, so that it can be taken again."""

    digest = models.CharField(_("inputs"), max_length=16, primary_key=True)
    inputs = models.BinaryField()
    kept_at = models.DateTimeField(_("kept at"), db_index=True)

    class Meta:
        verbose_name = _("inputs of a decision")
        verbose_name_plural = _("inputs of decisions")
        triggers = [pgtrigger.Protect(name="write_once", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return self.digest
