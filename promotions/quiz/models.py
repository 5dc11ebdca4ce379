"""Quizzes and riddles: a bank of questions, what members answered, and what they won.

Always: a member's tries are those of the tally, counted before anything is judged; a try is answered once; nobody is
rewarded more often than the quiz says, nor more members than it has rewards; what is right is told only as the quiz
reveals it, and never before an answer.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from members.identity.models import Member
from points.ledger.queries import points_worth_fen
from promotions.campaigns.models import Campaign
from promotions.campaigns.scopes import GONE
from promotions.coupons.models import Coupon, CouponTemplate
from promotions.pricing.scopes import Scope

MOST_QUESTIONS = 20


class Theme(models.TextChoices):
    PLAIN = "plain", _("Plain")
    SPRING = "spring_festival", _("Spring Festival")
    LANTERN = "lantern_festival", _("Lantern Festival")
    DRAGON_BOAT = "dragon_boat", _("Dragon Boat Festival")
    QIXI = "qixi", _("Qixi")
    MID_AUTUMN = "mid_autumn", _("Mid-Autumn Festival")
    NATIONAL_DAY = "national_day", _("National Day")
    ANNIVERSARY = "anniversary", _("Anniversary of the shop")


class Question(models.Model):
    """One of the bank. Of the options of a typed question each is an answer that is accepted."""

    class Kind(models.TextChoices):
        SINGLE = "single", _("One option is right")
        MULTIPLE = "multiple", _("Several options are right")
        TYPED = "typed", _("Riddle: the answer is typed")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.SINGLE)
    text = models.CharField(_("question"), max_length=300)
    hint = models.CharField(_("hint"), max_length=100, blank=True, help_text=_("Of a riddle: what is to be guessed."))
    image = models.ImageField(_("picture"), upload_to="quiz/", blank=True)
    explanation = models.CharField(_("explanation"), max_length=500, blank=True)
    theme = models.CharField(_("theme"), max_length=20, choices=Theme, default=Theme.PLAIN)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")

    def __str__(self) -> str:
        return self.text


class QuestionOption(models.Model):
    question = models.ForeignKey(Question, models.CASCADE, related_name="options", verbose_name=_("question"))
    text = models.CharField(_("option"), max_length=100)
    is_right = models.BooleanField(_("right"), default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("option")
        verbose_name_plural = _("options")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["question", "text"], name="question_option_once")]

    def __str__(self) -> str:
        return self.text


class Quiz(Campaign):
    """Each try asks `questions_per_try` of its questions and is passed with `pass_mark` right ones.

    The budget is spent by the worth of the points that are won; a coupon is on the budget of its own template.
    """

    KIND = "quiz"
    BUDGET_COUNTS = _("What the rewards given are worth; none is given beyond this.")
    ACTS_BY_ITSELF = False

    class Reveals(models.TextChoices):
        NOTHING = "nothing", _("Nothing but how many were right")
        PASSED = "passed", _("After a try that was passed")
        ALWAYS = "always", _("After every try")

    theme = models.CharField(_("theme"), max_length=20, choices=Theme, default=Theme.PLAIN)
    intro = models.CharField(_("introduction"), max_length=300, blank=True)
    questions = models.ManyToManyField(Question, through="QuizQuestion", related_name="quizzes")
    questions_per_try = models.PositiveSmallIntegerField(
        _("questions in a try"), default=3, validators=[MinValueValidator(1), MaxValueValidator(MOST_QUESTIONS)]
    )
    pass_mark = models.PositiveSmallIntegerField(
        _("right answers to pass"), default=3, validators=[MinValueValidator(1), MaxValueValidator(MOST_QUESTIONS)]
    )
    tries_per_day = models.PositiveSmallIntegerField(_("tries a day"), default=3, validators=[MinValueValidator(1)])
    tries_in_all = models.PositiveSmallIntegerField(
        _("tries in all"), null=True, blank=True, help_text=_("Blank: as many as the days allow.")
    )
    reveals = models.CharField(_("right answers are shown"), max_length=10, choices=Reveals, default=Reveals.PASSED)
    reward_points = models.PositiveIntegerField(_("points for passing"), default=0, blank=True)
    reward_template = models.ForeignKey(
        CouponTemplate,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("coupon for passing"),
        limit_choices_to={"way": CouponTemplate.Way.REWARD},
        help_text=_("A template whose coupons are given by other campaigns."),
    )
    rewards_per_member = models.PositiveSmallIntegerField(
        _("rewards per member"), default=1, validators=[MinValueValidator(1)]
    )
    rewards_limit = models.PositiveIntegerField(
        _("rewards in all"), null=True, blank=True, help_text=_("Blank: no limit.")
    )
    rewards_given = models.PositiveIntegerField(_("rewards given"), default=0, editable=False)

    class Meta(Campaign.Meta):
        verbose_name = _("quiz")
        verbose_name_plural = _("quizzes")
        constraints = [
            *Campaign.Meta.constraints,
            models.CheckConstraint(
                condition=Q(pass_mark__lte=F("questions_per_try")),
                name="quiz_can_be_passed",
                violation_error_message=_("A try has fewer questions than must be right."),
            ),
            models.CheckConstraint(
                condition=Q(rewards_limit__isnull=True) | Q(rewards_given__lte=F("rewards_limit")),
                name="quiz_rewards_in_limit",
                violation_error_message=_("More than that are given already."),
            ),
        ]

    @property
    def reward_fen(self) -> int:
        return points_worth_fen(self.reward_points)

    def reach(self, paths: Mapping[int, str]) -> Scope:
        return Scope(categories=frozenset([GONE]))

    def depth_bp(self) -> int:
        return 0

    def highest_cost_fen(self) -> int | None:
        """Every reward; a coupon's cost is on its own template."""
        if not self.reward_fen:
            return 0
        return None if self.rewards_limit is None else self.rewards_limit * self.reward_fen

    def lacks(self) -> Sequence[Any]:
        counted = Question.objects.filter(quizzes=self).annotate(
            all_options=Count("options"), right=Count("options", filter=Q(options__is_right=True))
        )
        rows = list(counted.order_by("pk"))
        found: list[Any] = []
        if len(rows) < self.questions_per_try:
            found.append(_("A try asks more questions than are chosen."))
        found += [
            _("“{question}” has not the options that its kind needs.").format(question=row.text[:40])
            for row in rows
            if not _is_whole(row.kind, row.all_options, row.right)
        ]
        if not self.reward_points and self.reward_template_id is None:
            found.append(_("Say what is won."))
        return found

    def clone_children(self, source: Any) -> None:
        self.rewards_given = 0
        self.save(update_fields=["rewards_given"])
        QuizQuestion.objects.bulk_create(
            QuizQuestion(quiz=self, question_id=pk)
            for pk in source.quizquestion_set.order_by("pk").values_list("question_id", flat=True)
        )


