"""What every view for staff stands on: the bearer token names the account, and the view the permission it needs."""

from dataclasses import dataclass
from typing import Any, ClassVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request
from rest_framework.views import APIView

from shop.core import clock
from shop.core.actors import Actor
from shop.core.errors import NotAllowed, NotSignedIn
from shop.core.models import StaffUser
from shop.staff.services import present_staff
from shop.staff.tokens import read_access_token


@dataclass(frozen=True)
class SignedInStaff:
    account: StaffUser
    session_id: int
    is_authenticated: bool = True


class StaffAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access>` from `POST staff/auth/login`."""

    def authenticate(self, request: Request) -> tuple[SignedInStaff, str] | None:
        header = get_authorization_header(request).split()
        if not header or header[0].lower() != b"bearer":
            return None
        if len(header) != 2:
            raise NotSignedIn
        session_id = read_access_token(header[1].decode("latin-1"))
        return SignedInStaff(present_staff(session_id=session_id, now=clock.now()), session_id), "staff"

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class StaffAuthenticationScheme(OpenApiAuthenticationExtension):
    """How openapi.yaml describes it."""

    target_class = StaffAuthentication
    name = "staffToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "The access token of somebody of the staff."}


class StaffRequest(Request):
    """What the methods of a StaffAPIView get."""

    staff: StaffUser
    session_id: int
    actor: Actor
    principal: str


class StaffAPIView(APIView):
    """For staff who have `permission` (`app.codename`); None lets in everybody of the staff.

    `request.staff` says who, `request.actor` names them to services, `request.principal` scopes idempotency keys. Its
    methods annotate their request as StaffRequest.
    """

    authentication_classes = [StaffAuthentication]
    permission: ClassVar[str | None]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        who = request.user
        if not isinstance(who, SignedInStaff):
            raise NotSignedIn
        if self.permission is not None and not who.account.has_perm(self.permission):
            raise NotAllowed
        request.staff, request.session_id = who.account, who.session_id  # type: ignore[attr-defined]
        request.actor = Actor.staff(who.account.get_username())  # type: ignore[attr-defined]
        request.principal = f"staff:{who.account.pk}"  # type: ignore[attr-defined]
