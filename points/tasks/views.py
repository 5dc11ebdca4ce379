"""Check-ins and tasks for the front."""

from datetime import date
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from members.identity.api import MemberAPIView, MemberRequest, PublicAPIView
from members.identity.origin import origin_of
from members.identity.queries import active_member
from points.tasks.models import BrowseVisit, CheckIn
from points.tasks.queries import calendar_of, tasks_of
from points.tasks.serializers import (
    BrowsingOut,
    CalendarOut,
    CalendarQuery,
    CheckInOut,
    CompleteIn,
    MakeUpIn,
    ShareVisitIn,
    TaskDoneOut,
    TasksOut,
    TokenIn,
)
from points.tasks.services import beat, check_in, complete_task, make_up, record_visit, start_browsing
from points.tasks.services.browsing import BEAT_SECONDS
from shop.core import clock
from shop.core.api.idempotency import idempotent
from shop.core.api.serializers import ErrorOut, NoFields, validated, validated_query
from shop.core.client_address import client_address
from shop.core.rate_limits import limit

VISITS_PER_MINUTE = 60
REFUSALS = {400: ErrorOut, 401: ErrorOut, 403: ErrorOut}
TASK_REFUSALS = {**REFUSALS, 404: ErrorOut, 409: ErrorOut}


class CheckInView(MemberAPIView):
    @extend_schema(
        operation_id="points_check_in", request=NoFields, responses={201: CheckInOut, **REFUSALS, 409: ErrorOut}
    )
    def post(self, request: MemberRequest) -> Response:
        """Check in today, once; more points for each day in a row."""
        validated(NoFields, request)
        made, bonus = check_in(member_id=request.member.pk, now=clock.now())
        return Response(_present(made, bonus), status=201)


class CalendarView(MemberAPIView):
    @extend_schema(
        operation_id="points_check_ins", parameters=[CalendarQuery], responses={200: CalendarOut, **REFUSALS}
    )
    def get(self, request: MemberRequest) -> Response:
        """A month of check-ins, the streak, and what can be made up for."""
        asked = validated_query(CalendarQuery, request).get("month")
        member = active_member(member_id=request.member.pk)
        month = date.fromisoformat(f"{asked}-01") if asked else None
        return Response(calendar_of(member=member, month=month, now=clock.now()))


class MakeUpView(MemberAPIView):
    @extend_schema(
        operation_id="points_check_ins_make_up",
        request=MakeUpIn,
        responses={201: CheckInOut, **REFUSALS, 409: ErrorOut, 422: ErrorOut},
    )
    @idempotent
    def post(self, request: MemberRequest) -> Response:
        """Make up for a missed day, with a free card or for points; the streak is whole again."""
        made = make_up(member_id=request.member.pk, now=clock.now(), **validated(MakeUpIn, request))
        return Response(_present(made, 0), status=201)


class TaskListView(MemberAPIView):
    @extend_schema(operation_id="points_tasks_list", responses={200: TasksOut, 401: ErrorOut, 403: ErrorOut})
    def get(self, request: MemberRequest) -> Response:
        """The tasks that are open to me, how far I am, and what the next time earns."""
        member = active_member(member_id=request.member.pk)
        return Response({"items": tasks_of(member=member, now=clock.now()), "next_cursor": None})


class CompleteTaskView(MemberAPIView):
    @extend_schema(
        operation_id="points_tasks_complete", request=CompleteIn, responses={201: TaskDoneOut, **TASK_REFUSALS}
    )
    def post(self, request: MemberRequest, code: str) -> Response:
        """Ask for the reward of a task that the shop has seen done. What it learns by itself it rewards by itself."""
        points = complete_task(
            member_id=request.member.pk, code=code, now=clock.now(), **validated(CompleteIn, request)
        )
        return Response({"code": code, "points": points}, status=201)


class StartBrowsingView(MemberAPIView):
    @extend_schema(operation_id="points_tasks_start", request=NoFields, responses={201: BrowsingOut, **TASK_REFUSALS})
    def post(self, request: MemberRequest, code: str) -> Response:
        """The page of a browsing task is opened; the shop measures from now on."""
        validated(NoFields, request)
        visit = start_browsing(member_id=request.member.pk, code=code, now=clock.now())
        return Response(_browsing(visit), status=201)


class BeatView(MemberAPIView):
    @extend_schema(operation_id="points_tasks_beat", request=TokenIn, responses={200: BrowsingOut, **TASK_REFUSALS})
    def post(self, request: MemberRequest, code: str) -> Response:
        """The page is still open. A pause longer than some seconds does not count."""
        visit = beat(member_id=request.member.pk, code=code, now=clock.now(), **validated(TokenIn, request))
        return Response(_browsing(visit))


class ShareVisitView(PublicAPIView):
    @extend_schema(
        operation_id="points_share_visits",
        request=ShareVisitIn,
        responses={202: NoFields, 400: ErrorOut, 401: ErrorOut, 429: ErrorOut},
    )
    def post(self, request: Request) -> Response:
        """A shared link was opened: the front tells whose code it carried. Answered alike whatever it brings."""
        limit(key=f"share-visit:{client_address(request)}", rate=VISITS_PER_MINUTE, per_seconds=60)
        record_visit(
            visitor_id=request.user.pk if request.user else None,
            origin=origin_of(request),
            now=clock.now(),
            **validated(ShareVisitIn, request),
        )
        return Response({}, status=202)


def _present(made: CheckIn, bonus: int) -> dict[str, Any]:
    return {
        "day": made.day,
        "points": made.points + bonus,
        "bonus_points": bonus,
        "streak": made.streak,
        "made_up": made.made_up_on is not None,
        "cost_points": made.cost_points,
    }


def _browsing(visit: BrowseVisit) -> dict[str, Any]:
    return {
        "token": visit.token,
        "seconds": visit.milliseconds // 1000,
        "target_seconds": visit.task.target,
        "beat_seconds": BEAT_SECONDS,
    }
