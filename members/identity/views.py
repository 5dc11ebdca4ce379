"""Signing in, the member's profile and addresses."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from members.identity import services
from members.identity.api import MemberAPIView, MemberRequest
from members.identity.models import Address, Cancellation, MemberSession
from members.identity.origin import DEVICE_HEADER, origin_of
from members.identity.profile import profile
from members.identity.queries import active_member, address_of, open_cancellation, open_sessions
from members.identity.rooms import export_everything
from members.identity.serializers import (
    AddressChangeIn,
    AddressIn,
    AddressOut,
    AddressPageOut,
    CancellationIn,
    CancellationOut,
    PhoneIn,
    ProfileIn,
    ProfileOut,
    RefreshIn,
    SessionPageOut,
    SignedInOut,
    SmsCodeIn,
    SmsCodeOut,
    SmsLoginIn,
    TokensOut,
    WechatLoginIn,
    present_address,
    present_cancellation,
    present_session,
)
from members.identity.services.phone_codes import RESEND_AFTER
from members.identity.services.sessions import Tokens
from members.identity.services.sign_in import SignedIn
from shop.core import clock
from shop.core.api.pagination import PageQuery, page
from shop.core.api.serializers import ErrorOut, NoFields, validated
from shop.core.api.views import PingOut
from shop.core.rate_limits import limit, limit_address

SIGN_INS_PER_MINUTE = 120
REFRESHES_PER_MINUTE = 240
EXPORTS_PER_DAY = 5
PHONE_CHANGES_PER_HOUR = 20
DEVICE = OpenApiParameter(
    DEVICE_HEADER, str, OpenApiParameter.HEADER, description="What the front calls the device it runs on; kept hashed."
)


class SmsCodeView(APIView):
    @extend_schema(
        parameters=[DEVICE],
        request=SmsCodeIn,
        responses={202: SmsCodeOut, 400: ErrorOut, 429: ErrorOut, 503: ErrorOut},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Send a code, for signing in or for `POST me/phone`.

        The answer is the same whether or not the number has an account.
        """
        services.send_phone_code(origin=origin_of(request), now=clock.now(), **validated(SmsCodeIn, request))
        return Response({"resend_after_seconds": int(RESEND_AFTER.total_seconds())}, status=202)


