"""What past orders and the points ledger say about members, as of the end of a Shanghai day.

Always: all of it can be computed anew from orders, payments and the ledger, and comes out the same; nothing here is
typed in but the merchant's own filters. `docs/analytics.md` has the definitions.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members.identity.models import Member
from members.segments.models import Segment
from shop.catalog.models import Product


class Stage(models.TextChoices):
    """How far a member has come, from the first visit to the last."""

    PROSPECT = "prospect", pgettext_lazy("stage of a member", "Never bought")
    NEW = "new", pgettext_lazy("stage of a member", "New")
    ACTIVE = "active", pgettext_lazy("stage of a member", "Active")
    HIGH_VALUE = "high_value", pgettext_lazy("stage of a member", "High value")
    DORMANT = "dormant", pgettext_lazy("stage of a member", "Dormant")
    LOST = "lost", pgettext_lazy("stage of a member", "Lost")


class BuyerProfile(models.Model):
    """A member as of the end of a day. Scores are those of buyers of the past year, None for everybody else."""

    member = models.OneToOneField(
        Member, models.CASCADE, primary_key=True, related_name="buyer_profile", verbose_name=_("member")
    )
    day = models.DateField(_("as of the end of"))
    stage = models.CharField(_("stage"), max_length=10, choices=Stage)
    stage_since = models.DateField(_("in this stage since"))
    recency = models.PositiveSmallIntegerField(_("R"), null=True)
    frequency = models.PositiveSmallIntegerField(_("F"), null=True)
    monetary = models.PositiveSmallIntegerField(_("M"), null=True)
    orders = models.PositiveIntegerField(_("orders in a year"), default=0)
    spent_fen = models.BigIntegerField(_("spent in a year (fen)"), default=0)
    orders_ever = models.PositiveIntegerField(_("orders ever"), default=0)
    spent_ever_fen = models.BigIntegerField(_("spent ever (fen)"), default=0)
    first_paid_at = models.DateTimeField(_("first purchase"), null=True)
    last_paid_at = models.DateTimeField(_("last purchase"), null=True)
    last_seen_at = models.DateTimeField(_("last seen"))

    class Meta:
        verbose_name = _("buyer")
        verbose_name_plural = _("buyers")
        indexes = [
            models.Index(fields=["stage", "member"], name="buyer_by_stage"),
            models.Index(fields=["-spent_fen", "member"], name="buyer_by_spending"),
            models.Index(fields=["last_paid_at"], name="buyer_by_last_purchase"),
        ]

    def __str__(self) -> str:
        return str(self.member)


class StageMove(models.Model):
    """A member went from one stage to another; kept for good."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="+", verbose_name=_("member"))
    day = models.DateField(_("day"))
    came_from = models.CharField(_("from"), max_length=10, choices=Stage)
    went_to = models.CharField(_("to"), max_length=10, choices=Stage)

    class Meta:
        verbose_name = _("move between stages")
        verbose_name_plural = _("moves between stages")
        constraints = [models.UniqueConstraint(fields=["member", "day"], name="stage_move_once_a_day")]
        indexes = [models.Index(fields=["-day", "came_from", "went_to"], name="stage_move_by_day")]

    def __str__(self) -> str:
        return f"{self.member_id}: {self.came_from} → {self.went_to}"


