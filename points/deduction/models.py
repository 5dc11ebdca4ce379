"""How members may pay with points, where a tier or, for a while, a segment differs from the rest of the shop.

Always: terms of a segment end after they begin, and never make anybody worse off.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from members.segments.models import Segment
from members.tiers.models import Tier

WHOLE_BP = 10_000


class TierDeduction(models.Model):
    """Members of the tier may pay another share of an order in points than the preference says."""

    tier = models.OneToOneField(Tier, models.CASCADE, related_name="deduction", verbose_name=_("tier"))
    cap_bp = models.PositiveIntegerField(
        _("share of an order (bp)"), help_text=_("5000 is half of the goods; 0 lets nobody of this tier pay in points.")
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("share payable in points")
        verbose_name_plural = _("shares payable in points")
        constraints = [models.CheckConstraint(condition=Q(cap_bp__lte=WHOLE_BP), name="deduction_cap_is_a_share")]

    def __str__(self) -> str:
        return str(self.tier)


class BetterTerms(models.Model):
    """Whoever is in the segment may pay with points on these terms, from `starts_at` until just before `ends_at`."""

    name = models.CharField(_("name"), max_length=60, help_text=_("Members see it beside what their points paid."))
    segment = models.ForeignKey(Segment, models.PROTECT, related_name="+", verbose_name=_("segment"))
    points_per_yuan = models.PositiveIntegerField(
        _("points for ¥1"), help_text=_("Where the shop or the tier asks for fewer, fewer are enough.")
    )
    cap_bp = models.PositiveIntegerField(
        _("share of an order (bp)"),
        help_text=_("Where the shop or the tier allows more, more is allowed; whom it allows nothing stays without."),
    )
    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(_("ends at"))
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("points-for-cash activity")
        verbose_name_plural = _("points-for-cash activities")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="deduction_activity_ends_later",
                violation_error_message=_("It must end after it starts."),
            ),
            models.CheckConstraint(condition=Q(cap_bp__range=(1, WHOLE_BP)), name="deduction_activity_is_a_share"),
            models.CheckConstraint(
                condition=Q(points_per_yuan__gte=1),
                name="deduction_activity_costs_points",
                violation_error_message=_("A yuan costs at least one point."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def holds_for(self, segment_ids: Collection[int], at: datetime) -> bool:
        return self.segment_id in segment_ids and self.starts_at <= at < self.ends_at
