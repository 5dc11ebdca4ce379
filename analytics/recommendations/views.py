"""Recommendations for fronts, and the member's own switch."""

import orjson
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.recommendations import serializers
from analytics.recommendations.preferences import IS_ON
from analytics.recommendations.queries import Scene, recommended, wants_personal
from analytics.recommendations.services import choose
from members.identity.api import MemberAPIView, MemberRequest, PublicAPIView, SignedInMember
from shop.catalog.presenting import cards
from shop.core import clock
from shop.core.api.reads import JSON
from shop.core.api.serializers import ErrorOut, validated, validated_query


class RecommendationsView(PublicAPIView):
    @extend_schema(
        operation_id="recommendations_list",
        parameters=[serializers.RecommendationsQuery],
        responses={200: serializers.RecommendationsOut, 400: ErrorOut, 401: ErrorOut},
    )
    def get(self, request: Request) -> HttpResponse:
        """What goes together with a product, with the cart, or with what the member bought or looked at.

        Else what sells best.

        `scene=product` needs `product`. Who is not signed in, or has switched it off, gets nothing personal.
        """
        asked, now = validated_query(serializers.RecommendationsQuery, request), clock.now()
        who = request.user
        personal = isinstance(who, SignedInMember) and IS_ON.value() and wants_personal(member_id=who.pk)
        ids = recommended(
            scene=Scene(asked["scene"]),
            product_id=asked.get("product"),
            member_id=who.pk if personal else None,
            now=now,
        )
        items = b",".join(cards(product_ids=ids, now=now))
        body = b'{"items":[' + items + b'],"next_cursor":null,"is_personal":' + orjson.dumps(personal) + b"}"
        return HttpResponse(body, content_type=JSON)


class PersonalChoiceView(MemberAPIView):
    @extend_schema(operation_id="recommendations_choice", responses={200: serializers.PersonalChoiceOut, 401: ErrorOut})
    def get(self, request: MemberRequest) -> Response:
        return Response({"is_personal": wants_personal(member_id=request.member.pk)})

    @extend_schema(
        operation_id="recommendations_choose",
        request=serializers.PersonalChoiceIn,
        responses={200: serializers.PersonalChoiceOut, 400: ErrorOut, 401: ErrorOut},
    )
    def put(self, request: MemberRequest) -> Response:
        """Off: what the member bought and looked at is used for nobody's recommendations any more."""
        given = validated(serializers.PersonalChoiceIn, request)
        chosen = choose(member_id=request.member.pk, is_personal=given["is_personal"], now=clock.now())
        return Response({"is_personal": chosen.is_personal})
