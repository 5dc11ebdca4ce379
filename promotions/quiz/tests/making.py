"""Quizzes for tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from promotions.campaigns.models import CampaignStatus
from promotions.quiz.models import Question, QuestionOption, Quiz, QuizQuestion
from promotions.quiz.queries import asked_in_try
from promotions.quiz.services import Given, answer_quiz
from shop.core import clock

NOW = datetime(2026, 2, 3, 4, 0, tzinfo=UTC)  # noon in Shanghai
DAY = timedelta(days=1)


def make_question(
    kind: str = "single", *, right: tuple[str, ...] = ("tea",), wrong: tuple[str, ...] = ("cup",)
) -> Question:
    question = Question.objects.create(
        kind=kind, text=f"question {Question.objects.count()}", explanation="because of the leaves"
    )
    for text in wrong if kind != "typed" else ():
        QuestionOption.objects.create(question=question, text=text)
    for text in right:
        QuestionOption.objects.create(question=question, text=text, is_right=True)
    return question


def make_quiz(*questions: Question, **fields: Any) -> Quiz:
    """Running: three questions a try, two to pass, two tries a day, 50 points once."""
    given = {
        "name": "猜灯谜",
        "questions_per_try": 3,
        "pass_mark": 2,
        "tries_per_day": 2,
        "reward_points": 50,
        "starts_at": NOW - DAY,
        "ends_at": NOW + 10 * DAY,
        "status": CampaignStatus.RUNNING,
        "created_by": "staff:clerk",
        **fields,
    }
    quiz = Quiz.objects.create(**given)
    for question in questions or [make_question() for _ in range(6)]:
        QuizQuestion.objects.create(quiz=quiz, question=question)
    return quiz


def make_live_quiz(*questions: Question, **fields: Any) -> Quiz:
    """The same around the present moment, for tests that go through HTTP."""
    now = clock.now()
    return make_quiz(*questions, **{"starts_at": now - DAY, "ends_at": now + 10 * DAY, **fields})


def answers_to(quiz: Quiz, member: Any, *, number: int = 1, right: int = 3) -> dict[int, Given]:
    """The first `right` questions of that try answered rightly, the others not at all."""
    asked = asked_in_try(quiz, member_id=member.pk, number=number)
    return {
        each.question.pk: Given(tuple(option.pk for option in each.options if option.is_right), each.options[0].text)
        for each in asked[:right]
    }


def answer(quiz: Quiz, member: Any, *, number: int = 1, right: int = 3, now: datetime = NOW) -> Any:
    answers = answers_to(quiz, member, number=number, right=right)
    return answer_quiz(quiz_id=quiz.pk, number=number, member_id=member.pk, channel="", answers=answers, now=now)
