"""How far visitors came from what they saw; docs/analytics.md defines it.

One row for each visitor, product or campaign whose chain starts on a day: the longest chain of that day. A visitor's
longest chain over several days is the longest of theirs, so any period follows from the days without their events.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Unit(models.TextChoices):
    """Of what a chain is: of all that a visitor does, or of what they do with one product or campaign."""

    VISITOR = "visitor", _("Visitor")
    PRODUCT = "product", _("Visitor and product")
    CAMPAIGN = "campaign", _("Visitor and campaign")


class FunnelFact(models.Model):
    """`level` is the last of the five steps that was reached, 1 to 5; `started_at` the latest start that led there."""

    day = models.DateField()
    unit = models.CharField(max_length=8, choices=Unit)
    subject = models.CharField(max_length=64)
    visitor_id = models.CharField(max_length=64)
    channel = models.CharField(max_length=20)
    device = models.CharField(max_length=20)
    started_at = models.DateTimeField()
    level = models.SmallIntegerField()

    class Meta:
        verbose_name = _("funnel")
        verbose_name_plural = _("funnel")
        constraints = [
            models.UniqueConstraint(fields=["unit", "day", "subject", "visitor_id"], name="one_chain_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.unit} {self.subject} {self.visitor_id}: {self.level}"
