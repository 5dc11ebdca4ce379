"""What a front sends and sees of a quiz."""

from typing import Any

from rest_framework import serializers

from promotions.campaigns.models import Campaign
from promotions.quiz.models import MOST_QUESTIONS, Question, Quiz, Theme
from promotions.quiz.queries import Asked, Standing
from promotions.quiz.services import Given, Judged
from shop.core.api.serializers import StrictSerializer

TYPED = Question.Kind.TYPED


class GivenIn(StrictSerializer):
    question_id = serializers.IntegerField(min_value=1)
    option_ids = serializers.ListField(child=serializers.IntegerField(min_value=1), max_length=20, default=list)
    text = serializers.CharField(max_length=100, default="", allow_blank=True)


class AnswersIn(StrictSerializer):
    try_number = serializers.IntegerField(min_value=1, max_value=1_000_000)
    answers = serializers.ListField(child=GivenIn(), min_length=1, max_length=MOST_QUESTIONS)


class OptionOut(serializers.Serializer):
    id = serializers.IntegerField()
    text = serializers.CharField()


class QuestionOut(serializers.Serializer):
    """Without options for a riddle, whose answer is typed."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(Question.Kind.choices)
    text = serializers.CharField()
    hint = serializers.CharField()
    image_url = serializers.CharField(allow_null=True)
    options = OptionOut(many=True)


class RewardOut(serializers.Serializer):
    points = serializers.IntegerField()
    coupon = serializers.CharField(allow_null=True)


class QuizOut(serializers.Serializer):
    """`questions` are those of the next try, `try_number`: none where there is none, or nobody is signed in."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    theme = serializers.ChoiceField(Theme.choices)
    intro = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True)
    server_time = serializers.DateTimeField()
    pass_mark = serializers.IntegerField()
    questions_per_try = serializers.IntegerField()
    tries_per_day = serializers.IntegerField()
    tries_left = serializers.IntegerField(allow_null=True)
    try_number = serializers.IntegerField(allow_null=True)
    rewards_left = serializers.IntegerField(allow_null=True)
    reward = RewardOut()
    questions = QuestionOut(many=True)


class AnsweredOut(serializers.Serializer):
    """`right_answers` and `explanation` as far as the quiz reveals them."""

    question_id = serializers.IntegerField()
    is_right = serializers.BooleanField(allow_null=True)
    right_answers = serializers.ListField(child=serializers.CharField(), allow_null=True)
    explanation = serializers.CharField(allow_null=True)


class ResultOut(serializers.Serializer):
    """`rewards_gone`: passed, but there was no reward left for it."""

    right = serializers.IntegerField()
    total = serializers.IntegerField()
    passed = serializers.BooleanField()
    reward = RewardOut()
    rewards_gone = serializers.BooleanField()
    tries_left = serializers.IntegerField()
    answers = AnsweredOut(many=True)


def given_by(asked: dict[str, Any]) -> dict[int, Given]:
    return {each["question_id"]: Given(tuple(each["option_ids"]), each["text"]) for each in asked["answers"]}


def present_quiz(quiz: Quiz, *, standing: Standing | None, asked: list[Asked], now: Any) -> dict[str, Any]:
    template: Campaign | None = quiz.reward_template
    return {
        "id": quiz.pk,
        "name": quiz.name,
        "theme": quiz.theme,
        "intro": quiz.intro,
        "starts_at": quiz.starts_at,
        "ends_at": quiz.ends_at,
        "server_time": now,
        "pass_mark": quiz.pass_mark,
        "questions_per_try": quiz.questions_per_try,
        "tries_per_day": quiz.tries_per_day,
        "tries_left": standing.tries_left if standing else None,
        "try_number": standing.tries + 1 if standing and standing.tries_left else None,
        "rewards_left": max(0, quiz.rewards_per_member - standing.rewards) if standing else None,
        "reward": {"points": quiz.reward_points, "coupon": template.name if template else None},
        "questions": [_question(each) for each in asked],
    }


def present_result(judged: Judged, *, standing: Standing) -> dict[str, Any]:
    made, quiz = judged.made, judged.made.quiz
    shown = quiz.reveals == Quiz.Reveals.ALWAYS or (quiz.reveals == Quiz.Reveals.PASSED and made.is_passed)
    return {
        "right": made.right,
        "total": len(judged.asked),
        "passed": made.is_passed,
        "reward": {"points": made.points, "coupon": made.coupon.template.name if made.coupon else None},
        "rewards_gone": judged.rewards_gone,
        "tries_left": standing.tries_left,
        "answers": [_answered(each, judged.right[each.question.pk], shown) for each in judged.asked],
    }


def _question(asked: Asked) -> dict[str, Any]:
    question = asked.question
    options = [] if question.kind == TYPED else asked.options
    return {
        "id": question.pk,
        "kind": question.kind,
        "text": question.text,
        "hint": question.hint,
        "image_url": question.image.url if question.image else None,
        "options": [{"id": option.pk, "text": option.text} for option in options],
    }


def _answered(asked: Asked, is_right: bool, shown: bool) -> dict[str, Any]:
    question = asked.question
    right = [option.text for option in asked.options if option.is_right or question.kind == TYPED]
    return {
        "question_id": question.pk,
        "is_right": is_right if shown else None,
        "right_answers": right if shown else None,
        "explanation": question.explanation if shown else None,
    }
