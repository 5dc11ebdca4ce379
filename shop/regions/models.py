"""China's administrative divisions, from `data/regions.csv`: codes for addresses, coordinates for distances."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Region(models.Model):
    """A province, city or district; municipalities' districts hang directly under the province."""

    code = models.CharField(_("code"), max_length=6, primary_key=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children", verbose_name=_("parent"))
    level = models.CharField(_("level"), max_length=10)
    name = models.CharField(_("name"), max_length=60)
    longitude = models.FloatField(_("longitude"))
    latitude = models.FloatField(_("latitude"))

    class Meta:
        verbose_name = _("region")
        verbose_name_plural = _("regions")

    def __str__(self) -> str:
        return self.name
