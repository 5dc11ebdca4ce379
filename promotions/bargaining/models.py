"""Bargains: members start an attempt, friends cut its price step by step, and one order may use it.

Always: an attempt's plan is drawn when it starts, sums exactly to list price less floor, and each of its steps is taken
once; a helper cuts an attempt once, and never one of their own but for the first cut where the bargain grants it; the
price is used by one order, and an order that is given up gives it back with the time that it held it; orders that
stand take no more units than the bargain has.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q, Sum
from django.utils.translation import gettext_lazy as _

from members.identity.models import Member
from promotions.campaigns.conflicts import line_of
from promotions.campaigns.models import Campaign
from promotions.campaigns.platform_rules import Traits
from promotions.campaigns.stacking import StackingFields
from promotions.discounts.honesty import raised_prices
from promotions.pricing.model import WHOLE_BP
from promotions.pricing.scopes import Scope
from shop.catalog.cache import touch_products
from shop.catalog.models import Sku
from shop.core.money import yuan

MOST_CUTS = 100


class Bargain(StackingFields, Campaign):
    """One SKU from its list price down to a floor, in a number of cuts that is drawn for each attempt.

    The audience may start; whoever is a member may help. The budget is spent by what orders that stand were let off.
    """

    KIND = "bargain"
    ACTS_BY_ITSELF = False

    class BuyAt(models.TextChoices):
        ANY_TIME = "any", _("At any time, at the price reached")
        FLOOR = "floor", _("Only at the floor")

    sku = models.ForeignKey(Sku, models.PROTECT, related_name="+", verbose_name=_("SKU"))
    floor_fen = models.PositiveIntegerField(
        _("floor (fen)"),
        validators=[MinValueValidator(1)],
        help_text=_("What a unit costs when nothing is left to cut."),
    )
    fewest_cuts = models.PositiveSmallIntegerField(
        _("cuts to the floor, at least"), default=8, validators=[MinValueValidator(1), MaxValueValidator(MOST_CUTS)]
    )
    most_cuts = models.PositiveSmallIntegerField(
        _("cuts to the floor, at most"), default=12, validators=[MinValueValidator(1), MaxValueValidator(MOST_CUTS)]
    )
    first_cut_bp = models.PositiveIntegerField(
        _("share of the first cut (bp)"),
        default=3000,
        validators=[MaxValueValidator(9000)],
        help_text=_("Of the way to the floor. No later cut is larger."),
    )
    owner_cuts_first = models.BooleanField(
        _("who starts makes the first cut"), default=True, help_text=_("Friends make all the others.")
    )
    new_helper_cuts = models.PositiveSmallIntegerField(
        _("cuts that a new member makes at once"),
        default=2,
        validators=[MinValueValidator(1), MaxValueValidator(10)],
        help_text=_("1: as many as everybody."),
    )
    new_helper_days = models.PositiveSmallIntegerField(
        _("days after registration that a helper counts as new"), default=7, validators=[MinValueValidator(1)]
    )
    attempt_hours = models.PositiveSmallIntegerField(
        _("hours that an attempt lasts"), default=24, validators=[MinValueValidator(1), MaxValueValidator(720)]
    )
    attempts_per_member = models.PositiveSmallIntegerField(
        _("attempts per member"), default=1, validators=[MinValueValidator(1)]
    )
    helps_per_day = models.PositiveSmallIntegerField(
        _("helps per member and day"), default=3, validators=[MinValueValidator(1)]
    )
    helps_in_all = models.PositiveSmallIntegerField(
        _("helps per member in all"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Blank: as many as the days allow."),
    )
    buy_at = models.CharField(_("can be bought"), max_length=5, choices=BuyAt, default=BuyAt.ANY_TIME)
    quota = models.PositiveIntegerField(
        _("units in all"), null=True, blank=True, help_text=_("Sold at bargained prices. Blank: as many as there are.")
    )
    taken = models.PositiveIntegerField(_("taken"), default=0, editable=False)

    class Meta(Campaign.Meta):
        verbose_name = _("bargain")
        verbose_name_plural = _("bargains")
        constraints = [
            *Campaign.Meta.constraints,
            models.CheckConstraint(
                condition=Q(fewest_cuts__gte=1, fewest_cuts__lte=F("most_cuts"), most_cuts__lte=MOST_CUTS),
                name="bargain_cuts",
                violation_error_message=_("The fewest cuts are no more than the most."),
            ),
            models.CheckConstraint(condition=Q(first_cut_bp__lt=WHOLE_BP), name="bargain_first_cut"),
            models.CheckConstraint(
                condition=Q(quota__isnull=True) | Q(taken__lte=F("quota")),
                name="bargain_in_quota",
                violation_error_message=_("More than that are sold already."),
            ),
        ]

    @staticmethod
    def has_units() -> Q:
        """The condition that not all are sold."""
        return Q(quota=None) | Q(taken__lt=F("quota"))

    @property
    def is_sold_out(self) -> bool:
        return self.quota is not None and self.taken >= self.quota

    def is_used_up(self) -> bool:
        return super().is_used_up() and not self.attempts.filter(status=AttemptStatus.ORDERED).exists()

    def reach(self, paths: Mapping[int, str]) -> Scope:
        return Scope(skus=frozenset([self.sku_id]))

    def order_numbers(self) -> models.QuerySet[Any, Any] | None:
        return BargainAttempt.objects.filter(bargain=self).exclude(order_number="").values("order_number")

    def depth_bp(self) -> int:
        price_fen = self.sku.price_fen
        return max(0, price_fen - self.floor_fen) * WHOLE_BP // price_fen if price_fen else 0

    def traits(self, *, now: datetime) -> Traits:
        return Traits(rewards_groups=True, raised_prices=raised_prices(self.reach({}), now=now))

    def lacks(self) -> Sequence[Any]:
        line = line_of(self.sku, 1)
        if self.floor_fen >= line.unit_price_fen:
            return [_("The floor must lie below the price of {price}.").format(price=yuan(line.unit_price_fen))]
        if self.floor_fen < line.least_unit_fen:
            text = _("The goods are sold for {least} at least, whatever promotion acts: the floor lies below that.")
            return [text.format(least=yuan(line.least_unit_fen))]
        if line.unit_price_fen - self.floor_fen < self.most_cuts:
            return [_("Each cut takes off 1 fen at least: there are more cuts than fen.")]
        if self.budget_fen is not None and self.budget_fen < self._given_fen():
            return [_("Orders have been let off more than its budget already.")]
        return []

    def before_publication(self) -> None:
        """A budget that is new counts what was spent before it was set."""
        self.spent_fen = self._given_fen()

    def touch_catalogue(self) -> None:
        touch_products([self.sku.product_id])

    def _given_fen(self) -> int:
        """What orders that stand were let off."""
        standing = self.attempts.filter(status__in=STANDING)
        return standing.aggregate(fen=Sum("discount_fen", default=0))["fen"]

    def clone_children(self, source: Any) -> None:
        """Attempts stay with the bargain that they were made at; this one has sold nothing."""
        self.taken = 0
        self.save(update_fields=["taken"])


class AttemptStatus(models.TextChoices):
    """As stored: an open attempt whose time is over is expired, whether the sweep has told so or not."""

    OPEN = "open", _("Open")
    ORDERED = "ordered", _("Held by an order")
    BOUGHT = "bought", _("Bought")
    RETURNED = "returned", _("Returned")
    EXPIRED = "expired", _("Expired")


# Of orders that stand; goods that came back count no more, but their price is used up.
STANDING = (AttemptStatus.ORDERED, AttemptStatus.BOUGHT)
USED = (*STANDING, AttemptStatus.RETURNED)


class BargainAttempt(models.Model):
    """A member's bargain. `plan` are its steps in fen, of which `position` are taken and sum to `cut_fen`.

    SKU, list price and floor are those of its start, whatever becomes of the goods' price. `order_number` is that of
    the order which holds or has used its price, `discount_fen` what that order was let off.
    """

    bargain = models.ForeignKey(
        Bargain, models.PROTECT, related_name="attempts", verbose_name=_("bargain"), db_index=False
    )
    member = models.ForeignKey(Member, models.PROTECT, related_name="+", verbose_name=_("member"), db_index=False)
    sku = models.ForeignKey(Sku, models.PROTECT, related_name="+", verbose_name=_("SKU"), db_index=False)
    status = models.CharField(_("status"), max_length=8, choices=AttemptStatus, default=AttemptStatus.OPEN)
    list_fen = models.PositiveIntegerField(_("list price (fen)"))
    floor_fen = models.PositiveIntegerField(_("floor (fen)"))
    seed = models.CharField(_("seed"), max_length=32)
    plan = ArrayField(models.PositiveIntegerField(), verbose_name=_("plan"))
    position = models.PositiveSmallIntegerField(_("cuts made"), default=0)
    cut_fen = models.PositiveIntegerField(_("cut (fen)"), default=0)
    started_at = models.DateTimeField(_("started at"))
    expires_at = models.DateTimeField(_("expires at"))
    reminded_at = models.DateTimeField(_("reminded at"), null=True, blank=True)
    order_number = models.CharField(_("order"), max_length=40, blank=True)
    discount_fen = models.PositiveIntegerField(_("discount (fen)"), default=0)
    ordered_at = models.DateTimeField(_("ordered at"), null=True, blank=True)
    bought_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    # What was paid for the order, once it was.
    revenue_fen = models.PositiveBigIntegerField(_("revenue (fen)"), default=0)

    class Meta:
        verbose_name = _("attempt at a bargain")
        verbose_name_plural = _("attempts at bargains")
        constraints = [
            models.CheckConstraint(
                condition=Q(cut_fen__lte=F("list_fen") - F("floor_fen")), name="attempt_not_below_floor"
            ),
            models.CheckConstraint(condition=Q(position__lte=F("plan__len")), name="attempt_within_plan"),
            models.CheckConstraint(
                condition=Q(status__in=USED, ordered_at__isnull=False) & ~Q(order_number="")
                | Q(order_number="", ordered_at=None, discount_fen=0) & ~Q(status__in=USED),
                name="attempt_held_by_an_order",
            ),
            models.UniqueConstraint(
                fields=["order_number"], condition=~Q(order_number=""), name="attempt_one_per_order"
            ),
        ]
        indexes = [
            models.Index(fields=["member", "-id"], name="attempt_by_member"),
            models.Index(fields=["bargain", "-id"], name="attempt_by_bargain"),
            models.Index(fields=["expires_at"], condition=Q(status="open"), name="attempt_due"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def price_fen(self) -> int:
        """What the goods cost now."""
        return self.list_fen - self.cut_fen

    @property
    def is_at_floor(self) -> bool:
        return self.position == len(self.plan)

    def status_at(self, now: datetime) -> AttemptStatus:
        if self.status == AttemptStatus.OPEN and self.expires_at <= now:
            return AttemptStatus.EXPIRED
        return AttemptStatus(self.status)


class Cut(models.Model):
    """Somebody's part in an attempt: the steps from `position` on, `steps` of them, and what they took off.

    Without a helper: their account has become one with another that had helped here too.
    """

    attempt = models.ForeignKey(
        BargainAttempt, models.CASCADE, related_name="cuts", verbose_name=_("attempt"), db_index=False
    )
    helper = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+", verbose_name=_("helper"))
    position = models.PositiveSmallIntegerField(_("position"))
    steps = models.PositiveSmallIntegerField(_("steps"))
    fen = models.PositiveIntegerField(_("cut off (fen)"))
    is_new = models.BooleanField(_("new member"), default=False)
    is_own = models.BooleanField(_("own cut"), default=False)
    made_at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("cut")
        verbose_name_plural = _("cuts")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["attempt", "helper"], name="cut_once_per_helper"),
            models.UniqueConstraint(fields=["attempt", "position"], name="cut_once_per_step"),
            models.CheckConstraint(condition=Q(steps__gte=1, fen__gte=F("steps")), name="cut_takes_something"),
        ]

    def __str__(self) -> str:
        return f"{self.attempt_id} #{self.position}: {self.fen}"


class BargainTally(models.Model):
    """A member's attempts and helps at a bargain: the row at which what they do waits for each other."""

    bargain = models.ForeignKey(
        Bargain, models.PROTECT, related_name="tallies", verbose_name=_("bargain"), db_index=False
    )
    member = models.ForeignKey(Member, models.PROTECT, related_name="+", verbose_name=_("member"))
    attempts = models.PositiveIntegerField(_("attempts"))
    helps = models.PositiveIntegerField(_("helps"))
    day = models.DateField(_("day of the last help"))
    helps_of_day = models.PositiveIntegerField(_("helps of that day"))

    class Meta:
        verbose_name = _("bargaining of a member")
        verbose_name_plural = _("bargaining of members")
        constraints = [
            models.UniqueConstraint(fields=["bargain", "member"], name="bargain_tally_once"),
            models.CheckConstraint(condition=Q(helps_of_day__lte=F("helps")), name="bargain_tally_adds_up"),
        ]

    def __str__(self) -> str:
        return f"{self.bargain_id} × {self.member_id}: {self.attempts}, {self.helps}"
