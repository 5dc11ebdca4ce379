"""Files of orders that staff asked for: written in the background, kept for some days, for nobody else."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class OrderExport(models.Model):
    """`below` is the number of the order before which the next piece goes on; `reveals` says whether people are named
    in full."""

    class Content(models.TextChoices):
        ORDERS = "orders", pgettext_lazy("content of an export", "Orders")
        LINES = "lines", pgettext_lazy("content of an export", "Order lines")
        PARCELS = "parcels", pgettext_lazy("content of an export", "Parcels")

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        XLSX = "xlsx", "XLSX"

    class Status(models.TextChoices):
        RUNNING = "running", pgettext_lazy("export", "Being written")
        DONE = "done", pgettext_lazy("export", "Ready")
        TOO_LONG = "too_long", pgettext_lazy("export", "Too long for XLSX: choose CSV")
        FAILED = "failed", pgettext_lazy("export", "Not written: try again")
        DELETED = "deleted", pgettext_lazy("export", "Deleted")

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="order_exports", verbose_name=_("asked by")
    )
    content = models.CharField(_("content"), max_length=8, choices=Content)
    format = models.CharField(_("format"), max_length=4, choices=Format)
    given = models.JSONField(_("criteria"), default=dict, blank=True)
    reveals = models.BooleanField(_("with phone numbers and streets"), default=False)
    # Headings and names of statuses are in the language of who asked.
    language = models.CharField(max_length=10)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.RUNNING)
    rows = models.PositiveIntegerField(pgettext_lazy("of a file", "rows"), default=0)
    below = models.BigIntegerField(null=True)
    asked_at = models.DateTimeField(_("asked at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("export of orders")
        verbose_name_plural = _("exports of orders")
        indexes = [
            models.Index(fields=["owner", "-id"], name="order_export_by_owner"),
            models.Index(fields=["asked_at"], condition=~Q(status="deleted"), name="order_export_to_sweep"),
        ]

    def __str__(self) -> str:
        return f"{self.get_content_display()} {self.pk}"


class ExportPiece(models.Model):
    """A part of the file, compressed; written in the transaction that moves the export on."""

    export = models.ForeignKey(OrderExport, models.CASCADE, related_name="pieces", db_index=False)
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        verbose_name = _("piece of an export")
        verbose_name_plural = _("pieces of exports")
        constraints = [models.UniqueConstraint(fields=["export", "number"], name="export_piece_once")]

    def __str__(self) -> str:
        return f"{self.export_id}/{self.number}"
