"""The member's inbox, preferences and accepted subscriptions."""

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from members.identity.api import MemberAPIView, MemberRequest
from members.notifications import queries, services
from members.notifications.serializers import (
    ChoicesIn,
    ChoicesOut,
    InboxOut,
    ReadIn,
    ReadOut,
    SubscribeAnswerIn,
    SubscribeCreditOut,
    SubscribeTemplatesOut,
)
from shop.core import clock
from shop.core.api.pagination import PageQuery, page
from shop.core.api.serializers import ErrorOut, validated


class InboxView(MemberAPIView):
    @extend_schema(
        operation_id="me_notifications_list",
        parameters=[PageQuery],
        responses={200: InboxOut, 400: ErrorOut, 401: ErrorOut},
    )
    def get(self, request: MemberRequest) -> Response:
        """The newest first, with the number of all that are unread."""
        member_id = request.member.pk
        found = page(queries.inbox(member_id=member_id), request, ordering=["-id"], present=lambda row: row)
        return Response({**found, "unread_count": queries.unread_count(member_id=member_id)})


class ReadView(MemberAPIView):
    @extend_schema(request=ReadIn, responses={200: ReadOut, 400: ErrorOut, 401: ErrorOut})
    def post(self, request: MemberRequest) -> Response:
        """Mark as read; notifications that are read already, or not the member's, are passed over."""
        given = validated(ReadIn, request)
        member_id = request.member.pk
        read = services.mark_read(member_id=member_id, ids=given.get("ids"), now=clock.now())
        return Response({"read": read, "unread_count": queries.unread_count(member_id=member_id)})


class PreferencesView(MemberAPIView):
    @extend_schema(responses={200: ChoicesOut, 401: ErrorOut})
    def get(self, request: MemberRequest) -> Response:
        return Response(_choices(request))

    @extend_schema(request=ChoicesIn, responses={200: ChoicesOut, 400: ErrorOut, 401: ErrorOut, 409: ErrorOut})
    def put(self, request: MemberRequest) -> Response:
        """Change the language or some of the preferences; what is left out stays."""
        services.choose(member_id=request.member.pk, **validated(ChoicesIn, request))
        return Response(_choices(request))


class SubscribeCreditsView(MemberAPIView):
    @extend_schema(operation_id="me_subscribe_credits_list", responses={200: SubscribeTemplatesOut, 401: ErrorOut})
    def get(self, request: MemberRequest) -> Response:
        """The WeChat templates to ask the member for, and how many messages of each are left."""
        return Response({"items": queries.subscribe_credits(member_id=request.member.pk)})

    @extend_schema(
        request=SubscribeAnswerIn,
        responses={200: SubscribeCreditOut, 400: ErrorOut, 401: ErrorOut, 404: ErrorOut},
    )
    def post(self, request: MemberRequest) -> Response:
        """Report what the member answered to `wx.requestSubscribeMessage`: each acceptance is good for one message."""
        given = validated(SubscribeAnswerIn, request)
        remaining = services.record_answer(member_id=request.member.pk, **given)
        return Response({"template": given["template"], "remaining": remaining})


def _choices(request: MemberRequest) -> dict[str, object]:
    member_id = request.member.pk
    return {
        "language": queries.chosen_language(member_id=member_id),
        "preferences": queries.choices(member_id=member_id),
    }
