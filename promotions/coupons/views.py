"""Coupons for the front: what there is to claim, claiming, redeeming, and one's own."""

import segno
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from members.identity.api import MemberAPIView, MemberRequest, PublicAPIView, SignedInMember
from members.identity.origin import origin_of
from promotions.campaigns.audience import Buyer
from promotions.campaigns.queries import buyer_for
from promotions.coupons.queries import mine, offered_page
from promotions.coupons.serializers import (
    CouponOut,
    CouponPageOut,
    MyCouponsQuery,
    OfferedCouponPageOut,
    OfferedQuery,
    RedeemIn,
    StorePassOut,
    present_coupon,
    present_offered,
)
from promotions.coupons.services import claim_coupon, redeem_code
from promotions.coupons.services.verifying import show_coupon
from shop.core import clock
from shop.core.api.idempotency import idempotent
from shop.core.api.pagination import PageQuery, page
from shop.core.api.serializers import ErrorOut, NoFields, validated, validated_query
from shop.core.channels import channel_of

IDEMPOTENCY_KEY = OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, required=True)
REFUSALS = {400: ErrorOut, 401: ErrorOut, 403: ErrorOut, 404: ErrorOut, 409: ErrorOut, 422: ErrorOut}


class OfferedCouponsView(PublicAPIView):
    @extend_schema(
        operation_id="coupons_list",
        parameters=[OfferedQuery, PageQuery],
        responses={200: OfferedCouponPageOut, 400: ErrorOut, 401: ErrorOut},
    )
    def get(self, request: Request) -> Response:
        """What there is to claim, the newest first; for a member with how many they had and why they cannot."""
        now, channel = clock.now(), channel_of(request)
        buyer = Buyer(None, None, is_new=True, channel=channel)
        if isinstance(request.user, SignedInMember):
            buyer = buyer_for(member_id=request.user.pk, channel=channel, now=now)
        wanted = validated_query(PageQuery, request)
        product_id = validated_query(OfferedQuery, request).get("product")
        rows, following = offered_page(buyer=buyer, product_id=product_id, now=now, **wanted)
        return Response({"items": [present_offered(row) for row in rows], "next_cursor": following})


class ClaimView(MemberAPIView):
    @extend_schema(
        operation_id="coupons_claim",
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses={201: CouponOut, **REFUSALS},
    )
    @idempotent
    def post(self, request: MemberRequest, template_id: int) -> Response:
        validated(NoFields, request)
        coupon = claim_coupon(
            template_id=template_id, member_id=request.member.pk, channel=channel_of(request), now=clock.now()
        )
        return Response(present_coupon(coupon), status=201)


class RedeemView(MemberAPIView):
    @extend_schema(
        operation_id="coupons_redeem",
        parameters=[IDEMPOTENCY_KEY],
        request=RedeemIn,
        responses={201: CouponOut, **REFUSALS, 429: ErrorOut},
    )
    @idempotent(resumable=True)
    def post(self, request: MemberRequest) -> Response:
        """Wrong codes lock out for an hour; of a code that does not work nobody learns why."""
        coupon = redeem_code(
            typed=validated(RedeemIn, request)["code"],
            member_id=request.member.pk,
            channel=channel_of(request),
            origin=origin_of(request),
            now=clock.now(),
        )
        return Response(present_coupon(coupon), status=201)


class MyCouponsView(MemberAPIView):
    @extend_schema(
        operation_id="me_coupons_list",
        parameters=[MyCouponsQuery, PageQuery],
        responses={200: CouponPageOut, 400: ErrorOut, 401: ErrorOut},
    )
    def get(self, request: MemberRequest) -> Response:
        """The newest first."""
        status = validated_query(MyCouponsQuery, request).get("status")
        held = mine(member_id=request.member.pk, status=status, now=clock.now())
        return Response(page(held, request, ordering=["-id"], present=present_coupon))


class StorePassView(MemberAPIView):
    @extend_schema(
        operation_id="me_coupons_show",
        request=None,
        responses={201: StorePassOut, 400: ErrorOut, 401: ErrorOut, 403: ErrorOut, 404: ErrorOut, 409: ErrorOut},
    )
    def post(self, request: MemberRequest, number: str) -> Response:
        """A new number to show in a store, good for minutes; the one before it is not good any more."""
        validated(NoFields, request)
        code, expires_at = show_coupon(number=number, member_id=request.member.pk, now=clock.now())
        picture = segno.make_qr(code, error="m").svg_data_uri(scale=4, border=2)
        return Response({"code": code, "qr": picture, "expires_at": expires_at}, status=201)
