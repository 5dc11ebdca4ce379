"""Check-ins, tasks, and what members have done of them.

Always: a member checks in once a day; a run of days without a gap shares one `run_from`; what is earned for a task is
earned once per period and number; an event counts once for a task; counters never pass their caps. Only a task that
is live earns, and it is changed only while it is not.
"""

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from members.identity.models import Member
from members.segments.models import Segment
from members.tiers.models import Tier
from points.ledger.models import ExpiryPolicy
from points.tasks import periods, rewards

MOST_POINTS = 1_000_000


class Kind(models.TextChoices):
    """What is to be done, and so who sees that it was."""

    CHECK_IN = "check_in", _("Check-in")
    SHARE = "share", _("Share: a friend opens the link")
    SHARE_ACT = "share_act", _("Share: the act itself")
    INVITE = "invite", _("Invite: a friend registers")
    INVITE_ORDER = "invite_order", _("Invite: a friend's first order is completed")
    REVIEW = "review", _("Review")
    PROFILE = "profile", _("Complete the profile")
    BROWSE = "browse", _("Browse")
    BIRTHDAY = "birthday", _("Birthday")
    ANNIVERSARY = "anniversary", _("Anniversary of joining")
    MEMBER_DAY = "member_day", _("Member day")


# Told by facts, each of which counts once; the others the shop sees for itself when it is asked, or by the calendar.
EVENT_KINDS = (Kind.SHARE, Kind.INVITE, Kind.INVITE_ORDER, Kind.REVIEW)
OCCASIONS = (Kind.BIRTHDAY, Kind.ANNIVERSARY, Kind.MEMBER_DAY)
REPEATED_KINDS = (*EVENT_KINDS, Kind.SHARE_ACT)


