"""Members who sell: joining, their customers, what they have earned."""

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from members.identity.api import MemberAPIView, MemberRequest
from members.identity.queries import active_member
from promotions.distribution import queries
from promotions.distribution.serializers import (
    CommissionEntryPageOut,
    CommissionPageOut,
    CustomerPageOut,
    JoinIn,
    SummaryOut,
    VisitIn,
    VisitOut,
    present_commission,
    present_customer,
    present_summary,
)
from promotions.distribution.services.binding import record_visit
from promotions.distribution.services.joining import join
from shop.core import clock
from shop.core.api.pagination import PageQuery, page
from shop.core.api.serializers import ErrorOut, validated
from shop.core.rate_limits import limit

VISITS_PER_MINUTE = 30
PAGES = {400: ErrorOut, 401: ErrorOut, 403: ErrorOut}


class SummaryView(MemberAPIView):
    @extend_schema(operation_id="distribution_read", responses={200: SummaryOut, 401: ErrorOut, 403: ErrorOut})
    def get(self, request: MemberRequest) -> Response:
        """Where I stand; `distributor` is null for who has not joined or applied."""
        member = active_member(member_id=request.member.pk)
        return Response(present_summary(queries.summary_of(member_id=member.pk, now=clock.now())))


class JoinView(MemberAPIView):
    @extend_schema(
        operation_id="distribution_join",
        request=JoinIn,
        responses={201: SummaryOut, 400: ErrorOut, 401: ErrorOut, 403: ErrorOut, 409: ErrorOut},
    )
    def post(self, request: MemberRequest) -> Response:
        """Join, or apply where staff decide.

        Refusals: `distribution_closed`, `distribution_joined_already`, `distribution_spend_more` with `missing_fen`.
        """
        now, member_id = clock.now(), request.member.pk
        join(member_id=member_id, now=now, **validated(JoinIn, request))
        return Response(present_summary(queries.summary_of(member_id=member_id, now=now)), status=201)


class VisitView(MemberAPIView):
    @extend_schema(
        operation_id="distribution_visit",
        request=VisitIn,
        responses={200: VisitOut, 400: ErrorOut, 401: ErrorOut, 403: ErrorOut, 404: ErrorOut, 429: ErrorOut},
    )
    def post(self, request: MemberRequest) -> Response:
        """I came by somebody's link or code. Sent again it changes nothing."""
        member = active_member(member_id=request.member.pk)
        asked = validated(VisitIn, request)
        limit(key=f"distribution-visit:{member.pk}", rate=VISITS_PER_MINUTE, per_seconds=60)
        return Response({"bound": record_visit(member_id=member.pk, now=clock.now(), **asked)})


class CommissionListView(MemberAPIView):
    @extend_schema(
        operation_id="distribution_commissions_list",
        parameters=[PageQuery],
        responses={200: CommissionPageOut, **PAGES},
    )
    def get(self, request: MemberRequest) -> Response:
        """What each line of my orders is worth, the newest first."""
        seller = queries.distributor_of(member_id=request.member.pk)
        rows = queries.commissions_of(distributor=seller)
        return Response(page(rows, request, ordering=["-id"], present=present_commission))


class EntryListView(MemberAPIView):
    @extend_schema(
        operation_id="distribution_entries_list",
        parameters=[PageQuery],
        responses={200: CommissionEntryPageOut, **PAGES},
    )
    def get(self, request: MemberRequest) -> Response:
        """My statement: every move of my commission, the newest first."""
        seller = queries.distributor_of(member_id=request.member.pk)
        return Response(page(queries.entries_of(distributor=seller), request, ordering=["-id"], present=dict))


class CustomerListView(MemberAPIView):
    @extend_schema(
        operation_id="distribution_customers_list", parameters=[PageQuery], responses={200: CustomerPageOut, **PAGES}
    )
    def get(self, request: MemberRequest) -> Response:
        """Who is my customer now, the newest first."""
        seller = queries.distributor_of(member_id=request.member.pk)
        rows = queries.listed_customers(distributor=seller, now=clock.now())
        return Response(page(rows, request, ordering=["-id"], present=present_customer))
