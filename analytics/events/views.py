"""Events from fronts, and whether a member lets the shop keep theirs."""

from typing import Any

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.events.incoming import REASONS, Refusal, read_body
from analytics.events.parsers import RawJSONParser
from analytics.events.preferences import CALLS_PER_MINUTE
from analytics.events.serializers import EventsIn, EventsOut, TrackingIn, TrackingOut
from analytics.events.services.choices import choose_tracking, refuses_tracking
from analytics.events.services.receiving import Front, receive_events
from members.identity.api import MemberAPIView, MemberRequest, PublicAPIView
from shop.core import clock
from shop.core.api.serializers import ErrorOut, validated
from shop.core.channels import channel_of
from shop.core.errors import Detail, InvalidInput, MalformedBody
from shop.core.rate_limits import limit_address

REFUSALS = {401: ErrorOut, 403: ErrorOut}


class EventsView(PublicAPIView):
    parser_classes = [RawJSONParser]

    @extend_schema(
        operation_id="events_create",
        request=EventsIn,
        responses={202: EventsOut, 400: ErrorOut, 401: ErrorOut, 413: ErrorOut, 415: ErrorOut, 429: ErrorOut},
    )
    def post(self, request: Request) -> Response:
        """What happened on the device, at most 100 events a call. Each is judged by itself: those that are not accepted
        are named with a code, the others are kept. To send events again is safe: an id counts once.

        `X-Channel` names the front. With `DNT: 1` or `Sec-GPC: 1`, and for members who refuse to be watched, nothing
        is kept."""
        limit_address(request=request, what="events", per_minute=CALLS_PER_MINUTE.value())
        received = receive_events(body=_body(request.data), front=_front(request), now=clock.now())
        rejected = [_shown(each) for each in received.refused]
        return Response({"accepted": received.accepted, "rejected": rejected}, status=202)


class TrackingView(MemberAPIView):
    @extend_schema(operation_id="me_tracking", responses={200: TrackingOut, **REFUSALS})
    def get(self, request: MemberRequest) -> Response:
        """Whether I refuse to be watched."""
        return Response({"refused": refuses_tracking(member_id=request.member.pk)})

    @extend_schema(
        operation_id="me_tracking_choose", request=TrackingIn, responses={200: TrackingOut, 400: ErrorOut, **REFUSALS}
    )
    def put(self, request: MemberRequest) -> Response:
        """Refuse to be watched, or allow it again: nothing that I do from now on is kept."""
        given = validated(TrackingIn, request)
        refused = choose_tracking(member_id=request.member.pk, refused=given["refused"], now=clock.now())
        return Response({"refused": refused})


def _body(body: Any) -> Any:
    try:
        return read_body(body if isinstance(body, bytes) else b"")
    except msgspec.ValidationError as error:
        raise InvalidInput(
            details=[Detail("/events" if "events" in str(error) else "/", "invalid", str(error))]
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedBody from error


def _front(request: Request) -> Front:
    return Front(
        member_id=request.user.pk if request.user else None,
        channel=channel_of(request),
        user_agent=request.headers.get("User-Agent", ""),
        refuses_tracking="1" in (request.headers.get("DNT"), request.headers.get("Sec-GPC")),
    )


def _shown(each: Refusal) -> dict[str, Any]:
    return {
        "index": each.index,
        "id": each.id,
        "code": each.code.value,
        "field": each.field,
        "message": str(REASONS[each.code]),
    }