class Task(models.Model):
    """What members are invited to do. A reward is `points` each time, or a table of steps.

    `target` is how many times something must happen (seconds for browsing) until the task is done, `times` how often it
    may be done in a period. A task without tiers and segments is for everybody.
    """

    class Period(models.TextChoices):
        ONCE = periods.Period.ONCE, _("Once")
        DAILY = periods.Period.DAILY, _("Every day")
        WEEKLY = periods.Period.WEEKLY, _("Every week")
        MONTHLY = periods.Period.MONTHLY, _("Every month")
        YEARLY = periods.Period.YEARLY, _("Every year")

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        LIVE = "live", _("Live")
        PAUSED = "paused", _("Paused")

    class AfterLast(models.TextChoices):
        REPEAT = rewards.AfterLast.REPEAT, _("The table begins again")
        STAY = rewards.AfterLast.STAY, _("The last row goes on")

    code = models.SlugField(_("code"), max_length=40, unique=True)
    kind = models.CharField(_("kind"), max_length=15, choices=Kind)
    name = models.CharField(_("name"), max_length=40)
    name_en = models.CharField(_("English name"), max_length=60, blank=True)
    description = models.CharField(_("description"), max_length=200, blank=True)
    link = models.CharField(
        _("page"), max_length=200, blank=True, help_text=_("Where the front takes the member, such as a page path.")
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT, editable=False)
    points = models.PositiveIntegerField(
        _("points"),
        default=0,
        validators=[MaxValueValidator(MOST_POINTS)],
        help_text=_("Each time, unless the table below says otherwise."),
    )
    after_last = models.CharField(
        _("after the last row of the table"), max_length=10, choices=AfterLast, default=AfterLast.REPEAT
    )
    period = models.CharField(_("can be done"), max_length=10, choices=Period, default=Period.ONCE)
    times = models.PositiveSmallIntegerField(
        _("times in a period"), default=1, validators=[MinValueValidator(1), MaxValueValidator(1000)]
    )
    target = models.PositiveIntegerField(
        _("target"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(100_000)],
        help_text=_("Visits, friends or reviews for one reward; seconds for browsing."),
    )
    on_month = models.PositiveSmallIntegerField(
        _("month of the member day"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(12)],
        help_text=_("Blank: every month."),
    )
    on_day = models.PositiveSmallIntegerField(
        _("day of the member day"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(31)],
        help_text=_("Blank: the shop's member day of each month. In a shorter month it is the last day."),
    )
    tiers = models.ManyToManyField(Tier, blank=True, related_name="+", verbose_name=_("only for tiers"))
    segments = models.ManyToManyField(Segment, blank=True, related_name="+", verbose_name=_("only for segments"))
    starts_at = models.DateTimeField(_("starts at"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends at"), null=True, blank=True)
    total_cap = models.PositiveIntegerField(
        _("rewards in all"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Over all members. Blank: no limit."),
    )
    daily_cap = models.PositiveIntegerField(
        _("rewards a day"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Over all members. Blank: no limit."),
    )
    expiry_policy = models.ForeignKey(
        ExpiryPolicy,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("expiry policy"),
        help_text=_("Blank: as all points of the shop."),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    live_since = models.DateTimeField(_("live since"), null=True, blank=True, editable=False)
    # Counted while there is a cap; brought up to date when the task goes live.
    completed = models.PositiveIntegerField(_("done"), default=0, editable=False)
    rule_acknowledged_by = models.CharField(
        _("platform rule acknowledged by"), max_length=80, blank=True, editable=False
    )
    rule_acknowledged_at = models.DateTimeField(
        _("platform rule acknowledged at"), null=True, blank=True, editable=False
    )
    history = HistoricalRecords(m2m_fields=[tiers, segments])

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_at=None) | Q(ends_at=None) | Q(ends_at__gt=F("starts_at")), name="task_window"
            ),
            models.CheckConstraint(condition=Q(target__gte=1, times__gte=1), name="task_asks_for_something"),
            models.CheckConstraint(
                condition=Q(total_cap=None) | Q(completed__lte=F("total_cap")) | ~Q(status="live"),
                name="task_total_cap_holds",
            ),
            models.CheckConstraint(
                condition=~Q(kind="share_act", status="live") | Q(period="daily", rule_acknowledged_at__isnull=False),
                name="task_share_act_is_acknowledged",
            ),
            models.UniqueConstraint(
                fields=["kind"], condition=Q(kind="check_in", status="live"), name="task_one_check_in"
            ),
        ]

    def __str__(self) -> str:
        """The name in the reader's language."""
        english = (get_language() or "").startswith("en")
        return self.name_en if english and self.name_en else self.name

    def clean(self) -> None:
        """What its kind decides is not asked for; the rest must make sense."""
        fixed = FIXED_PERIODS.get(Kind(self.kind)) if self.kind in Kind.values else None
        if self.kind == Kind.MEMBER_DAY:
            fixed = Task.Period.YEARLY if self.on_month else Task.Period.MONTHLY
            if self.on_month and not self.on_day:
                raise ValidationError({"on_day": _("Say on which day of the month it is.")})
        self.period = fixed or self.period
        if self.kind not in REPEATED_KINDS:
            self.times = 1
        if self.kind not in (*EVENT_KINDS, Kind.BROWSE):
            self.target = 1
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValidationError({"ends_at": _("The window must end after it starts.")})


FIXED_PERIODS: Mapping[str, str] = {
    Kind.CHECK_IN: Task.Period.DAILY,
    Kind.SHARE_ACT: Task.Period.DAILY,
    Kind.PROFILE: Task.Period.ONCE,
    Kind.BIRTHDAY: Task.Period.YEARLY,
    Kind.ANNIVERSARY: Task.Period.YEARLY,
}
# Which states a task may go to; it is edited in draft and while it is paused.
TRANSITIONS: Mapping[str, frozenset[str]] = {
    Task.Status.DRAFT: frozenset({Task.Status.LIVE}),
    Task.Status.LIVE: frozenset({Task.Status.PAUSED}),
    Task.Status.PAUSED: frozenset({Task.Status.LIVE}),
}


class RewardStep(models.Model):
    """A row of a task's table: what the `number`-th day of a streak, year, or time in a period earns."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="steps", verbose_name=_("task"), db_index=False)
    number = models.PositiveSmallIntegerField(_("day or time"))
    points = models.PositiveIntegerField(_("points"), validators=[MaxValueValidator(MOST_POINTS)])
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("row of the reward table")
        verbose_name_plural = _("reward table")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["task", "number"], name="reward_step_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="reward_step_counts_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.points}"


class TaskDay(models.Model):
    """How many rewards of a task were given on a Shanghai day; kept while the task has a daily cap."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="days", verbose_name=_("task"), db_index=False)
    day = models.DateField(_("day"))
    completed = models.PositiveIntegerField(_("done"), default=0)
    most = models.PositiveIntegerField(_("at most"))

    class Meta:
        verbose_name = _("day of a task")
        verbose_name_plural = _("days of tasks")
        constraints = [
            models.UniqueConstraint(fields=["task", "day"], name="task_day_once"),
            models.CheckConstraint(condition=Q(completed__lte=F("most")), name="task_daily_cap_holds"),
        ]

    def __str__(self) -> str:
        return f"{self.task_id} {self.day}: {self.completed}"


class TaskCompletion(models.Model):
    """A member has done a task, for the `number`-th time in a period."""

    task = models.ForeignKey(Task, models.PROTECT, related_name="completions", verbose_name=_("task"), db_index=False)
    member = models.ForeignKey(
        Member, models.PROTECT, related_name="task_completions", verbose_name=_("member"), db_index=False
    )
    period_key = models.CharField(_("period"), max_length=10)
    number = models.PositiveSmallIntegerField(_("time"), default=1)
    points = models.PositiveIntegerField(_("points"))
    completed_at = models.DateTimeField(_("completed at"))

    class Meta:
        verbose_name = _("completed task")
        verbose_name_plural = _("completed tasks")
        constraints = [
            models.UniqueConstraint(fields=["member", "task", "period_key", "number"], name="task_completion_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="task_completion_counts_from_one"),
        ]
        indexes = [models.Index(fields=["task", "-completed_at"], name="task_completion_by_task")]

    def __str__(self) -> str:
        return f"{self.member_id}: {self.task_id} {self.period_key}"


class TaskEvent(models.Model):
    """Something that counts towards a task, once: a friend's visit or registration, a review."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="events", verbose_name=_("task"), db_index=False)
    member = models.ForeignKey(
        Member, models.CASCADE, related_name="task_events", verbose_name=_("member"), db_index=False
    )
    reference = models.CharField(_("reference"), max_length=100)
    period_key = models.CharField(_("period"), max_length=10)
    happened_at = models.DateTimeField(_("happened at"))

    class Meta:
        verbose_name = _("step towards a task")
        verbose_name_plural = _("steps towards tasks")
        constraints = [models.UniqueConstraint(fields=["task", "reference"], name="task_event_once")]
        indexes = [models.Index(fields=["member", "task", "period_key"], name="task_event_progress")]

    def __str__(self) -> str:
        return f"{self.task_id} {self.reference}"


class ShareVisit(models.Model):
    """Somebody opened the link that a member has shared; each visitor is written down once a Shanghai day."""

    member = models.ForeignKey(
        Member, models.CASCADE, related_name="share_visits", verbose_name=_("member"), db_index=False
    )
    visitor = models.CharField(_("visitor"), max_length=40)
    day = models.DateField(_("day"))
    visited_at = models.DateTimeField(_("visited at"))

    class Meta:
        verbose_name = _("visit by a shared link")
        verbose_name_plural = _("visits by shared links")
        constraints = [models.UniqueConstraint(fields=["member", "day", "visitor"], name="share_visit_once_a_day")]

    def __str__(self) -> str:
        return f"{self.visitor} → {self.member_id}"


class BrowseVisit(models.Model):
    """The page that a member looks at now, measured by the shop's own clock; one at a time on all devices."""

    member = models.OneToOneField(
        Member, models.CASCADE, primary_key=True, related_name="browse_visit", verbose_name=_("member")
    )
    task = models.ForeignKey(Task, models.CASCADE, related_name="+", verbose_name=_("task"))
    token = models.UUIDField(_("token"))
    period_key = models.CharField(_("period"), max_length=10)
    milliseconds = models.PositiveIntegerField(_("measured (ms)"), default=0)
    beat_at = models.DateTimeField(_("last sign of life"))

    class Meta:
        verbose_name = _("browsing")
        verbose_name_plural = _("browsing")

    def __str__(self) -> str:
        return f"{self.member_id} {self.task_id}"


class CheckIn(models.Model):
    """A member's check-in of a Shanghai day. `run_from` is the first day of the run that it belongs to."""

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="check_ins", verbose_name=_("member"), db_index=False
    )
    day = models.DateField(_("day"))
    run_from = models.DateField(_("in a row since"))
    points = models.PositiveIntegerField(_("points"))
    made_up_on = models.DateField(_("made up for on"), null=True, blank=True)
    cost_points = models.PositiveIntegerField(_("cost (points)"), default=0)
    checked_in_at = models.DateTimeField(_("checked in at"))

    class Meta:
        verbose_name = _("check-in")
        verbose_name_plural = _("check-ins")
        constraints = [
            models.UniqueConstraint(fields=["member", "day"], name="check_in_once_a_day"),
            models.CheckConstraint(condition=Q(run_from__lte=F("day")), name="check_in_run_begins_before"),
            models.CheckConstraint(
                condition=Q(made_up_on=None, cost_points=0) | Q(made_up_on__gt=F("day")), name="check_in_made_up_later"
            ),
        ]
        indexes = [models.Index(fields=["day"], name="check_in_by_day")]

    def __str__(self) -> str:
        return f"{self.member_id} {self.day}"

    @property
    def streak(self) -> int:
        """Days in a row up to this one."""
        return rewards.streak_of(day=self.day, run_from=self.run_from)
