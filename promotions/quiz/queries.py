"""Reads of quizzes. What is right never leaves this room before it was answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet

from members.invitations.targets import ShareTarget
from promotions.campaigns.audience import Buyer
from promotions.campaigns.queries import admits_at, open_to
from promotions.quiz.drawing import drawn, seed_of, shuffled
from promotions.quiz.errors import QuizNotFound
from promotions.quiz.models import Question, QuestionOption, Quiz, QuizTally, QuizTry
from shop.core.clock import business_day


@dataclass(frozen=True)
class Asked:
    """A question of a try, with its options in the order in which this member sees them."""

    question: Question
    options: Sequence[QuestionOption]


@dataclass(frozen=True)
class Standing:
    """How far a member is with a quiz: tries made, tries left today, rewards won."""

    tries: int
    tries_left: int
    rewards: int


def current_quiz(*, buyer: Buyer, now: datetime) -> Quiz:
    """The live quiz that is open to the buyer and began last. Raises QuizNotFound."""
    quiz = _open_to(buyer, now).order_by("-starts_at", "-pk").first()
    if quiz is None:
        raise QuizNotFound
    return quiz


def open_quiz(*, pk: int, buyer: Buyer, now: datetime) -> Quiz:
    """One of those that are live and open to the buyer. Raises QuizNotFound."""
    quiz = _open_to(buyer, now).filter(pk=pk).first()
    if quiz is None:
        raise QuizNotFound
    return quiz


def standing_of(quiz: Quiz, *, member_id: int, now: datetime) -> Standing:
    tally = QuizTally.objects.filter(quiz=quiz, member=member_id).first()
    if tally is None:
        return Standing(0, min(quiz.tries_per_day, quiz.tries_in_all or quiz.tries_per_day), 0)
    of_day = tally.tries_of_day if tally.day == business_day(now) else 0
    left = quiz.tries_per_day - of_day
    if quiz.tries_in_all is not None:
        left = min(left, quiz.tries_in_all - tally.tries)
    return Standing(tally.tries, max(0, left), tally.rewards)


def asked_in_try(quiz: Quiz, *, member_id: int, number: int) -> list[Asked]:
    """The questions of a member's `number`-th try, in three queries whatever their number."""
    seed = seed_of(secret=settings.SECRET_KEY, quiz_id=quiz.pk, member_id=member_id, number=number)
    ids = list(quiz.quizquestion_set.values_list("question_id", flat=True))
    wanted = drawn(ids, count=quiz.questions_per_try, seed=seed)
    questions = Question.objects.prefetch_related("options").in_bulk(wanted)
    return [
        Asked(questions[pk], shuffled(list(questions[pk].options.all()), question_id=pk, seed=seed)) for pk in wanted
    ]


def share_target(*, pk: int, now: datetime) -> ShareTarget | None:
    quiz = Quiz.objects.filter(admits_at(now), pk=pk).first()
    return ShareTarget(key=f"quiz-{pk}", title=quiz.name, subtitle=quiz.intro) if quiz else None


def _open_to(buyer: Buyer, now: datetime) -> QuerySet[Quiz]:
    return Quiz.objects.filter(admits_at(now) & open_to(buyer)).select_related("reward_template")


def tries_of(*, member_id: int) -> QuerySet[QuizTry]:
    return QuizTry.objects.filter(member=member_id).select_related("quiz", "coupon__template").order_by("-pk")
