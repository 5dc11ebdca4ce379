"""Earning rules with their versions, the sets of rules that held together, and what each event has earned.

Always: a version is never changed; the newest set names exactly the versions that are live; a counter never passes the
limit that looks at it; an event earns once, and of what it earned no more is taken back than it gave.
"""

from typing import NamedTuple

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members.identity.models import Member
from points.rules.spec import RuleSpec

APPEND_ONLY = pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)


def shown_name(name: str) -> str:
    """The rule that a new shop starts with has no name of the merchant's yet."""
    return name or str(_("Points for purchases"))


class EarningRule(models.Model):
    """A rule as the merchant knows it: a draft to work on and, while it acts, the version that is live."""

    name = models.CharField(_("name"), max_length=60, blank=True)
    draft = models.JSONField(_("draft"))
    live = models.ForeignKey(
        "RuleVersion", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("live version")
    )
    changed_at = models.DateTimeField(_("changed at"))

    class Meta:
        verbose_name = _("earning rule")
        verbose_name_plural = _("earning rules")

    def __str__(self) -> str:
        return shown_name(self.name)

    @property
    def spec(self) -> RuleSpec:
        """The draft."""
        return RuleSpec.of(self.draft)

    @property
    def has_news(self) -> bool:
        """Whether the draft says something else than what is live."""
        return self.live is None or (self.live.name, self.live.definition) != (self.name, self.draft)


class RuleVersion(models.Model):
    """What a rule said when it was published."""

    rule = models.ForeignKey(EarningRule, models.PROTECT, related_name="versions", verbose_name=_("earning rule"))
    number = models.PositiveIntegerField(_("version"))
    name = models.CharField(_("name"), max_length=60, blank=True)
    definition = models.JSONField(_("definition"))
    actor = models.CharField(_("by"), max_length=80)
    created_at = models.DateTimeField(_("published at"))

    class Meta:
        verbose_name = _("version of a rule")
        verbose_name_plural = _("versions of rules")
        constraints = [models.UniqueConstraint(fields=["rule", "number"], name="rule_version_number")]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{shown_name(self.name)} v{self.number}"

    @property
    def spec(self) -> RuleSpec:
        return RuleSpec.of(self.definition)


class RuleSetVersion(models.Model):
    """The versions that hold together from here on; the newest row holds. Its id is the version of the rule set."""

    class Reason(models.TextChoices):
        PUBLISHED = "published", _("Published")
        PAUSED = "paused", _("Paused")
        RESUMED = "resumed", _("Resumed")
        HOLIDAYS = "holidays", _("Holidays changed")

    version_ids = ArrayField(models.BigIntegerField(), verbose_name=_("versions"))
    reason = models.CharField(_("reason"), max_length=12, choices=Reason)
    rule = models.ForeignKey(
        EarningRule,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("earning rule"),
        db_index=False,
    )
    actor = models.CharField(_("by"), max_length=80)
    created_at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("rule set")
        verbose_name_plural = _("rule sets")
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return str(_("version {version}").format(version=self.pk))


class Holiday(models.Model):
    """Days that rules may name; both ends belong to it."""

    name = models.CharField(_("name"), max_length=40)
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))

    class Meta:
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")
        ordering = ["first_day"]
        constraints = [
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="holiday_ends_after_it_began")
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.first_day:%Y}"


class RuleCounter(models.Model):
    """What a limited rule has given in a period, to a member or to everybody."""

    rule = models.ForeignKey(
        EarningRule, models.PROTECT, related_name="counters", verbose_name=_("earning rule"), db_index=False
    )
    member = models.ForeignKey(
        Member, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("member")
    )
    period = models.CharField(_("period"), max_length=10)
    points = models.PositiveBigIntegerField(_("points"), default=0)
    times = models.PositiveIntegerField(_("times"), default=0)

    class Meta:
        verbose_name = _("counter of a rule")
        verbose_name_plural = _("counters of rules")
        constraints = [
            models.UniqueConstraint(fields=["rule", "period", "member"], name="rule_counter_once", nulls_distinct=False)
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.period}: {self.points}"


