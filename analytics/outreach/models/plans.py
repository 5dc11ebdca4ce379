"""What the merchant means to do: whom to reach, with what, when, and how much it may cost.

Always: only drafts are edited; a plan acts only while it is live; a part of its members, the control group, never gets
anything of it, and always the same part.
"""

from collections.abc import Mapping
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from promotions.coupons.models import CouponTemplate
from shop.catalog.models import Collection, Product

MOST_DAYS = 365


class Whom(models.TextChoices):
    SEGMENTS = "segments", _("Members of segments")
    EVERYBODY = "everybody", _("All members")
    CARTS = "carts", _("Members who left something in the cart")
    EXPIRING = "expiring", _("Members whose points are about to expire")


class Recipe(models.TextChoices):
    """The ready-made plan that it began as."""

    OWN = "", _("Made from nothing")
    WAKE = "wake", _("Wake the dormant")
    THANK = "thank", _("Thank the high-value")
    CART = "cart", _("Rescue the abandoned cart")
    POINTS = "points", _("Use points before they expire")
    ARRIVALS = "arrivals", _("Announce new arrivals")
    RULES = "rules", _("Announce changed rules")


class Every(models.TextChoices):
    ONCE = "once", pgettext_lazy("outreach", "Once")
    HOUR = "hour", _("Every hour")
    DAY = "day", _("Every day")
    WEEK = "week", _("Every week")
    MONTH = "month", _("Every month")


class Page(models.TextChoices):
    """Where the message leads, in the mini-program."""

    HOME = "home", _("Home page")
    CART = "cart", _("The member's cart")
    COUPONS = "coupons", _("The member's coupons")
    POINTS = "points", _("The member's points")
    PRODUCT = "product", _("A product")
    COLLECTION = "collection", _("A collection")


class Weekday(models.IntegerChoices):
    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


class PlanStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    AWAITING = "awaiting", _("Awaiting approval")
    LIVE = "live", pgettext_lazy("outreach", "Live")
    PAUSED = "paused", _("Paused")
    ENDED = "ended", _("Ended")


S = PlanStatus
TRANSITIONS: Mapping[str, frozenset[str]] = {
    S.DRAFT: frozenset({S.AWAITING, S.LIVE}),
    S.AWAITING: frozenset({S.DRAFT, S.LIVE}),
    S.LIVE: frozenset({S.PAUSED, S.ENDED}),
    S.PAUSED: frozenset({S.LIVE, S.ENDED}),
    S.ENDED: frozenset(),
}


class EndReason(models.TextChoices):
    DONE = "done", _("All of it was done")
    WINDOW = "window", _("Its time is over")
    BUDGET = "budget", _("Its budget is spent")
    STOPPED = "stopped", _("Stopped by hand")


def _days(label: Any, *, default: int, least: int, most: int = MOST_DAYS, help_text: Any = "") -> models.Field:
    return models.PositiveSmallIntegerField(
        label,
        default=default,
        validators=[MinValueValidator(least), MaxValueValidator(most)],
        help_text=help_text,
    )


