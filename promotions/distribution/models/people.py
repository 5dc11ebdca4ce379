"""Members who sell, at which rates, and the members whom they have brought."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from members.identity.models import Member
from shop.catalog.models import Product
from shop.core.history import staff_of_request

# Of what is paid for the goods; both levels together can never be more than all of it.
HIGHEST_RATE_BP = 5_000


class Standing(models.TextChoices):
    APPLIED = "applied", _("Applied")
    ACTIVE = "active", _("Sells")
    REFUSED = "refused", _("Application refused")
    PAUSED = "paused", _("Paused")
    CLOSED = "closed", _("Has left")


class Touch(models.TextChoices):
    """How a member came to be somebody's customer."""

    VISIT = "visit", _("Visit")
    REGISTRATION = "registration", _("Registration")


class _Rates(models.Model):
    rate_bp = models.PositiveIntegerField(_("commission (bp)"), help_text=_("Of what is paid for the goods."))
    second_rate_bp = models.PositiveIntegerField(
        _("commission of the second level (bp)"),
        default=0,
        blank=True,
        help_text=_("For who brought the distributor, where the settings allow a second level."),
    )

    class Meta:
        abstract = True


def _bounded(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(rate_bp__lte=HIGHEST_RATE_BP, second_rate_bp__lte=HIGHEST_RATE_BP),
        name=name,
        violation_error_message=_("Of what is paid, commission is half at most."),
    )


class DistributorGrade(_Rates):
    """What distributors of a grade earn where no rate of a product says otherwise. The first one is for newcomers."""

    # The first one is named in the reader's language until the merchant names it.
    name = models.CharField(_("name"), max_length=40, unique=True, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=1, help_text=_("Newcomers get the lowest."))
    history: Any = HistoricalRecords(get_user=staff_of_request)

    class Meta:
        verbose_name = _("grade of distributors")
        verbose_name_plural = _("grades of distributors")
        ordering = ["position", "pk"]
        constraints = [_bounded("grade_rates_bounded")]

    def __str__(self) -> str:
        return self.name or gettext("Standard")


class ProductRate(_Rates):
    """What a product brings instead, to one grade or to all. A rate of one grade goes before that of all; 0 is none."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="+", verbose_name=_("product"))
    grade = models.ForeignKey(
        DistributorGrade,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("grade"),
        help_text=_("Empty: all grades."),
    )
    history: Any = HistoricalRecords(get_user=staff_of_request)

    class Meta:
        verbose_name = _("rate of a product")
        verbose_name_plural = _("rates of products")
        constraints = [
            models.UniqueConstraint(fields=["product", "grade"], nulls_distinct=False, name="product_rate_once"),
            _bounded("product_rates_bounded"),
        ]

    def __str__(self) -> str:
        return f"{self.product} · {self.grade or gettext('all grades')}"


class Distributor(models.Model):
    """Always: `recruiter` was there before, and never changes, so that who brought whom is a forest."""

    member = models.OneToOneField(Member, models.PROTECT, related_name="distributor", verbose_name=_("member"))
    grade = models.ForeignKey(DistributorGrade, models.PROTECT, related_name="distributors", verbose_name=_("grade"))
    standing = models.CharField(_("standing"), max_length=10, choices=Standing)
    recruiter = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="recruits", verbose_name=_("brought by")
    )
    note = models.CharField(_("what they wrote"), max_length=200, blank=True)
    applied_at = models.DateTimeField(_("applied at"))
    joined_at = models.DateTimeField(pgettext_lazy("distributor", "joined at"), null=True, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=80, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("distributor")
        verbose_name_plural = _("distributors")
        constraints = [
            models.CheckConstraint(
                condition=Q(recruiter=None) | ~Q(recruiter=F("id")), name="distributor_not_brought_by_self"
            ),
            models.CheckConstraint(
                condition=~Q(standing="active") | Q(joined_at__isnull=False), name="distributor_joined_at_an_instant"
            ),
        ]
        indexes = [models.Index(fields=["-id"], condition=Q(standing="applied"), name="distributor_applied")]

    def __str__(self) -> str:
        return str(self.member)


class Binding(models.Model):
    """A member is a distributor's customer: until `until`, or for good once `locked_at`; one at a time.

    Rows that ended stay, so that an order is always attributed as it was when it was paid.
    """

    member = models.ForeignKey(Member, models.PROTECT, related_name="bindings", verbose_name=_("customer"))
    distributor = models.ForeignKey(Distributor, models.PROTECT, related_name="bindings", verbose_name=_("distributor"))
    came_by = models.CharField(_("came by"), max_length=12, choices=Touch)
    target = models.CharField(_("came to"), max_length=20, blank=True)
    bound_at = models.DateTimeField(_("bound at"))
    until = models.DateTimeField(_("until, unless they buy"), null=True, blank=True)
    locked_at = models.DateTimeField(_("first paid order at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    ended_by = models.CharField(_("ended by"), max_length=80, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("customer of a distributor")
        verbose_name_plural = _("customers of distributors")
        constraints = [
            models.UniqueConstraint(fields=["member"], condition=Q(ended_at=None), name="binding_one_at_a_time"),
        ]
        indexes = [
            models.Index(fields=["member", "-id"], name="binding_of_member"),
            models.Index(fields=["distributor", "-id"], name="binding_of_distributor"),
        ]

    def __str__(self) -> str:
        return f"{self.member} → {self.distributor}"

    def holds(self, *, at: datetime) -> bool:
        """Whether it counted at that instant."""
        lapsed = self.locked_at is None and self.until is not None and self.until <= at
        return self.bound_at <= at and not lapsed and (self.ended_at is None or at < self.ended_at)


class Visit(models.Model):
    """Somebody came by a distributor's link or code: each member once a Shanghai day for each target."""

    distributor = models.ForeignKey(Distributor, models.PROTECT, related_name="visits", verbose_name=_("distributor"))
    member = models.ForeignKey(Member, models.PROTECT, related_name="+", verbose_name=_("visitor"))
    target = models.CharField(_("came to"), max_length=20, blank=True)
    day = models.DateField(_("day"))
    visited_at = models.DateTimeField(_("visited at"))

    class Meta:
        verbose_name = _("visit by a distributor's link")
        verbose_name_plural = _("visits by distributors' links")
        constraints = [
            models.UniqueConstraint(fields=["distributor", "member", "target", "day"], name="visit_once_a_day"),
        ]
        indexes = [models.Index(fields=["member"], name="visit_of_member")]

    def __str__(self) -> str:
        return f"{self.member_id} → {self.distributor_id} {self.day}"


class FormerPhone(models.Model):
    """A keyed digest of the phone of a customer or distributor who has left: who comes back with it is looked at."""

    digest = models.CharField(max_length=64, db_index=True)
    left_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("phone of who has left")
        verbose_name_plural = _("phones of who have left")

    def __str__(self) -> str:
        return f"{self.digest[:8]} {self.left_at:%Y-%m-%d}"
