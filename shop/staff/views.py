"""Signing staff in to the API. The admin has its own page, with the same accounts."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from shop.core import clock
from shop.core.api.serializers import ErrorOut, NoFields, validated
from shop.core.rate_limits import limit_address
from shop.staff import services
from shop.staff.api import StaffAPIView, StaffRequest
from shop.staff.errors import OneTimeCodeNotUsed
from shop.staff.serializers import StaffLoginIn, StaffMeOut, StaffRefreshIn, StaffTokensOut
from shop.staff.services import StaffTokens

SIGN_INS_PER_MINUTE = 60
REFRESHES_PER_MINUTE = 240


class StaffLoginView(APIView):
    @extend_schema(
        operation_id="staff_login",
        request=StaffLoginIn,
        responses={200: StaffTokensOut, 400: ErrorOut, 401: ErrorOut, 429: ErrorOut},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Sign in with an account of the admin. Wrong passwords lock the account for this address, as they do there."""
        limit_address(request=request, what="staff-login", per_minute=SIGN_INS_PER_MINUTE)
        given = validated(StaffLoginIn, request)
        if given["otp"]:
            raise OneTimeCodeNotUsed
        tokens = services.sign_in(
            request=request._request, username=given["username"], password=given["password"], now=clock.now()
        )
        return _tokens(tokens)


class StaffRefreshView(APIView):
    @extend_schema(
        operation_id="staff_refresh",
        request=StaffRefreshIn,
        responses={200: StaffTokensOut, 400: ErrorOut, 401: ErrorOut, 429: ErrorOut},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Exchange a refresh token, once, for new tokens; one that was used before ends its session."""
        limit_address(request=request, what="staff-refresh", per_minute=REFRESHES_PER_MINUTE)
        given = validated(StaffRefreshIn, request)
        return _tokens(services.refresh(token=given["refresh"], now=clock.now()))


class StaffLogoutView(StaffAPIView):
    permission = None

    @extend_schema(operation_id="staff_logout", request=None, responses={204: None, 400: ErrorOut, 401: ErrorOut})
    def post(self, request: StaffRequest) -> Response:
        """End this session: its tokens stop working."""
        validated(NoFields, request)
        services.sign_out(session_id=request.session_id, now=clock.now())
        return Response(status=204)


class StaffMeView(StaffAPIView):
    permission = None

    @extend_schema(operation_id="staff_me", responses={200: StaffMeOut, 401: ErrorOut})
    def get(self, request: StaffRequest) -> Response:
        """Who is signed in, and what they may do."""
        staff = request.staff
        permissions = sorted(staff.get_all_permissions())
        return Response({"username": staff.username, "name": staff.get_full_name(), "permissions": permissions})


def _tokens(tokens: StaffTokens) -> Response:
    return Response({"access": tokens.access, "refresh": tokens.refresh})
