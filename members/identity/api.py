"""What every member-facing view stands on: the bearer token names the member."""

from dataclasses import dataclass
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.views import APIView

from members.identity.ended_sessions import refuse_ended
from members.identity.queries import check_session
from members.identity.tokens import read_access_token
from shop.core import clock
from shop.core.errors import NotSignedIn


@dataclass(frozen=True)
class SignedInMember:
    """Who asks; kept free of database rows so that a request costs no query for it."""

    pk: int
    session_id: int
    is_authenticated: bool = True


class MemberAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access>`; without the header the request is anonymous."""

    def authenticate(self, request: Request) -> tuple[SignedInMember, str] | None:
        header = get_authorization_header(request).split()
        if not header or header[0].lower() != b"bearer":
            return None
        if len(header) != 2:
            raise NotSignedIn
        member_id, session_id = read_access_token(header[1].decode("latin-1"))
        return SignedInMember(member_id, session_id), "member"

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class MemberAuthenticationScheme(OpenApiAuthenticationExtension):
    """How openapi.yaml describes it."""

    target_class = MemberAuthentication
    name = "memberToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "The access token of a signed-in member."}


class PublicAPIView(APIView):
    """Open to everybody; `request.user` is the SignedInMember or None."""

    authentication_classes = [MemberAuthentication]


class MemberRequest(Request):
    """What the methods of a MemberAPIView get."""

    member: SignedInMember
    principal: str


class MemberAPIView(APIView):
    """For signed-in members: `request.member` says who, `request.principal` scopes idempotency keys.

    Its methods annotate their request as MemberRequest.
    """

    authentication_classes = [MemberAuthentication]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not isinstance(request.user, SignedInMember):
            raise NotSignedIn
        request.member = request.user  # type: ignore[attr-defined]
        request.principal = f"member:{request.user.pk}"  # type: ignore[attr-defined]
        if request.method in SAFE_METHODS:
            refuse_ended(session_id=request.user.session_id, now=clock.now())
        else:
            # Whoever changes something has not signed out nor been blocked this very moment.
            check_session(session_id=request.user.session_id, member_id=request.user.pk)
