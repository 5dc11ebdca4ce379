"""A member's own points."""

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from members.identity.api import MemberAPIView, MemberRequest
from points.accounts.queries import overview, present_entries
from points.accounts.serializers import EntryPageOut, PointsOut
from points.ledger.queries import history_of
from shop.core import clock
from shop.core.api.pagination import PageQuery, page
from shop.core.api.serializers import ErrorOut


class PointsView(MemberAPIView):
    @extend_schema(operation_id="points_retrieve", responses={200: PointsOut, 401: ErrorOut, 403: ErrorOut})
    def get(self, request: MemberRequest) -> Response:
        """What I have, when it expires, and what it is worth."""
        return Response(PointsOut(overview(member_id=request.member.pk, now=clock.now())).data)


class EntriesView(MemberAPIView):
    @extend_schema(
        operation_id="points_entries_list",
        parameters=[PageQuery],
        responses={200: EntryPageOut, 400: ErrorOut, 401: ErrorOut, 403: ErrorOut},
    )
    def get(self, request: MemberRequest) -> Response:
        """What came and went and why, newest first; what only moves inside the account is left out."""
        rows = history_of(member_id=request.member.pk)
        found = page(rows, request, ordering=["-id"], present=lambda row: row)
        return Response(EntryPageOut({**found, "items": present_entries(found["items"])}).data)
