"""Leaderboards of distributors, and what their ranks are worth."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from promotions.distribution.models.people import Distributor


class Measure(models.TextChoices):
    SALES = "sales", _("Sales")
    ORDERS = "orders", _("Number of orders")
    POINTS = "points", _("Points brought")


class Period(models.TextChoices):
    WEEK = "week", _("Each week")
    MONTH = "month", _("Each month")


class Leaderboard(models.Model):
    """Who has sold most in a period of Shanghai days; what was refunded does not count."""

    name = models.CharField(_("name"), max_length=40)
    measure = models.CharField(_("measured by"), max_length=10, choices=Measure, default=Measure.SALES)
    period = models.CharField(_("period"), max_length=10, choices=Period, default=Period.MONTH)
    least = models.PositiveBigIntegerField(_("least to be ranked"), default=1, help_text=_("In fen for sales."))
    is_running = models.BooleanField(
        _("runs"), default=True, help_text=_("While it does not, nobody sees it, and what falls due is not rewarded.")
    )
    # Periods that were over before this day have been rewarded, or are none of its business.
    rewarded_until = models.DateField(_("rewarded until"), editable=False)

    class Meta:
        verbose_name = _("leaderboard")
        verbose_name_plural = _("leaderboards")
        constraints = [models.CheckConstraint(condition=Q(least__gte=1), name="leaderboard_ranks_something")]

    def __str__(self) -> str:
        return self.name


class RankReward(models.Model):
    """What each rank from the first to the last of these gets when a period is over."""

    leaderboard = models.ForeignKey(Leaderboard, models.CASCADE, related_name="rewards", verbose_name=_("leaderboard"))
    first_rank = models.PositiveSmallIntegerField(_("from rank"))
    last_rank = models.PositiveSmallIntegerField(_("to rank"))
    reward_fen = models.PositiveBigIntegerField(_("reward in money (fen)"), default=0, blank=True)
    points = models.PositiveBigIntegerField(_("reward in points"), default=0, blank=True)

    class Meta:
        verbose_name = _("reward for ranks")
        verbose_name_plural = _("rewards for ranks")
        ordering = ["first_rank"]
        constraints = [
            models.CheckConstraint(
                condition=Q(first_rank__gte=1, last_rank__gte=F("first_rank"), last_rank__lte=100),
                name="rank_reward_of_ranks",
                violation_error_message=_("Ranks go up, from 1 to 100 at most."),
            ),
            models.CheckConstraint(
                condition=Q(reward_fen__gt=0) | Q(points__gt=0),
                name="rank_reward_gives",
                violation_error_message=_("A reward is money, points, or both."),
            ),
            models.UniqueConstraint(fields=["leaderboard", "first_rank"], name="rank_reward_once"),
        ]

    def __str__(self) -> str:
        return f"{self.first_rank}–{self.last_rank}"


class RankAward(models.Model):
    """Somebody got a rank in a period that is over, and its reward: once for each distributor and each rank."""

    leaderboard = models.ForeignKey(Leaderboard, models.PROTECT, related_name="awards", verbose_name=_("leaderboard"))
    first_day = models.DateField(_("period from"))
    rank = models.PositiveSmallIntegerField(_("rank"))
    distributor = models.ForeignKey(Distributor, models.PROTECT, related_name="awards", verbose_name=_("distributor"))
    value = models.PositiveBigIntegerField(_("value"))
    # What had to be reached for it then, to count the same again.
    least = models.PositiveBigIntegerField(_("least to be ranked"), default=1)
    reward_fen = models.PositiveBigIntegerField(_("reward in money (fen)"), default=0)
    points = models.PositiveBigIntegerField(_("reward in points"), default=0)
    awarded_at = models.DateTimeField(_("awarded at"))

    class Meta:
        verbose_name = _("award of a leaderboard")
        verbose_name_plural = _("awards of leaderboards")
        constraints = [
            models.UniqueConstraint(fields=["leaderboard", "first_day", "rank"], name="rank_awarded_once"),
        ]
        indexes = [models.Index(fields=["distributor", "-id"], name="rank_award_of_distributor")]

    def __str__(self) -> str:
        return f"{self.leaderboard} {self.first_day} #{self.rank}"


class AwardCorrection(models.Model):
    """Ranks of a rewarded period were counted again, and a person has brought a distributor's reward to what they say.

    Awards stay as they were given; `reward_fen` and `points` are what came or went by the correction.
    """

    leaderboard = models.ForeignKey(
        Leaderboard, models.PROTECT, related_name="corrections", verbose_name=_("leaderboard")
    )
    first_day = models.DateField(_("period from"))
    distributor = models.ForeignKey(
        Distributor, models.PROTECT, related_name="award_corrections", verbose_name=_("distributor")
    )
    rank_now = models.PositiveSmallIntegerField(_("rank now"), null=True, blank=True)
    value_now = models.PositiveBigIntegerField(_("value now"), default=0)
    reward_fen = models.BigIntegerField(_("change of the reward in money (fen)"), default=0)
    points = models.BigIntegerField(_("change of the reward in points"), default=0)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    corrected_by = models.CharField(_("corrected by"), max_length=80)
    corrected_at = models.DateTimeField(_("corrected at"))

    class Meta:
        verbose_name = _("correction of a reward")
        verbose_name_plural = _("corrections of rewards")
        constraints = [
            models.CheckConstraint(condition=~Q(reward_fen=0, points=0), name="award_correction_changes"),
        ]
        indexes = [
            models.Index(fields=["leaderboard", "first_day"], name="award_correction_of_period"),
            models.Index(fields=["distributor", "-id"], name="award_correction_of_seller"),
        ]

    def __str__(self) -> str:
        return f"{self.leaderboard} {self.first_day} · {self.distributor}"
