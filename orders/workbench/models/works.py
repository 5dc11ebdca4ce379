"""Long works on many parcels or orders: what was asked for, by whom, and what became of each."""

from collections.abc import Mapping

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class WorkStatus(models.TextChoices):
    CHECKED = "checked", pgettext_lazy("bulk work", "Checked")
    RUNNING = "running", pgettext_lazy("bulk work", "Running")
    STOPPED = "stopped", pgettext_lazy("bulk work", "Stopped")
    DONE = "done", pgettext_lazy("bulk work", "Done")


S = WorkStatus
WORK_TRANSITIONS: Mapping[str, frozenset[str]] = {
    S.CHECKED: frozenset({S.RUNNING}),
    S.RUNNING: frozenset({S.STOPPED, S.DONE}),
    S.STOPPED: frozenset({S.RUNNING}),
    S.DONE: frozenset(),
}


class BulkWork(models.Model):
    """Parcels that are handed over together, all that match a filter or those of a file with tracking numbers; or
    unpaid orders that are cancelled together.

    They are written down when it is made; what matches later is no part of it.
    """

    class Kind(models.TextChoices):
        SHIP = "ship", _("Ship by waybill")
        TRACKING = "tracking", _("Ship by file of tracking numbers")
        CANCEL = "cancel", _("Cancel unpaid orders")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    status = models.CharField(_("status"), max_length=10, choices=WorkStatus)
    given = models.JSONField(_("criteria"), default=dict, blank=True)
    despite_refunds = models.BooleanField(_("also orders with a refund asked for"), default=False)
    filename = models.CharField(_("file"), max_length=200, blank=True)
    total = models.PositiveIntegerField(pgettext_lazy("bulk work", "items"), default=0)
    done = models.PositiveIntegerField(pgettext_lazy("bulk work", "done"), default=0)
    failed = models.PositiveIntegerField(pgettext_lazy("bulk work", "refused"), default=0)
    asked_by = models.CharField(_("asked by"), max_length=80)
    asked_at = models.DateTimeField(_("asked at"))
    stopped_by = models.CharField(_("stopped by"), max_length=80, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("bulk work")
        verbose_name_plural = _("bulk works")
        constraints = [
            models.CheckConstraint(condition=Q(total__gte=F("done") + F("failed")), name="bulk_work_counts_once")
        ]
        indexes = [models.Index(fields=["id"], condition=Q(status="running"), name="bulk_work_running")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def percent(self) -> int:
        return 100 * (self.done + self.failed) // self.total if self.total else 100


class WorkItem(models.Model):
    """One parcel or order of a work, or one row of its file: `cells` is what the row said, `column` where it is
    wrong.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("item of a bulk work", "Waiting")
        DONE = "done", pgettext_lazy("item of a bulk work", "Done")
        FAILED = "failed", pgettext_lazy("item of a bulk work", "Refused")

    work = models.ForeignKey(BulkWork, models.CASCADE, related_name="items", db_index=False)
    row = models.PositiveIntegerField(_("row"))
    order_number = models.CharField(_("order number"), max_length=40, blank=True)
    shipment_number = models.CharField(_("parcel"), max_length=40, blank=True)
    carrier_id = models.BigIntegerField(_("carrier"), null=True, blank=True)
    tracking_number = models.CharField(_("tracking number"), max_length=40, blank=True)
    # The number under which it has left, wrongly: the row corrects it. Empty where the parcel is to be shipped.
    replaces = models.CharField(_("in place of"), max_length=40, blank=True)
    cells = models.JSONField(default=list, blank=True)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.WAITING)
    # How often something that passes, such as a gateway out of order, has kept it waiting since the work was begun.
    tries = models.PositiveSmallIntegerField(default=0)
    column = models.CharField(_("column"), max_length=20, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("item of a bulk work")
        verbose_name_plural = _("items of bulk works")
        constraints = [
            models.UniqueConstraint(fields=["work", "row"], name="work_item_row"),
            models.UniqueConstraint(
                fields=["work", "shipment_number"],
                condition=~Q(shipment_number="") & ~Q(status="failed"),
                name="work_item_once",
            ),
        ]
        indexes = [
            models.Index(fields=["work", "id"], condition=Q(status="waiting"), name="work_item_waiting"),
            models.Index(fields=["work", "row"], condition=Q(status="failed"), name="work_item_failed"),
        ]

    def __str__(self) -> str:
        return f"{self.work_id}/{self.row}"
