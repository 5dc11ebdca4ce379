"""Answering a quiz: the try is counted first, then judged, then rewarded, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import F, Q

from points.ledger.services import grant
from promotions.campaigns.queries import admits_at, buyer_for
from promotions.coupons.models import Coupon, CouponTemplate
from promotions.coupons.notices import tell_given
from promotions.coupons.services import give_many
from promotions.quiz.drawing import chose_right, wrote_right
from promotions.quiz.errors import QuizNotFound, QuizQuestionsChanged, QuizTriesUsed, QuizTriesUsedToday
from promotions.quiz.models import Question, Quiz, QuizTally, QuizTry
from promotions.quiz.queries import Asked, asked_in_try
from shop.core.clock import business_day
from shop.core.transactions import use_case

# One row for each quiz and member: whoever answers at the same time waits here, and the limits decide.
_COUNT_TRY = """
INSERT INTO quiz_quiztally AS tally (quiz_id, member_id, tries, day, tries_of_day, rewards)
VALUES (%(quiz)s, %(member)s, 1, %(day)s, 1, 0)
ON CONFLICT (quiz_id, member_id) DO UPDATE SET
    tries = tally.tries + 1,
    day = excluded.day,
    tries_of_day = CASE WHEN tally.day = excluded.day THEN tally.tries_of_day + 1 ELSE 1 END
WHERE (%(in_all)s::int IS NULL OR tally.tries < %(in_all)s)
    AND (tally.day <> excluded.day OR tally.tries_of_day < %(a_day)s)
RETURNING tries, rewards
"""


@dataclass(frozen=True)
class Given:
    """What a member says to a question: options by id, or a text."""

    option_ids: tuple[int, ...] = ()
    text: str = ""


@dataclass(frozen=True)
class Judged:
    """`right` by question id. `rewards_gone`: passed, but the quiz or the member has had all its rewards."""

    made: QuizTry
    asked: Sequence[Asked]
    right: Mapping[int, bool]
    rewards_gone: bool


@use_case
def answer_quiz(
    *, quiz_id: int, number: int, member_id: int, channel: str, answers: Mapping[int, Given], now: datetime
) -> Judged:
    """Judge the member's answers to the questions of their next try, whose number they say; what is left out is wrong.

    Raises QuizNotFound, what says that the member is not of its audience, QuizTriesUsed, QuizTriesUsedToday,
    QuizQuestionsChanged.
    """
    quiz = Quiz.objects.filter(admits_at(now), pk=quiz_id).first()
    if quiz is None:
        raise QuizNotFound
    refusal = quiz.audience.refusal(buyer_for(member_id=member_id, channel=channel, now=now))
    if refusal is not None:
        raise refusal
    counted, rewards = _count_try(quiz, member_id, now)
    asked = asked_in_try(quiz, member_id=member_id, number=counted)
    if number != counted or not set(answers) <= {each.question.pk for each in asked}:
        raise QuizQuestionsChanged
    right = {each.question.pk: _is_right(each, answers.get(each.question.pk, Given())) for each in asked}
    made = QuizTry(
        quiz=quiz,
        member_id=member_id,
        number=number,
        question_ids=[each.question.pk for each in asked],
        answers=[_words(each, answers.get(each.question.pk, Given())) for each in asked],
        right=sum(right.values()),
        is_passed=sum(right.values()) >= quiz.pass_mark,
        answered_at=now,
    )
    rewarded = made.is_passed and rewards < quiz.rewards_per_member and _take_reward(quiz)
    if rewarded:
        _reward(quiz, made, now)
    made.save(force_insert=True)
    return Judged(made, asked, right, rewards_gone=made.is_passed and not rewarded)


def _count_try(quiz: Quiz, member_id: int, now: datetime) -> tuple[int, int]:
    """The number of this try, and how often the member was rewarded before."""
    limits = {"in_all": quiz.tries_in_all, "a_day": quiz.tries_per_day}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_TRY, {"quiz": quiz.pk, "member": member_id, "day": business_day(now), **limits})
        counted = cursor.fetchone()
    if counted is None:
        tally = QuizTally.objects.get(quiz=quiz, member=member_id)
        raise QuizTriesUsed if tally.tries == quiz.tries_in_all else QuizTriesUsedToday
    return counted


def _take_reward(quiz: Quiz) -> bool:
    """One of the quiz's rewards, where there is one left and the budget reaches for it."""
    fits = Q(rewards_limit__isnull=True) | Q(rewards_given__lt=F("rewards_limit"))
    paid = Q(budget_fen__isnull=True) | Q(spent_fen__lte=F("budget_fen") - quiz.reward_fen)
    taken = Quiz.objects.filter(fits, paid, pk=quiz.pk)
    return bool(taken.update(rewards_given=F("rewards_given") + 1, spent_fen=F("spent_fen") + quiz.reward_fen))


def _reward(quiz: Quiz, made: QuizTry, now: datetime) -> None:
    QuizTally.objects.filter(quiz=quiz, member=made.member_id).update(rewards=F("rewards") + 1)
    if quiz.reward_points:
        grant(
            reference=f"quiz:{quiz.pk}:{made.member_id}:{made.number}",
            member_id=made.member_id,
            points=quiz.reward_points,
            source="campaign",
            now=now,
            matures_at=now,
            trace={"quiz": quiz.pk, "name": quiz.name, "number": made.number},
            note=quiz.name,
        )
        made.points = quiz.reward_points
    if quiz.reward_template is not None:
        made.coupon = _give_coupon(quiz.reward_template, made, now)


def _give_coupon(template: CouponTemplate, made: QuizTry, now: datetime) -> Coupon | None:
    """None where the template has given all that it may: what else was won is won all the same."""
    references: dict[int, str | None] = {made.member_id: f"quiz:{made.quiz_id}:{made.member_id}:{made.number}"}
    given = give_many(template=template, references=references, way=CouponTemplate.Way.REWARD, now=now)
    coupon = given.coupons.get(made.member_id)
    if coupon is not None:
        tell_given(coupon, template=template, now=now)
    return coupon


def _is_right(asked: Asked, given: Given) -> bool:
    if asked.question.kind == Question.Kind.TYPED:
        return wrote_right(given.text, [option.text for option in asked.options])
    return chose_right(given.option_ids, [option.pk for option in asked.options if option.is_right])


def _words(asked: Asked, given: Given) -> str:
    if asked.question.kind == Question.Kind.TYPED:
        return given.text[:300]
    return " / ".join(option.text for option in asked.options if option.pk in given.option_ids)[:300]