class Plan(models.Model):
    """`ceiling` is how many people it may reach without a second person's approval; None once it is approved.

    What it says is fixed once it has started: whoever wants to say something else copies it.
    """

    name = models.CharField(_("name"), max_length=60, help_text=_("Only colleagues see it."))
    note = models.CharField(_("note for colleagues"), max_length=300, blank=True)
    recipe = models.CharField(_("began as"), max_length=10, choices=Recipe, default=Recipe.OWN, blank=True)

    whom = models.CharField(_("whom"), max_length=10, choices=Whom, default=Whom.SEGMENTS)
    segment_ids = ArrayField(models.BigIntegerField(), verbose_name=_("segments"), default=list, blank=True)
    without_segment_ids = ArrayField(
        models.BigIntegerField(), verbose_name=_("not in segments"), default=list, blank=True
    )
    idle_hours = _days(_("hours since the cart was left"), default=4, least=1, most=720)
    within_days = _days(
        _("within days"),
        default=7,
        least=1,
        help_text=_("Carts left in the past days; points that expire in the days to come."),
    )

    coupon_template = models.ForeignKey(
        CouponTemplate, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("coupon template")
    )
    points = models.PositiveIntegerField(_("points"), default=0)
    speaks = models.BooleanField(_("send a message"), default=True)
    title = models.CharField(_("title of the message"), max_length=60, blank=True)
    text = models.CharField(_("text of the message"), max_length=300, blank=True)
    page = models.CharField(_("leads to"), max_length=10, choices=Page, default=Page.HOME)
    product = models.ForeignKey(
        Product, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("product")
    )
    collection = models.ForeignKey(
        Collection, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("collection")
    )

    every = models.CharField(_("how often"), max_length=5, choices=Every, default=Every.ONCE)
    starts_at = models.DateTimeField(_("starts at"), null=True, blank=True, help_text=_("Blank: at once."))
    ends_at = models.DateTimeField(
        _("ends at"), null=True, blank=True, help_text=_("The first moment without it. Blank: until it is stopped.")
    )
    hour = models.PositiveSmallIntegerField(_("at the hour"), default=10, validators=[MaxValueValidator(23)])
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday, default=Weekday.MONDAY)
    month_day = models.PositiveSmallIntegerField(
        _("day of the month"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(31)],
        help_text=_("In a shorter month its last day."),
    )
    rest_days = _days(
        _("not again within days"), default=30, least=0, help_text=_("Whom this plan has chosen before is left out.")
    )

    control_bp = models.PositiveIntegerField(
        _("control group (bp)"),
        default=1000,
        validators=[MaxValueValidator(5000)],
        help_text=_("The share that gets nothing, so that the difference can be seen. 0: none."),
    )
    window_days = _days(
        _("days in which a purchase counts"), default=7, least=1, most=90, help_text=_("From when somebody was chosen.")
    )
    most_people = models.PositiveIntegerField(_("people at most"), null=True, blank=True)
    most_points = models.PositiveIntegerField(_("points at most"), null=True, blank=True)
    most_coupons = models.PositiveIntegerField(_("coupons at most"), null=True, blank=True)

    status = models.CharField(_("status"), max_length=8, choices=PlanStatus, default=S.DRAFT, editable=False)
    end_reason = models.CharField(_("ended because"), max_length=8, choices=EndReason, blank=True, editable=False)
    trouble = models.CharField(_("why it was paused"), max_length=60, blank=True, editable=False)
    next_run_at = models.DateTimeField(_("next run"), null=True, blank=True, editable=False)
    ceiling = models.PositiveIntegerField(_("people without approval"), null=True, blank=True, editable=False)
    created_by = models.CharField(_("created by"), max_length=80, editable=False)
    created_at = models.DateTimeField(_("created at"), editable=False)
    submitted_by = models.CharField(_("started by"), max_length=80, blank=True, editable=False)
    approved_by = models.CharField(_("approved by"), max_length=80, blank=True, editable=False)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True, editable=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("outreach plan")
        verbose_name_plural = _("outreach plans")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(starts_at=None) | Q(ends_at__gt=models.F("starts_at")),
                name="outreach_window",
                violation_error_message=_("The end lies before the beginning."),
            ),
            models.CheckConstraint(condition=Q(control_bp__lte=5000), name="outreach_control_is_a_share"),
            models.CheckConstraint(condition=Q(status="ended") ^ Q(ended_at=None), name="outreach_ended_says_when"),
        ]
        indexes = [
            models.Index(fields=["next_run_at"], condition=Q(status="live"), name="outreach_plan_due"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def campaign(self) -> str:
        """As events name it: fronts hand on what the message's link says."""
        return f"outreach-{self.pk}"

    @property
    def is_draft(self) -> bool:
        return self.status == PlanStatus.DRAFT
