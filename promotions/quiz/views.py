"""The quiz of the day for the front, and any other that a share card leads to."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from members.identity.api import MemberAPIView, MemberRequest, PublicAPIView, SignedInMember
from promotions.campaigns.audience import Buyer
from promotions.campaigns.queries import buyer_for
from promotions.quiz.models import Quiz
from promotions.quiz.queries import asked_in_try, current_quiz, open_quiz, standing_of
from promotions.quiz.serializers import AnswersIn, QuizOut, ResultOut, given_by, present_quiz, present_result
from promotions.quiz.services import answer_quiz
from shop.core import clock
from shop.core.api.idempotency import idempotent
from shop.core.api.serializers import ErrorOut, validated
from shop.core.channels import channel_of

IDEMPOTENCY_KEY = OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, required=True)


class CurrentQuizView(PublicAPIView):
    @extend_schema(operation_id="quizzes_current", responses={200: QuizOut, 401: ErrorOut, 404: ErrorOut})
    def get(self, request: Request) -> Response:
        """The quiz that is open to me, with the questions of my next try. Asked again, they are the same."""
        now = clock.now()
        buyer = _buyer(request, now)
        return Response(_shown(current_quiz(buyer=buyer, now=now), buyer, now))


class QuizView(PublicAPIView):
    @extend_schema(operation_id="quizzes_read", responses={200: QuizOut, 401: ErrorOut, 404: ErrorOut})
    def get(self, request: Request, quiz_id: int) -> Response:
        """A quiz that is open to me, whatever others are: where a share card `quiz-<id>` leads."""
        now = clock.now()
        buyer = _buyer(request, now)
        return Response(_shown(open_quiz(pk=quiz_id, buyer=buyer, now=now), buyer, now))


class QuizAnswersView(MemberAPIView):
    @extend_schema(
        operation_id="quizzes_answer",
        parameters=[IDEMPOTENCY_KEY],
        request=AnswersIn,
        responses={
            201: ResultOut,
            **dict.fromkeys((400, 401, 403, 404, 409, 422), ErrorOut),
        },
    )
    @idempotent
    def post(self, request: MemberRequest, quiz_id: int) -> Response:
        """Answer the questions of my next try, all at once; what is left out is wrong.

        Refusals: `quiz_questions_changed` (ask for the questions again), `quiz_tries_used`, `quiz_tries_used_today`.
        """
        now, member_id = clock.now(), request.member.pk
        asked = validated(AnswersIn, request)
        judged = answer_quiz(
            quiz_id=quiz_id,
            number=asked["try_number"],
            member_id=member_id,
            channel=channel_of(request),
            answers=given_by(asked),
            now=now,
        )
        standing = standing_of(judged.made.quiz, member_id=member_id, now=now)
        return Response(present_result(judged, standing=standing), status=201)


def _buyer(request: Request, now: datetime) -> Buyer:
    channel = channel_of(request)
    if not isinstance(request.user, SignedInMember):
        return Buyer(None, None, is_new=True, channel=channel)
    return buyer_for(member_id=request.user.pk, channel=channel, now=now)


def _shown(quiz: Quiz, buyer: Buyer, now: datetime) -> dict[str, Any]:
    """With the questions of a member's next try; visitors are asked none."""
    if buyer.member_id is None:
        return present_quiz(quiz, standing=None, asked=[], now=now)
    standing = standing_of(quiz, member_id=buyer.member_id, now=now)
    asked = asked_in_try(quiz, member_id=buyer.member_id, number=standing.tries + 1) if standing.tries_left else []
    return present_quiz(quiz, standing=standing, asked=asked, now=now)