def _is_whole(kind: str, options: int, right: int) -> bool:
    if kind == Question.Kind.TYPED:
        return options > 0
    return options > 1 and (right == 1 if kind == Question.Kind.SINGLE else right > 0)


class QuizQuestion(models.Model):
    """A question that a quiz may ask; it stays in the bank as long as a quiz names it."""

    quiz = models.ForeignKey(Quiz, models.CASCADE, verbose_name=_("quiz"), db_index=False)
    question = models.ForeignKey(Question, models.PROTECT, verbose_name=_("question"))
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("question of the quiz")
        verbose_name_plural = _("questions of the quiz")
        constraints = [models.UniqueConstraint(fields=["quiz", "question"], name="quiz_question_once")]

    def __str__(self) -> str:
        return str(self.question)


class QuizTally(models.Model):
    """A member's tries and rewards in a quiz: the row at which their answers wait for each other."""

    quiz = models.ForeignKey(Quiz, models.PROTECT, related_name="tallies", verbose_name=_("quiz"), db_index=False)
    member = models.ForeignKey(Member, models.PROTECT, related_name="+", verbose_name=_("member"))
    tries = models.PositiveIntegerField(_("tries"))
    day = models.DateField(_("day of the last try"))
    tries_of_day = models.PositiveIntegerField(_("tries of that day"))
    rewards = models.PositiveIntegerField(_("rewards"), default=0)

    class Meta:
        verbose_name = _("tries of a member")
        verbose_name_plural = _("tries of members")
        constraints = [
            models.UniqueConstraint(fields=["quiz", "member"], name="quiz_tally_once"),
            models.CheckConstraint(
                condition=Q(tries_of_day__lte=F("tries"), rewards__lte=F("tries")), name="quiz_tally_adds_up"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quiz_id} × {self.member_id}: {self.tries}"


class QuizTry(models.Model):
    """One try as it was answered: what was asked, what was said (`answers`, a text for each), what came of it."""

    quiz = models.ForeignKey(Quiz, models.PROTECT, related_name="tries", verbose_name=_("quiz"), db_index=False)
    member = models.ForeignKey(Member, models.PROTECT, related_name="+", verbose_name=_("member"), db_index=False)
    number = models.PositiveIntegerField(_("number"))
    question_ids = ArrayField(models.BigIntegerField(), verbose_name=_("questions"))
    answers = ArrayField(models.CharField(max_length=300, blank=True), verbose_name=_("answers"))
    right = models.PositiveSmallIntegerField(_("right answers"))
    is_passed = models.BooleanField(_("passed"))
    points = models.PositiveIntegerField(_("points won"), default=0)
    coupon = models.OneToOneField(
        Coupon, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("coupon won")
    )
    answered_at = models.DateTimeField(_("answered at"))

    class Meta:
        verbose_name = _("try at a quiz")
        verbose_name_plural = _("tries at quizzes")
        constraints = [
            models.UniqueConstraint(fields=["quiz", "member", "number"], name="quiz_try_once"),
            models.CheckConstraint(
                condition=Q(is_passed=True) | Q(points=0, coupon=None), name="quiz_try_won_when_passed"
            ),
        ]
        indexes = [
            models.Index(fields=["member", "-id"], name="quiz_try_by_member"),
            models.Index(fields=["quiz", "-id"], name="quiz_try_by_quiz"),
        ]

    def __str__(self) -> str:
        return f"{self.quiz_id} × {self.member_id} #{self.number}"
