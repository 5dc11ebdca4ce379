"""Filters under a name, shown as tabs over the list of orders."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class SavedFilter(models.Model):
    """`given` is what `orders.workbench.criteria.given_of` reads from an address."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="order_filters", verbose_name=_("made by")
    )
    name = models.CharField(_("name"), max_length=30)
    given = models.JSONField(_("criteria"))
    is_shared = models.BooleanField(_("for all colleagues"), default=False)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("saved filter")
        verbose_name_plural = _("saved filters")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="saved_filter_name_once")]
        indexes = [models.Index(fields=["id"], condition=Q(is_shared=True), name="saved_filter_shared")]

    def __str__(self) -> str:
        return self.name


class FirstFilter(models.Model):
    """The filter with which somebody's list opens; it may be a colleague's."""

    staff = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("staff account")
    )
    filter = models.ForeignKey(SavedFilter, models.CASCADE, related_name="+", verbose_name=_("saved filter"))

    class Meta:
        verbose_name = _("first filter")
        verbose_name_plural = _("first filters")

    def __str__(self) -> str:
        return f"{self.staff_id}: {self.filter_id}"
