"""The frame that every promotion stands in: status, window, audience, budget, and who did what to it.

`Campaign` is abstract; each mechanism inherits from it and is named in `settings.CAMPAIGN_MODELS`. Always: a campaign
acts only while it is published and the moment lies in its half-open window, whatever the sweep has got round to; only
drafts are edited; what was spent never exceeds the budget; each step is in `CampaignEvent`, which is only added to.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from members.identity.models import Member
from promotions.campaigns.audience import Audience
from promotions.campaigns.platform_rules import Traits
from promotions.pricing.scopes import EVERYTHING, Scope
from shop.core.channels import CHANNEL_CHOICES
from shop.core.history import staff_of_request


class CampaignStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    AWAITING_APPROVAL = "awaiting", _("Awaiting approval")
    SCHEDULED = "scheduled", pgettext_lazy("of a campaign", "Scheduled")
    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    ENDED = "ended", _("Ended")


TRANSITIONS: Mapping[str, frozenset[str]] = {
    CampaignStatus.DRAFT: frozenset(
        {CampaignStatus.AWAITING_APPROVAL, CampaignStatus.SCHEDULED, CampaignStatus.RUNNING}
    ),
    CampaignStatus.AWAITING_APPROVAL: frozenset(
        {CampaignStatus.DRAFT, CampaignStatus.SCHEDULED, CampaignStatus.RUNNING}
    ),
    CampaignStatus.SCHEDULED: frozenset(
        {CampaignStatus.DRAFT, CampaignStatus.RUNNING, CampaignStatus.PAUSED, CampaignStatus.ENDED}
    ),
    CampaignStatus.RUNNING: frozenset({CampaignStatus.PAUSED, CampaignStatus.ENDED}),
    CampaignStatus.PAUSED: frozenset(
        {CampaignStatus.DRAFT, CampaignStatus.SCHEDULED, CampaignStatus.RUNNING, CampaignStatus.ENDED}
    ),
    CampaignStatus.ENDED: frozenset(),
}
# Published: the clock alone decides whether such a campaign acts.
PUBLISHED = (CampaignStatus.SCHEDULED, CampaignStatus.RUNNING)

OVERSPENT = _("More than the budget is given already.")


class EndReason(models.TextChoices):
    WINDOW = "window", _("Its window is over")
    BUDGET = "budget", _("Its budget is spent")
    STOPPED = "stopped", _("Stopped by hand")


class AudienceFields(models.Model):
    """Columns of an `Audience`. Ids rather than many-to-many rows: one row holds a campaign whole, history keeps it,
    and a segment that is deleted leaves a campaign for nobody, not for everybody.
    """

    tier_ids = ArrayField(models.BigIntegerField(), verbose_name=_("tiers"), default=list, blank=True)
    segment_ids = ArrayField(models.BigIntegerField(), verbose_name=_("segments"), default=list, blank=True)
    channels = ArrayField(
        models.CharField(max_length=20, choices=CHANNEL_CHOICES), verbose_name=_("fronts"), default=list, blank=True
    )
    new_members_only = models.BooleanField(_("only new members, before their first purchase"), default=False)

    class Meta:
        abstract = True

    @property
    def audience(self) -> Audience:
        return Audience(
            tier_ids=frozenset(self.tier_ids),
            segment_ids=frozenset(self.segment_ids),
            channels=frozenset(self.channels),
            new_members_only=self.new_members_only,
        )


class CampaignBundle(AudienceFields):
    """A theme, such as a festival: campaigns that share window and audience and are published together."""

    name = models.CharField(_("name"), max_length=60)
    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(_("ends at"))
    note = models.CharField(_("note"), max_length=300, blank=True)
    created_by = models.CharField(_("created by"), max_length=80, editable=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("campaign bundle")
        verbose_name_plural = _("campaign bundles")
        constraints = [models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="bundle_window")]

    def __str__(self) -> str:
        return self.name


class Campaign(AudienceFields):
    """What all mechanisms have in common. An heir gives `KIND` and says what it reaches, how deep it cuts and what it
    lacks. Without `ends_at` it goes on until it is stopped; without a budget it spends without end. `revision` grows
    each time it is published.
    """

    KIND: ClassVar[str]
    # Whether it acts on whatever it reaches, or waits until a member chooses it.
    ACTS_BY_ITSELF: ClassVar[bool] = True
    # What is counted against its budget.
    BUDGET_COUNTS: ClassVar[Any] = _("What it takes off orders, also unpaid ones; it stops when this is spent.")
    # The rows that hang on it of which `reach` and its terms are made, for whoever looks at many at once.
    PARTS: ClassVar[tuple[str, ...]] = ()

    name = models.CharField(_("name"), max_length=60, help_text=_("Members see it on their bill."))
    note = models.CharField(_("note for colleagues"), max_length=300, blank=True)
    status = models.CharField(
        _("status"), max_length=12, choices=CampaignStatus, default=CampaignStatus.DRAFT, editable=False
    )
    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(
        _("ends at"), null=True, blank=True, help_text=_("The first moment without it. Blank: until it is stopped.")
    )
    budget_fen = models.PositiveBigIntegerField(
        _("budget (fen)"), null=True, blank=True, help_text=_("Discounts given; it stops when this is spent.")
    )
    spent_fen = models.PositiveBigIntegerField(_("spent (fen)"), default=0, editable=False)
    bundle = models.ForeignKey(
        CampaignBundle,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="%(app_label)s_%(class)s_set",
        verbose_name=_("bundle"),
    )
    revision = models.PositiveIntegerField(_("revision"), default=0, editable=False)
    created_by = models.CharField(_("created by"), max_length=80, editable=False)
    published_by = models.CharField(_("published by"), max_length=80, blank=True, editable=False)
    approved_by = models.CharField(_("approved by"), max_length=80, blank=True, editable=False)
    end_reason = models.CharField(_("ended because"), max_length=10, choices=EndReason, blank=True, editable=False)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True, editable=False)
    history = HistoricalRecords(inherit=True, excluded_fields=["spent_fen"], get_user=staff_of_request)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")), name="%(class)s_window"
            ),
            models.CheckConstraint(
                condition=Q(budget_fen__isnull=True) | Q(spent_fen__lte=F("budget_fen")), name="%(class)s_in_budget"
            ),
            models.CheckConstraint(
                condition=Q(status="ended") | Q(end_reason="", ended_at__isnull=True), name="%(class)s_end_has_reason"
            ),
        ]
        indexes = [models.Index(fields=["status", "starts_at"], name="%(class)s_by_status")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_draft(self) -> bool:
        return self.status == CampaignStatus.DRAFT

    def clean(self) -> None:
        super().clean()
        if self.is_overspent:
            raise ValidationError({"budget_fen": OVERSPENT})

    @property
    def is_overspent(self) -> bool:
        return self.budget_fen is not None and self.spent_fen > self.budget_fen

    def is_live(self, *, now: datetime) -> bool:
        """Published, and the moment in its window: see `queries.live_at` for the same in SQL."""
        return self.status in PUBLISHED and self.starts_at <= now and (self.ends_at is None or now < self.ends_at)

    def status_at(self, now: datetime) -> CampaignStatus:
        """As the clock has it; the stored one follows within a minute."""
        if self.status not in PUBLISHED:
            return CampaignStatus(self.status)
        if self.ends_at is not None and self.ends_at <= now:
            return CampaignStatus.ENDED
        return CampaignStatus.RUNNING if self.starts_at <= now else CampaignStatus.SCHEDULED

    @property
    def left_fen(self) -> int | None:
        return None if self.budget_fen is None else self.budget_fen - self.spent_fen

    def is_used_up(self) -> bool:
        """Nothing of the budget is left, and no unpaid order holds any of it."""
        return self.left_fen == 0

    def reach(self, paths: Mapping[int, str]) -> Scope:
        """The goods that it is about; `paths` are those of all categories. See `scopes.ScopeFields`."""
        return EVERYTHING

    def order_numbers(self) -> models.QuerySet[Any, Any] | None:
        """Of the orders that took something of it, in one column; None where orders take nothing of its kind.

        Of what comes back to a member, such as a coupon, the order that has it now.
        """
        return None

    def depth_bp(self) -> int:
        """The deepest share of a price that it can take off, for approval."""
        raise NotImplementedError

    def gives_to_all(self) -> bool:
        """Whether nobody who takes part goes away with nothing: all of its budget is spent, however much it is."""
        return False

    def highest_cost_fen(self) -> int | None:
        """The most that it can cost without a budget, where that can be told for approval; None: nobody knows.

        A price that is lower for a while is weighed by its depth instead: it costs nothing by itself.
        """
        return 0

    def lacks(self) -> Sequence[Any]:
        """What hinders its publication, in sentences for the merchant."""
        return ()

    def why_not_at(self, moment: datetime) -> Any | None:
        """What keeps it from acting at a moment of its window, in a sentence for the merchant."""
        return None

    def traits(self, *, now: datetime) -> Traits:
        """What it does that platforms and the law have rules about."""
        return Traits()

    def before_publication(self) -> None:
        """Bring counters in line that are kept only where something is limited; the campaign is locked."""

    def promised(self) -> frozenset[str]:
        """The fields that stay as they were published, in a draft too."""
        return frozenset()

    def touch_catalogue(self) -> None:
        """Tell the catalogue's cache, where products show this campaign; inside the transaction that changes it."""

    def forget_past(self) -> None:
        """A copy shares neither what was counted nor what was done to its model; before it is saved."""

    def clone_children(self, source: Any) -> None:
        """Copy the rows that hang on `source` (tiers, items) to this new, saved draft."""


