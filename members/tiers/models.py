"""Tiers, the rules by which they are held, and the ledger of growth that the rules look at.

Growth is not points: it is never spent. Always: the ledger is only added to; a refund takes no more than its earning
gave, out of the same day; a member's growth is the sum of the ledger over the window of the rules; a member without a
row holds the lowest tier; the history of a member's tiers has no gaps. Which tier is held is decided by `engine`.
"""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from members.identity.models import Member
from members.tiers import engine

APPEND_ONLY = pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
# Two accounts may turn out to be one person's, and a note may have to be forgotten with the person.
APPEND_ONLY_OF_A_MEMBER = (
    pgtrigger.Protect(
        name="append_only", operation=pgtrigger.Update, condition=pgtrigger.AnyChange(exclude=["member", "note"])
    ),
    pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
)
WHOLE_BP = 10_000


class Tier(models.Model):
    """A tier and what its members enjoy. What it asks for stands in the rules (`TierRequirement`)."""

    code = models.SlugField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=30)
    name_en = models.CharField(_("English name"), max_length=30, blank=True)
    points_multiplier_bp = models.PositiveIntegerField(
        _("points multiplier (bp)"), default=WHOLE_BP, help_text=_("10000 is once the points, 15000 one and a half.")
    )
    discount_bp = models.PositiveIntegerField(
        _("member price discount (bp)"), default=0, help_text=_("500 takes five percent off.")
    )
    free_shipping = models.BooleanField(_("free shipping"), default=False)
    priority = models.PositiveSmallIntegerField(
        pgettext_lazy("of a tier", "shipping priority"), default=0, help_text=_("Higher is served first.")
    )
    exclusive_service = models.BooleanField(_("exclusive customer service"), default=False)
    birthday_points = models.PositiveIntegerField(_("birthday gift (points)"), default=0)
    exclusive_zone = models.BooleanField(_("exclusive redemption zone"), default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("tier")
        verbose_name_plural = _("tiers")
        constraints = [
            models.CheckConstraint(condition=Q(discount_bp__lte=WHOLE_BP), name="tier_discount_is_a_share"),
        ]

    def __str__(self) -> str:
        """The name in the reader's language."""
        english = (get_language() or "").startswith("en")
        return self.name_en if english and self.name_en else self.name


class TierPolicy(models.Model):
    """One version of the rules; the newest holds. Earlier ones are kept as they were."""

    class Window(models.TextChoices):
        LIFETIME = engine.Window.LIFETIME, _("All time")
        ROLLING = engine.Window.ROLLING, _("The last months")
        CALENDAR_YEAR = engine.Window.CALENDAR_YEAR, _("Calendar year")

    class Downgrade(models.TextChoices):
        ONE_STEP = engine.Downgrade.ONE_STEP, _("One tier down")
        REEVALUATED = engine.Downgrade.REEVALUATED, _("To the tier that was reached")

    window = models.CharField(_("growth counts in"), max_length=16, choices=Window, default=Window.ROLLING)
    months = models.PositiveSmallIntegerField(
        _("months that count"), default=12, help_text=_("Where the last months count.")
    )
    validity_months = models.PositiveSmallIntegerField(
        _("months that a tier is valid"),
        default=12,
        help_text=_("With the calendar year it is valid until the end of the next year, with all time for good."),
    )
    grace_days = models.PositiveSmallIntegerField(
        _("days of grace"), default=30, help_text=_("After the end, to make up for what is missing.")
    )
    downgrade = models.CharField(
        _("who does not keep a tier falls"), max_length=16, choices=Downgrade, default=Downgrade.REEVALUATED
    )
    refund_downgrades = models.BooleanField(
        _("a refund may cost a tier"), default=True, help_text=_("When the tier was reached by what is refunded.")
    )
    reassess = models.BooleanField(
        _("assess everybody anew"),
        default=False,
        help_text=_("Otherwise these rules lift members at once, and nobody falls before the end of a validity."),
    )
    growth_per_100_yuan = models.PositiveIntegerField(_("growth per ¥100 spent"), default=100)
    growth_per_100_points = models.PositiveIntegerField(_("growth per 100 points earned"), default=0)
    behaviours = models.JSONField(_("growth by behaviour"), default=dict, blank=True)
    actor = models.CharField(_("by"), max_length=80)
    note = models.CharField(_("note"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("tier rules")
        verbose_name_plural = _("tier rules")
        constraints = [
            models.CheckConstraint(condition=Q(months__gte=1, validity_months__gte=1), name="tier_policy_has_months")
        ]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return str(_("version {version}").format(version=self.pk))


class TierRequirement(models.Model):
    """What a tier asks for in one version of the rules; a tier that is not named there is not in use."""

    policy = models.ForeignKey(
        TierPolicy, models.PROTECT, related_name="requirements", verbose_name=_("tier rules"), db_index=False
    )
    tier = models.ForeignKey(Tier, models.PROTECT, related_name="requirements", verbose_name=_("tier"))
    threshold = models.PositiveBigIntegerField(_("growth to reach it"))
    retention = models.PositiveBigIntegerField(_("growth to keep it"))

    class Meta:
        verbose_name = _("requirement of a tier")
        verbose_name_plural = _("requirements of tiers")
        ordering = ["threshold"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "tier"], name="tier_requirement_once"),
            models.UniqueConstraint(fields=["policy", "threshold"], name="tier_thresholds_differ"),
            models.CheckConstraint(condition=Q(retention__lte=F("threshold")), name="tier_keeping_is_no_harder"),
        ]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.tier_id}: {self.threshold}"


