"""What is watched hour by hour, and what was found to be out of the ordinary.

A reading is taken once and stays: what is usual is told from the readings of the same hour of the week. An anomaly
opens when an hour is out of bounds, and closes when two in a row are clearly within them.
"""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Measure(models.TextChoices):
    ORDERS = "orders", _("Orders placed")
    PAYMENT_FAILURES = "payment_failures", _("Payments that fail")
    BOUNCES = "bounces", _("Bounce rate")
    STOCK_OUTS = "stock_outs", _("Products sold out")


class Reading(models.Model):
    """One hour: `part` of `whole`; of a plain count `whole` is the same."""

    measure = models.CharField(max_length=20, choices=Measure)
    hour = models.DateTimeField()
    part = models.IntegerField()
    whole = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["measure", "hour"], name="reading_once_an_hour"),
            models.CheckConstraint(
                condition=Q(part__gte=0) & Q(part__lte=F("whole")), name="reading_is_part_of_a_whole"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.measure} {self.hour:%Y-%m-%d %H}: {self.part}/{self.whole}"


class Anomaly(models.Model):
    """`part` and `whole` are those of the hour that opened it, `usual` what that hour is like: a count, or a share."""

    measure = models.CharField(_("figure"), max_length=20, choices=Measure)
    hour = models.DateTimeField(_("hour"))
    part = models.IntegerField()
    whole = models.IntegerField()
    usual = models.FloatField()
    opened_at = models.DateTimeField(_("opened at"))
    calm_hours = models.PositiveSmallIntegerField(default=0)
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True)
    acknowledged_by = models.CharField(_("acknowledged by"), max_length=80, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True)

    class Meta:
        verbose_name = _("anomaly")
        verbose_name_plural = _("anomalies")
        constraints = [
            models.UniqueConstraint(
                fields=["measure"], condition=Q(closed_at__isnull=True), name="one_open_anomaly_of_a_measure"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_measure_display()} {self.hour:%Y-%m-%d %H}"