class CampaignEvent(models.Model):
    """Append-only: a step in a campaign's life, or a finding that somebody took note of."""

    class Action(models.TextChoices):
        CREATED = "created", _("Created")
        CLONED = "cloned", _("Cloned")
        SUBMITTED = "submitted", _("Submitted for approval")
        APPROVED = "approved", _("Approved")
        RETURNED = "returned", _("Returned to its author")
        PUBLISHED = "published", _("Published")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        STARTED = "started", _("Started")
        PAUSED = "paused", _("Paused")
        RESUMED = "resumed", _("Resumed")
        ENDED = "ended", _("Ended")
        ACKNOWLEDGED = "noted", _("Took note of")

    kind = models.CharField(_("kind"), max_length=20)
    campaign_id = models.BigIntegerField(_("campaign"))
    action = models.CharField(_("step"), max_length=10, choices=Action)
    # Of a finding: its code and what it was about, so that a new one is not taken for the old.
    finding = models.CharField(_("finding"), max_length=120, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    actor = models.CharField(_("by"), max_length=80)
    happened_at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("campaign event")
        verbose_name_plural = _("campaign events")
        indexes = [models.Index(fields=["kind", "campaign_id", "id"], name="campaign_event_of")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.kind} {self.campaign_id}: {self.action}"


class FirstPurchase(models.Model):
    """The order by which a member ceased to be new: taken when placed, kept once paid, given back if not."""

    member = models.OneToOneField(
        Member, models.CASCADE, primary_key=True, related_name="first_purchase", verbose_name=_("member")
    )
    order_number = models.CharField(_("order"), max_length=40)
    is_paid = models.BooleanField(_("paid"), default=False)
    placed_at = models.DateTimeField(_("placed at"))

    class Meta:
        verbose_name = _("first purchase")
        verbose_name_plural = _("first purchases")
        indexes = [models.Index(fields=["order_number"], name="first_purchase_order")]

    def __str__(self) -> str:
        return f"{self.member_id}: {self.order_number}"


class PromotionVersion(models.Model):
    """One row with another stamp after every change of what is published, by which stale memory is told."""

    stamp = models.BigIntegerField(default=0)
    is_on = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("version of the promotions")
        verbose_name_plural = _("versions of the promotions")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="promotion_version_is_one_row")]

    def __str__(self) -> str:
        return str(self.stamp)