class StageDay(models.Model):
    """How many members were in a stage at the end of a day."""

    day = models.DateField(_("day"))
    stage = models.CharField(_("stage"), max_length=10, choices=Stage)
    members = models.PositiveIntegerField(_("members"))

    class Meta:
        verbose_name = _("stage on a day")
        verbose_name_plural = _("stages by day")
        constraints = [models.UniqueConstraint(fields=["day", "stage"], name="stage_day_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.stage}: {self.members}"


class RepurchaseDay(models.Model):
    """Of the buyers whose first purchase was `window` days ago or longer, how many bought again within that time.

    Window 0 is the past year as a whole: who bought in it, and who did so more than once.
    """

    day = models.DateField(_("day"))
    window = models.PositiveSmallIntegerField(_("days"))
    buyers = models.PositiveIntegerField(_("buyers"))
    again = models.PositiveIntegerField(_("bought again"))

    class Meta:
        verbose_name = _("repurchase")
        verbose_name_plural = _("repurchase")
        constraints = [
            models.UniqueConstraint(fields=["day", "window"], name="repurchase_once"),
            models.CheckConstraint(condition=Q(again__lte=models.F("buyers")), name="repurchase_is_a_share"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.window}: {self.again}/{self.buyers}"


class CohortMonth(models.Model):
    """What buyers, whose first purchase fell into a month, bought so many months later."""

    cohort = models.DateField(_("month of the first purchase"))
    months = models.PositiveSmallIntegerField(_("months later"))
    buyers = models.PositiveIntegerField(_("buyers"))
    orders = models.PositiveIntegerField(_("orders"))
    net_fen = models.BigIntegerField(_("net paid (fen)"))

    class Meta:
        verbose_name = _("cohort")
        verbose_name_plural = _("cohorts")
        constraints = [models.UniqueConstraint(fields=["cohort", "months"], name="cohort_month_once")]

    def __str__(self) -> str:
        return f"{self.cohort} +{self.months}"


class ProductDay(models.Model):
    """What was sold of a product on a day and has not come back since."""

    day = models.DateField(_("day"))
    product = models.ForeignKey(Product, models.CASCADE, related_name="+", verbose_name=_("product"), db_index=False)
    units = models.PositiveIntegerField(_("units"))
    net_fen = models.BigIntegerField(_("net paid (fen)"))

    class Meta:
        verbose_name = _("product on a day")
        verbose_name_plural = _("products by day")
        constraints = [models.UniqueConstraint(fields=["day", "product"], name="product_day_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.product_id}: {self.units}"


class PointsDay(models.Model):
    """What came and went in the points ledger on a day; what members have at its end is `closing`."""

    day = models.DateField(_("day"), unique=True)
    earned = models.BigIntegerField(_("earned"))
    by_hand = models.BigIntegerField(_("by hand"))
    used = models.BigIntegerField(_("used"))
    expired = models.BigIntegerField(_("expired"))
    clawed_back = models.BigIntegerField(_("taken back"))
    voided = models.BigIntegerField(_("void on leaving"))
    closing = models.BigIntegerField(_("at the end"))

    class Meta:
        verbose_name = _("points on a day")
        verbose_name_plural = _("points by day")

    def __str__(self) -> str:
        return f"{self.day}: {self.closing}"


class CampaignReturn(models.Model):
    """What a campaign has brought, worked out nightly: (net paid × margin − cost) / cost."""

    kind = models.CharField(_("kind"), max_length=20)
    campaign_id = models.BigIntegerField(_("campaign"))
    name = models.CharField(_("name"), max_length=60)
    starts_at = models.DateTimeField(_("starts at"))
    participants = models.PositiveIntegerField(_("participants"))
    orders = models.PositiveIntegerField(_("orders"))
    new_members = models.PositiveIntegerField(_("new members"))
    net_fen = models.BigIntegerField(_("net paid (fen)"))
    cost_fen = models.BigIntegerField(_("cost (fen)"))
    return_bp = models.BigIntegerField(_("return (bp)"), null=True)
    computed_at = models.DateTimeField(_("computed at"))

    class Meta:
        verbose_name = _("return of a campaign")
        verbose_name_plural = _("returns of campaigns")
        constraints = [models.UniqueConstraint(fields=["kind", "campaign_id"], name="campaign_return_once")]
        indexes = [models.Index(fields=["-starts_at"], name="campaign_return_by_start")]

    def __str__(self) -> str:
        return self.name


class SegmentFilter(models.Model):
    """A segment of whoever meets all criteria, filled again each night; `criteria` is read by `criteria.matching`."""

    segment = models.OneToOneField(Segment, models.CASCADE, related_name="filter", verbose_name=_("segment"))
    criteria = models.JSONField(_("criteria"), default=dict)
    is_running = models.BooleanField(_("filled every night"), default=True)
    created_by = models.CharField(_("by"), max_length=80)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("segment by filter")
        verbose_name_plural = _("segments by filter")

    def __str__(self) -> str:
        return self.segment.name
