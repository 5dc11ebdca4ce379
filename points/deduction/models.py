"""How much of an order may be paid in points, where a tier differs from the rest of the shop."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

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
