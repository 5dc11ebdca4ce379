"""Whom a member has invited, and the card to invite with."""

from typing import Any

from django.http import HttpResponse
from django.utils.cache import get_conditional_response
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from members.identity.api import MemberAPIView, MemberRequest
from members.identity.queries import active_member
from members.invitations.codes import invite_link
from members.invitations.queries import counts_of, made_by
from members.invitations.serializers import InvitationPageOut, ShareCardQuery, present_invitation
from members.invitations.sharing import ShareCard
from shop.core import clock
from shop.core.api.pagination import PageQuery, page
from shop.core.api.serializers import ErrorOut, validated_query
from shop.core.rate_limits import limit

CARDS_PER_MINUTE = 30
KEPT_BY_FRONTS = "private, max-age=300"


class InvitationListView(MemberAPIView):
    @extend_schema(
        operation_id="me_invitations_list",
        parameters=[PageQuery],
        responses={200: InvitationPageOut, 400: ErrorOut, 401: ErrorOut, 403: ErrorOut},
    )
    def get(self, request: MemberRequest) -> Response:
        """The member's code and link, and who came by them, newest first."""
        member = active_member(member_id=request.member.pk)
        listed = page(made_by(member_id=member.pk), request, ordering=["-id"], present=present_invitation)
        return Response(
            {
                "invite_code": member.invite_code,
                "link": invite_link(invite_code=member.invite_code, target=""),
                **counts_of(member_id=member.pk),
                **listed,
            }
        )


class ShareCardView(MemberAPIView):
    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[BaseRenderer, str]:
        # A picture is answered whatever the client says it accepts; refusals are JSON as everywhere.
        renderer = self.get_renderers()[0]
        return renderer, renderer.media_type

    @extend_schema(
        parameters=[ShareCardQuery],
        responses={
            (200, "image/png"): OpenApiTypes.BINARY,
            304: None,
            400: ErrorOut,
            401: ErrorOut,
            403: ErrorOut,
            404: ErrorOut,
            429: ErrorOut,
        },
    )
    def get(self, request: MemberRequest) -> Any:
        """A PNG with the member's code: the mini-program's own, else a QR code of the link."""
        member = active_member(member_id=request.member.pk)
        query = validated_query(ShareCardQuery, request)
        card = ShareCard(member=member, target=query["target"], now=clock.now())
        etag = f'"{card.digest}"'
        unchanged = get_conditional_response(request, etag=etag)
        if unchanged is not None:
            return unchanged
        limit(key=f"share-card:{member.pk}", rate=CARDS_PER_MINUTE, per_seconds=60)
        headers = {"ETag": etag, "Cache-Control": KEPT_BY_FRONTS}
        return HttpResponse(card.picture(), content_type="image/png", headers=headers)
