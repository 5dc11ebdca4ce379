"""What orders have taken of promotions, mechanism by mechanism, and which mechanisms combine.

Always: an order has at most one claim per mechanism; a claim only moves along `CLAIM_TRANSITIONS`; points given back
never exceed the points that the claim took.
"""

from collections.abc import Mapping

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from promotions.campaigns.stacking import MECHANISMS


class ClaimStatus(models.TextChoices):
    CLAIMED = "claimed", _("Held for the order")
    CONFIRMED = "confirmed", _("Used")
    COMPLETED = "completed", _("Settled")
    RELEASED = "released", _("Given back")


CLAIM_TRANSITIONS: Mapping[str, frozenset[str]] = {
    ClaimStatus.CLAIMED: frozenset({ClaimStatus.CONFIRMED, ClaimStatus.RELEASED}),
    ClaimStatus.CONFIRMED: frozenset({ClaimStatus.COMPLETED}),
    ClaimStatus.COMPLETED: frozenset(),
    ClaimStatus.RELEASED: frozenset(),
}
_STAMPS: Mapping[str, str] = {
    ClaimStatus.CONFIRMED: "confirmed_at",
    ClaimStatus.COMPLETED: "completed_at",
    ClaimStatus.RELEASED: "released_at",
}


class PromotionClaim(models.Model):
    """What one mechanism gave one order: `taken` holds the adjustments as the quote had them, with rule versions."""

    order_number = models.CharField(_("order"), max_length=40)
    mechanism = models.CharField(_("mechanism"), max_length=20)
    status = models.CharField(_("status"), max_length=10, choices=ClaimStatus, default=ClaimStatus.CLAIMED)
    taken = models.JSONField(_("taken"), default=list)
    # Under which terms, where goods that come back may lose it; see `promotions.pricing.earned`.
    conditions = models.JSONField(_("conditions"), default=list)
    amount_fen = models.PositiveBigIntegerField(_("taken off (fen)"), default=0)
    points = models.PositiveBigIntegerField(_("points"), default=0)
    points_returned = models.PositiveBigIntegerField(_("points given back"), default=0)
    claimed_at = models.DateTimeField(_("claimed at"))
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    completed_at = models.DateTimeField(_("completed at"), null=True, blank=True)
    released_at = models.DateTimeField(_("released at"), null=True, blank=True)

    class Meta:
        verbose_name = _("promotion of an order")
        verbose_name_plural = _("promotions of orders")
        constraints = [
            models.UniqueConstraint(fields=["order_number", "mechanism"], name="promotion_claimed_once"),
            models.CheckConstraint(condition=Q(points_returned__lte=F("points")), name="promotion_points_returned"),
        ]

    def __str__(self) -> str:
        return f"{self.order_number}: {self.mechanism}"

    @property
    def stamp(self) -> str:
        """The column that remembers when the present status was reached."""
        return _STAMPS[self.status]


class CombinationRule(models.Model):
    """Whether promotions of `one` mechanism agree to act together with `other`; both sides must. Without a row the
    answer is that of `pricing.model.Combination`.
    """

    one = models.CharField(_("mechanism"), max_length=20, choices=MECHANISMS)
    other = models.CharField(_("together with"), max_length=20, choices=MECHANISMS)
    agrees = models.BooleanField(_("agrees"))
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("rule of combination")
        verbose_name_plural = _("what combines with what")
        constraints = [models.UniqueConstraint(fields=["one", "other"], name="combination_once")]

    def __str__(self) -> str:
        return f"{self.get_one_display()} + {self.get_other_display()}"