class Behaviour(models.TextChoices):
    """What members may earn growth by besides buying."""

    CHECK_IN = "check_in", _("Check-in")
    REVIEW = "review", _("Review")
    INVITATION = "invitation", _("Invitation")
    PROFILE = "profile", _("Profile completed")


class GrowthEntry(models.Model):
    """Append-only: growth earned on a Shanghai day, or taken back from it by a refund or by hand."""

    class Kind(models.TextChoices):
        SPEND = "spend", _("Purchase")
        POINTS = "points", _("Points")
        BEHAVIOUR = "behaviour", _("Behaviour")
        REFUND = "refund", _("Refund")
        MANUAL = "manual", _("By hand")

    reference = models.CharField(_("reference"), max_length=80, unique=True)
    member = models.ForeignKey(
        Member, models.PROTECT, related_name="growth_entries", verbose_name=_("member"), db_index=False
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    amount = models.BigIntegerField(_("growth"))
    # What it was earned for, in fen or points or times; of a refund what is left of that; 0 where taken by hand.
    worth = models.PositiveBigIntegerField(_("earned for"))
    earned_on = models.DateField(_("earned on"))
    of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="refunds", verbose_name=_("taken back from")
    )
    note = models.CharField(_("note"), max_length=200, blank=True)
    actor = models.CharField(_("by"), max_length=80, blank=True)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("growth entry")
        verbose_name_plural = _("growth entries")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["refund", "manual"], amount__lt=0, of__isnull=False)
                | (~Q(kind="refund") & Q(amount__gt=0, worth__gt=0, of__isnull=True)),
                name="growth_taken_back_was_earned",
            ),
        ]
        indexes = [
            models.Index(fields=["member", "earned_on"], include=["amount"], name="growth_by_day"),
            models.Index(fields=["actor", "created_at"], condition=Q(kind="manual"), name="growth_by_hand"),
        ]
        triggers = [*APPEND_ONLY_OF_A_MEMBER]

    def __str__(self) -> str:
        return f"{self.reference} {self.amount:+d}"


