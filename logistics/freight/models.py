"""What the buyer pays for delivery: freight templates with their zones, and which products have one of their own."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from logistics.freight.engine import BilledBy
from shop.catalog.models import Product

BILLED_BY = [
    (BilledBy.WEIGHT.value, _("weight, in grams")),
    (BilledBy.PIECES.value, _("pieces")),
    (BilledBy.AMOUNT.value, _("worth of the goods, in yuan")),
]


class FreightTemplate(models.Model):
    name = models.CharField(_("name"), max_length=60)
    is_default = models.BooleanField(
        _("default"), default=False, help_text=_("For all products that have no template of their own.")
    )
    billed_by = models.CharField(
        _("billed by"), max_length=10, choices=BILLED_BY, default=BilledBy.WEIGHT.value, db_default="weight"
    )
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
    """Rates for some provinces or cities; the zone without any serves the rest of the country, and a city's own zone
    wins over that of its province. `first_size` and `step_size` are in what the template is billed by."""

    template = models.ForeignKey(FreightTemplate, models.CASCADE, related_name="zones", verbose_name=_("template"))
    name = models.CharField(_("name"), max_length=60)
    regions = models.JSONField(_("region codes"), default=list, blank=True)
    delivers = models.BooleanField(_("delivers"), default=True)
    first_size = models.PositiveIntegerField(
        _("the first"), default=1000, help_text=_("Grams, pieces or yuan: what the template is billed by.")
    )
    first_fen = models.PositiveIntegerField(_("price of the first (fen)"))
    step_size = models.PositiveIntegerField(_("each further"), default=1000)
    step_fen = models.PositiveIntegerField(_("price of each further (fen)"))
    cheaper_from_fen = models.PositiveIntegerField(
        _("cheaper from (fen)"), null=True, blank=True, help_text=_("Goods worth this much cost at most what follows.")
    )
    cheaper_fen = models.PositiveIntegerField(_("price from then on (fen)"), default=0, db_default=0)
    free_shipping = models.BooleanField(_("threshold applies"), default=True)

    class Meta:
        verbose_name = _("freight zone")
        verbose_name_plural = _("freight zones")
        constraints = [models.CheckConstraint(condition=Q(step_size__gt=0), name="freight_step_positive")]

    def __str__(self) -> str:
        return self.name


class ProductFreight(models.Model):
    """A product that is billed by a template of its own."""

    product = models.OneToOneField(Product, models.CASCADE, related_name="freight", verbose_name=_("product"))
    template = models.ForeignKey(
        FreightTemplate, models.PROTECT, related_name="products", verbose_name=_("freight template")
    )

    class Meta:
        verbose_name = _("freight of a product")
        verbose_name_plural = _("freight of products")

    def __str__(self) -> str:
        return str(self.template) if self.template_id else "–"
