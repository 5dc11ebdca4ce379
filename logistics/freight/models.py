"""What the buyer pays for delivery: the shop's freight template and its zones."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class FreightTemplate(models.Model):
    name = models.CharField(_("name"), max_length=60)
    is_default = models.BooleanField(_("default"), default=False)
    free_from_fen = models.PositiveIntegerField(
        _("free from (fen)"), null=True, blank=True, help_text=_("Goods worth this much ship free; empty for never.")
    )
    volumetric_divisor = models.PositiveIntegerField(
        _("volumetric divisor (cm³ per kg)"), default=0, help_text=_("0 bills the actual weight only.")
    )

    class Meta:
        verbose_name = _("freight template")
        verbose_name_plural = _("freight templates")
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="freight_one_default")
        ]

    def __str__(self) -> str:
        return self.name


class FreightZone(models.Model):
    """Rates for some provinces; the zone without provinces serves the rest of the country."""

    template = models.ForeignKey(FreightTemplate, models.CASCADE, related_name="zones", verbose_name=_("template"))
    name = models.CharField(_("name"), max_length=60)
    provinces = models.JSONField(_("province codes"), default=list, blank=True)
    delivers = models.BooleanField(_("delivers"), default=True)
    first_weight_g = models.PositiveIntegerField(_("first weight (g)"), default=1000)
    first_fen = models.PositiveIntegerField(_("first price (fen)"))
    step_weight_g = models.PositiveIntegerField(_("step (g)"), default=1000)
    step_fen = models.PositiveIntegerField(_("price per step (fen)"))
    free_shipping = models.BooleanField(_("threshold applies"), default=True)

    class Meta:
        verbose_name = _("freight zone")
        verbose_name_plural = _("freight zones")
        constraints = [models.CheckConstraint(condition=Q(step_weight_g__gt=0), name="freight_step_positive")]

    def __str__(self) -> str:
        return self.name