class MemberTier(models.Model):
    """Where a member stands now; written by this room's services only, as `engine.evaluate` says."""

    member = models.OneToOneField(
        Member, models.PROTECT, primary_key=True, related_name="tier_standing", verbose_name=_("member")
    )
    tier = models.ForeignKey(Tier, models.PROTECT, related_name="+", verbose_name=_("tier"))
    earned_tier = models.ForeignKey(
        Tier, models.PROTECT, related_name="+", verbose_name=_("earned tier"), db_index=False
    )
    growth = models.BigIntegerField(_("growth in the window"), default=0)
    counted_on = models.DateField(_("counted on"))
    valid_until = models.DateField(_("valid before"), null=True, blank=True, help_text=_("The first day without it."))
    qualified_from = models.DateField(_("qualified by growth since"), null=True, blank=True)
    qualified_growth = models.BigIntegerField(_("growth that it rests on"), default=0)
    manual_tier = models.ForeignKey(
        Tier,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("tier set by hand"),
        db_index=False,
    )
    manual_caps = models.BooleanField(_("held down by hand"), default=False)
    manual_until = models.DateField(_("set by hand before"), null=True, blank=True)
    manual_reason = models.CharField(_("reason"), max_length=200, blank=True)
    policy = models.ForeignKey(
        TierPolicy, models.PROTECT, related_name="+", verbose_name=_("tier rules"), db_index=False
    )
    due_on = models.DateField(_("evaluated next on"), null=True, blank=True)

    class Meta:
        verbose_name = _("member's tier")
        verbose_name_plural = _("members' tiers")
        constraints = [
            models.CheckConstraint(
                condition=Q(manual_tier__isnull=False)
                | Q(manual_caps=False, manual_until__isnull=True, manual_reason=""),
                name="manual_tier_or_nothing",
            )
        ]
        indexes = [models.Index(fields=["due_on"], name="member_tier_due")]

    def __str__(self) -> str:
        return f"{self.member_id}: {self.tier_id}"


class TierChange(models.Model):
    """Append-only: a member moved from one tier to another, and why."""

    class Reason(models.TextChoices):
        UPGRADE = engine.Reason.UPGRADE, _("Reached by growth")
        EXPIRY = engine.Reason.EXPIRY, _("Not kept at the end of its validity")
        REFUND = engine.Reason.REFUND, _("Growth was taken back")
        RULES = engine.Reason.RULES, _("New rules")
        MANUAL = engine.Reason.MANUAL, _("Set by hand")
        MANUAL_ENDED = engine.Reason.MANUAL_ENDED, _("What was set by hand has ended")
        MERGER = engine.Reason.MERGER, _("Two accounts became one")

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="tier_changes", verbose_name=_("member"), db_index=False
    )
    from_tier = models.ForeignKey(Tier, models.PROTECT, related_name="+", verbose_name=_("from tier"), db_index=False)
    to_tier = models.ForeignKey(Tier, models.PROTECT, related_name="+", verbose_name=_("to tier"), db_index=False)
    reason = models.CharField(_("reason"), max_length=16, choices=Reason)
    note = models.CharField(_("note"), max_length=200, blank=True)
    growth = models.BigIntegerField(_("growth in the window"))
    policy = models.ForeignKey(
        TierPolicy, models.PROTECT, related_name="+", verbose_name=_("tier rules"), db_index=False
    )
    actor = models.CharField(_("by"), max_length=80)
    changed_at = models.DateTimeField(_("changed at"))

    class Meta:
        verbose_name = _("change of tier")
        verbose_name_plural = _("changes of tier")
        constraints = [models.CheckConstraint(condition=~Q(from_tier=F("to_tier")), name="tier_change_changes")]
        indexes = [models.Index(fields=["member", "-id"], name="tier_change_by_member")]
        triggers = [*APPEND_ONLY_OF_A_MEMBER]

    def __str__(self) -> str:
        return f"{self.member_id}: {self.from_tier_id} → {self.to_tier_id}"