class SmsLoginView(APIView):
    @extend_schema(
        parameters=[DEVICE],
        request=SmsLoginIn,
        responses={200: SignedInOut, 400: ErrorOut, 403: ErrorOut, 429: ErrorOut},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Sign in with a phone and the code sent to it; a new number is registered."""
        limit_address(request=request, what="sms-login", per_minute=SIGN_INS_PER_MINUTE)
        given = validated(SmsLoginIn, request)
        return _signed_in(services.sign_in_by_phone(origin=origin_of(request), now=clock.now(), **given))


class WechatLoginView(APIView):
    @extend_schema(
        parameters=[DEVICE],
        request=WechatLoginIn,
        responses={200: SignedInOut, 400: ErrorOut, 403: ErrorOut, 409: ErrorOut, 429: ErrorOut, 503: ErrorOut},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Sign in with the mini-program's login code, and its phone code where the member shares the number.

        An account without a phone becomes part of the one that has the number, with all its orders and addresses.
        """
        limit_address(request=request, what="wechat-login", per_minute=SIGN_INS_PER_MINUTE)
        given = validated(WechatLoginIn, request)
        return _signed_in(services.sign_in_by_wechat(origin=origin_of(request), now=clock.now(), **given))


class RefreshView(APIView):
    @extend_schema(
        request=RefreshIn,
        responses={200: TokensOut, 400: ErrorOut, 401: ErrorOut, 403: ErrorOut, 429: ErrorOut},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Exchange a refresh token, once, for new tokens; one that was used before ends its session."""
        limit_address(request=request, what="refresh", per_minute=REFRESHES_PER_MINUTE)
        given = validated(RefreshIn, request)
        return Response(_tokens(services.refresh(token=given["refresh"], now=clock.now())))


class LogoutView(MemberAPIView):
    @extend_schema(request=None, responses={204: None, 400: ErrorOut, 401: ErrorOut})
    def post(self, request: MemberRequest) -> Response:
        """End this session: its refresh token stops working."""
        validated(NoFields, request)
        services.sign_out(session_id=request.member.session_id, now=clock.now())
        return Response(status=204)


class MeView(MemberAPIView):
    @extend_schema(responses={200: ProfileOut, 401: ErrorOut, 403: ErrorOut})
    def get(self, request: MemberRequest) -> Response:
        return Response(profile(active_member(member_id=request.member.pk)))

    @extend_schema(
        request=ProfileIn, responses={200: ProfileOut, 400: ErrorOut, 401: ErrorOut, 403: ErrorOut, 409: ErrorOut}
    )
    def put(self, request: MemberRequest) -> Response:
        given = validated(ProfileIn, request)
        return Response(profile(services.update_profile(member_id=request.member.pk, now=clock.now(), **given)))


class MemberPingView(MemberAPIView):
    """Knows who asks and answers a constant: what others are measured against."""

    @extend_schema(operation_id="me_ping", request=None, responses={200: PingOut, 400: ErrorOut, 401: ErrorOut})
    def post(self, request: MemberRequest) -> Response:
        validated(NoFields, request)
        return Response({"pong": True})


class PhoneView(MemberAPIView):
    @extend_schema(
        request=PhoneIn,
        responses={
            200: ProfileOut,
            400: ErrorOut,
            401: ErrorOut,
            403: ErrorOut,
            409: ErrorOut,
            429: ErrorOut,
            503: ErrorOut,
        },
    )
    def post(self, request: MemberRequest) -> Response:
        """Sign in with another phone from now on; ends all other sessions. 409 where another account has it.

        `code` and `old_code` were sent to the new and the old phone by `POST auth/sms-codes` with `purpose`
        `change_phone`. Who has lost the old phone, or never had one, sends WeChat's `login_code` instead of `old_code`.
        """
        limit(key=f"me-phone:{request.member.pk}", rate=PHONE_CHANGES_PER_HOUR, per_seconds=3_600)
        given = validated(PhoneIn, request)
        changed = services.change_phone(
            member_id=request.member.pk, session_id=request.member.session_id, now=clock.now(), **given
        )
        return Response(profile(changed))


class SessionListView(MemberAPIView):
    @extend_schema(
        operation_id="me_sessions_list",
        parameters=[PageQuery],
        responses={200: SessionPageOut, 400: ErrorOut, 401: ErrorOut},
    )
    def get(self, request: MemberRequest) -> Response:
        """Where the member is signed in, last used first."""
        own = open_sessions(member_id=request.member.pk, now=clock.now())

        def present(session: MemberSession) -> dict[str, Any]:
            return present_session(session, current=request.member.session_id)

        return Response(page(own, request, ordering=["-refreshed_at", "-pk"], present=present))


class SessionView(MemberAPIView):
    @extend_schema(responses={204: None, 401: ErrorOut, 404: ErrorOut})
    def delete(self, request: MemberRequest, session_id: int) -> Response:
        """End a session: its refresh token stops working at once, its access token within minutes."""
        services.end_session(member_id=request.member.pk, session_id=session_id, now=clock.now())
        return Response(status=204)


class CancellationView(MemberAPIView):
    @extend_schema(responses={200: CancellationOut, 401: ErrorOut, 404: ErrorOut})
    def get(self, request: MemberRequest) -> Response:
        return Response(present_cancellation(open_cancellation(member_id=request.member.pk)))

    @extend_schema(
        request=CancellationIn,
        responses={202: CancellationOut, 400: ErrorOut, 401: ErrorOut, 403: ErrorOut, 409: ErrorOut, 503: ErrorOut},
    )
    def post(self, request: MemberRequest) -> Response:
        """Ask for the account to be erased after the cool-off; 409 says what is still open.

        Prove it with `code`, sent by `POST auth/sms-codes` to the member's phone, or with WeChat's `login_code` where
        the account has no phone.
        """
        given = validated(CancellationIn, request)
        asked: Cancellation = services.request_cancellation(member_id=request.member.pk, now=clock.now(), **given)
        return Response(present_cancellation(asked), status=202)

    @extend_schema(responses={204: None, 401: ErrorOut, 403: ErrorOut, 404: ErrorOut})
    def delete(self, request: MemberRequest) -> Response:
        """Stay after all."""
        services.withdraw_cancellation(member_id=request.member.pk, now=clock.now())
        return Response(status=204)


class ExportView(MemberAPIView):
    @extend_schema(responses={200: OpenApiTypes.OBJECT, 401: ErrorOut, 403: ErrorOut, 429: ErrorOut})
    def get(self, request: MemberRequest) -> Response:
        """Everything that the shop keeps about the member, as one JSON file."""
        active_member(member_id=request.member.pk)
        limit(key=f"export:{request.member.pk}", rate=EXPORTS_PER_DAY, per_seconds=86_400)
        now = clock.now()
        body = {"exported_at": now, **export_everything(member_id=request.member.pk)}
        name = f"member-{request.member.pk}-{clock.business_day(now).isoformat()}.json"
        return Response(
            body, headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        )


class AddressListView(MemberAPIView):
    @extend_schema(
        operation_id="me_addresses_list",
        parameters=[PageQuery],
        responses={200: AddressPageOut, 400: ErrorOut, 401: ErrorOut},
    )
    def get(self, request: MemberRequest) -> Response:
        """The default one first, then the newest."""
        own = Address.objects.filter(member_id=request.member.pk)
        return Response(page(own, request, ordering=["-is_default", "-pk"], present=present_address))

    @extend_schema(
        request=AddressIn, responses={201: AddressOut, 400: ErrorOut, 401: ErrorOut, 403: ErrorOut, 409: ErrorOut}
    )
    def post(self, request: MemberRequest) -> Response:
        """The first address becomes the default."""
        address = services.add_address(member_id=request.member.pk, **validated(AddressIn, request))
        return Response(present_address(address), status=201)


class AddressView(MemberAPIView):
    @extend_schema(responses={200: AddressOut, 401: ErrorOut, 404: ErrorOut})
    def get(self, request: MemberRequest, address_id: int) -> Response:
        return Response(present_address(address_of(member_id=request.member.pk, address_id=address_id)))

    @extend_schema(
        request=AddressChangeIn,
        responses={200: AddressOut, 400: ErrorOut, 401: ErrorOut, 403: ErrorOut, 404: ErrorOut},
    )
    def put(self, request: MemberRequest, address_id: int) -> Response:
        given = validated(AddressChangeIn, request)
        changed = services.change_address(member_id=request.member.pk, address_id=address_id, **given)
        return Response(present_address(changed))

    @extend_schema(responses={204: None, 401: ErrorOut, 403: ErrorOut, 404: ErrorOut})
    def delete(self, request: MemberRequest, address_id: int) -> Response:
        """When the default goes, the newest of the others takes its place."""
        services.remove_address(member_id=request.member.pk, address_id=address_id)
        return Response(status=204)


def _signed_in(entered: SignedIn) -> Response:
    return Response({**_tokens(entered.tokens), "is_new": entered.is_new, "member": profile(entered.member)})


def _tokens(tokens: Tokens) -> dict[str, Any]:
    return {"access": tokens.access, "refresh": tokens.refresh}