class EarnedLine(NamedTuple):
    """What was paid for a line of an event and what it earned, and what refunds have left of both."""

    net_fen: int
    left_fen: int
    points: int
    points_kept: int


class Earning(models.Model):
    """What one event earned and why, also where it was nothing.

    `parts` are the grants in the ledger: points by line of the event, by the reference of their grant. `net_fen` is
    what was paid for each line, `left_fen` what refunds have left of that; of what a line earned, each grant keeps the
    same share, rounded down. A single line may stand for all goods together, as it does for an event without goods.
    """

    reference = models.CharField(_("reference"), max_length=80, unique=True)
    member = models.ForeignKey(
        Member, models.PROTECT, related_name="earnings", verbose_name=_("member"), db_index=False
    )
    kind = models.CharField(pgettext_lazy("of points", "earned by"), max_length=20)
    points = models.PositiveIntegerField(_("points"))
    parts = models.JSONField(_("grants"), default=dict, blank=True)
    net_fen = ArrayField(models.BigIntegerField(), verbose_name=_("earned for (fen)"))
    left_fen = ArrayField(models.BigIntegerField(), verbose_name=_("left of it (fen)"))
    rule_set = models.ForeignKey(
        RuleSetVersion, models.PROTECT, related_name="+", verbose_name=_("rule set"), db_index=False
    )
    trace = models.JSONField(_("explanation"))
    happened_at = models.DateTimeField(_("happened at"))
    matures_at = models.DateTimeField(_("matures at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("earning")
        verbose_name_plural = _("earnings")
        constraints = [
            models.CheckConstraint(condition=Q(left_fen__len=F("net_fen__len")), name="earning_left_line_by_line"),
        ]
        indexes = [models.Index(fields=["member", "-id"], name="earning_by_member")]
        triggers = [
            # Two accounts may turn out to be one person's, points mature, refunds leave less; all else stays as it was.
            pgtrigger.Protect(
                name="append_only",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(exclude=["member", "matures_at", "left_fen"]),
            ),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.points:+d}"

    @property
    def worth_fen(self) -> int:
        return sum(self.net_fen)

    def kept(self, part: str) -> int:
        """What refunds have left of one of its parts."""
        return sum(self._kept_by_line(part))

    @property
    def points_kept(self) -> int:
        return sum(self.kept(part) for part in self.parts)

    @property
    def lines(self) -> list[EarnedLine]:
        given, kept = self.parts.values(), [self._kept_by_line(part) for part in self.parts]
        return [
            EarnedLine(net, left, sum(part[i] for part in given), sum(part[i] for part in kept))
            for i, (net, left) in enumerate(zip(self.net_fen, self.left_fen, strict=True))
        ]

    def _kept_by_line(self, part: str) -> list[int]:
        return [
            points * left // net if net else points
            for points, net, left in zip(self.parts[part], self.net_fen, self.left_fen, strict=True)
        ]


class Backtest(models.Model):
    """A draft tried on past orders beside the rules that are live; computed in the background."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        STOPPED = "stopped", pgettext_lazy("backtest", "Stopped")

    rule = models.ForeignKey(EarningRule, models.CASCADE, related_name="backtests", verbose_name=_("earning rule"))
    name = models.CharField(_("name"), max_length=60, blank=True)
    definition = models.JSONField(_("draft"))
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    ignores_validity = models.BooleanField(
        _("as if it had been valid"),
        default=True,
        help_text=_("Tries the draft on these days though its validity lies elsewhere."),
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.WAITING)
    orders = models.PositiveIntegerField(_("orders"), default=0)
    done = models.PositiveIntegerField(_("done"), default=0)
    findings = models.JSONField(_("findings"), default=dict, blank=True)
    actor = models.CharField(_("by"), max_length=80)
    created_at = models.DateTimeField(_("asked at"))
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("backtest")
        verbose_name_plural = _("backtests")
        constraints = [
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="backtest_ends_after_it_began")
        ]

    def __str__(self) -> str:
        return f"{shown_name(self.name)} {self.first_day} – {self.last_day}"
