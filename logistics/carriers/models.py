"""Who carries parcels and for how much: carriers, their rates per lane zone, and a record of each choice."""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Carrier(models.Model):
    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=60, blank=True)
    volumetric_divisor = models.PositiveIntegerField(
        _("volumetric divisor (cm³ per kg)"), default=6000, help_text=_("0 bills the actual weight only.")
    )
    max_value_fen = models.PositiveIntegerField(
        _("goods worth at most (fen)"),
        null=True,
        blank=True,
        help_text=_("What it answers for: dearer parcels go with others. Empty for any worth."),
    )
    pick_up_at = models.TimeField(
        _("picks parcels up at"),
        null=True,
        blank=True,
        help_text=_(
            "Once a day, in Shanghai: what is ready later travels from the next day, and transit counts from then."
            " Empty where it comes for each parcel."
        ),
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("carrier")
        verbose_name_plural = _("carriers")

    def __str__(self) -> str:
        return self.name


class CarrierRate(models.Model):
    """What a carrier bills us from one province to another, or to a city of it; `*` stands for any."""

    carrier = models.ForeignKey(Carrier, models.CASCADE, related_name="rates", verbose_name=_("carrier"))
    origin_province = models.CharField(_("from province"), max_length=6, default="*")
    destination_province = models.CharField(_("to province or city"), max_length=6, default="*")
    first_weight_g = models.PositiveIntegerField(_("first weight (g)"), default=1000)
    first_fen = models.PositiveIntegerField(_("first price (fen)"))
    step_weight_g = models.PositiveIntegerField(_("step (g)"), default=1000)
    step_fen = models.PositiveIntegerField(_("price per step (fen)"))
    max_weight_g = models.PositiveIntegerField(_("maximum weight (g)"), null=True, blank=True)
    surcharge_fen = models.PositiveIntegerField(
        _("remote surcharge (fen)"), default=0, db_default=0, help_text=_("Added to each parcel of this lane.")
    )
    eta_hours = models.PositiveSmallIntegerField(_("transit time (hours)"))

    class Meta:
        verbose_name = _("carrier rate")
        verbose_name_plural = _("carrier rates")
        constraints = [
            models.UniqueConstraint(
                fields=["carrier", "origin_province", "destination_province"], name="carrier_rate_once"
            ),
            models.CheckConstraint(condition=Q(step_weight_g__gt=0), name="carrier_step_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.carrier_id} {self.origin_province}→{self.destination_province}"


class RateCard(models.Model):
    """Write-once: what a carrier's rates said from then on; choices and decisions name its version."""

    carrier = models.ForeignKey(Carrier, models.CASCADE, related_name="cards", verbose_name=_("carrier"))
    version = models.PositiveIntegerField(_("version"))
    rates = models.JSONField(_("rates"))
    made_by = models.CharField(_("made by"), max_length=80)
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("rate card")
        verbose_name_plural = _("rate cards")
        constraints = [models.UniqueConstraint(fields=["carrier", "version"], name="rate_card_version_once")]
        triggers = [pgtrigger.Protect(name="write_once", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"v{self.version}"


class CarrierChoice(models.Model):
    """Write-once: which carrier was chosen for a parcel, its cost, and what the others would have cost."""

    reference = models.CharField(_("parcel"), max_length=40, unique=True)
    carrier = models.ForeignKey(Carrier, models.PROTECT, related_name="+", verbose_name=_("carrier"))
    cost_fen = models.PositiveIntegerField(_("cost (fen)"))
    eta_hours = models.PositiveSmallIntegerField(_("transit time (hours)"))
    billed_weight_g = models.PositiveIntegerField(_("billed weight (g)"))
    candidates = models.JSONField(_("candidates"), default=list)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("carrier choice")
        verbose_name_plural = _("carrier choices")
        triggers = [pgtrigger.Protect(name="write_once", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.reference}: {self.carrier_id}"


class LaneTally(models.Model):
    """How a carrier kept its promises on a lane, as of a day: faded counts, see `quality`; and how long its parcels of
    late took, from when it had them."""

    carrier = models.ForeignKey(Carrier, models.CASCADE, related_name="+", verbose_name=_("carrier"))
    origin_province = models.CharField(_("from province"), max_length=6)
    destination_province = models.CharField(_("to province"), max_length=6)
    on_time = models.FloatField(_("on time"), default=0)
    due = models.FloatField(_("due"), default=0)
    as_of = models.DateField(_("as of"))
    p50_hours = models.PositiveIntegerField(_("half arrive within (hours)"), null=True, blank=True)
    p90_hours = models.PositiveIntegerField(_("nine of ten arrive within (hours)"), null=True, blank=True)

    class Meta:
        verbose_name = _("carrier quality")
        verbose_name_plural = _("carrier quality")
        constraints = [
            models.UniqueConstraint(
                fields=["carrier", "origin_province", "destination_province"], name="lane_tally_once"
            ),
            models.CheckConstraint(condition=Q(on_time__gte=0) & Q(due__gte=F("on_time")), name="lane_tally_plausible"),
        ]

    def __str__(self) -> str:
        return f"{self.carrier_id} {self.origin_province}→{self.destination_province}"


class QualityDay(models.Model):
    """A day's promises that were learned from, once: parcels of a carrier that were due on it."""

    day = models.DateField(_("day"))
    carrier = models.ForeignKey(Carrier, models.CASCADE, related_name="+", verbose_name=_("carrier"), null=True)
    on_time = models.PositiveIntegerField(_("on time"), default=0)
    due = models.PositiveIntegerField(_("due"), default=0)

    class Meta:
        verbose_name = _("day of carrier quality")
        verbose_name_plural = _("days of carrier quality")
        constraints = [
            models.UniqueConstraint(fields=["day", "carrier"], nulls_distinct=False, name="quality_day_once")
        ]

    def __str__(self) -> str:
        return str(self.day)
