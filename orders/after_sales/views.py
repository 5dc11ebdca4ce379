"""Asking for an after-sale and following it."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from members.identity.api import MemberAPIView, MemberRequest
from orders.after_sales import services
from orders.after_sales.models import ASKED_FOR, Kind, Reason
from orders.after_sales.presenters import present_after_sale, present_draft
from orders.after_sales.queries import member_after_sale, member_after_sales
from orders.after_sales.serializers import (
    AfterSaleListQuery,
    AfterSaleOut,
    AfterSalePageOut,
    AfterSalePreviewIn,
    AfterSalePreviewOut,
    AskIn,
    ReturnShipmentIn,
)
from orders.after_sales.services import Wanted, Wish
from shop.core import clock
from shop.core.actors import Actor
from shop.core.api.idempotency import idempotent
from shop.core.api.pagination import PageQuery, page
from shop.core.api.serializers import ErrorOut, NoFields, validated, validated_query

REFUSALS = {400: ErrorOut, 401: ErrorOut, 404: ErrorOut, 409: ErrorOut}


class AfterSalePreviewView(MemberAPIView):
    @extend_schema(
        operation_id="orders_after_sales_preview",
        request=AfterSalePreviewIn,
        responses={200: AfterSalePreviewOut, **REFUSALS},
    )
    def post(self, request: MemberRequest, number: str) -> Response:
        """What an after-sale would give back, and why; nothing is asked for yet."""
        wish = _wish(validated(AfterSalePreviewIn, request))
        draft = services.preview(number=number, member_id=request.member.pk, wish=wish, now=clock.now())
        return Response(present_draft(draft, kind=wish.kind))


class OrderAfterSalesView(MemberAPIView):
    @extend_schema(
        operation_id="orders_after_sales_create",
        parameters=[OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, required=True)],
        request=AskIn,
        responses={201: AfterSaleOut, **REFUSALS, 422: ErrorOut},
    )
    @idempotent
    def post(self, request: MemberRequest, number: str) -> Response:
        """Ask for one. Its units belong to no other while it is open; gifts that are no longer earned go along."""
        member_id = request.member.pk
        asked = services.ask(
            number=number,
            member_id=member_id,
            wish=_wish(validated(AskIn, request)),
            actor=Actor.member(member_id),
            now=clock.now(),
        )
        return _answer(member_id, asked.number, status=201)


class AfterSalesView(MemberAPIView):
    @extend_schema(
        operation_id="after_sales_list",
        parameters=[AfterSaleListQuery, PageQuery],
        responses={200: AfterSalePageOut, 400: ErrorOut, 401: ErrorOut},
    )
    def get(self, request: MemberRequest) -> Response:
        query = validated_query(AfterSaleListQuery, request)
        rows = member_after_sales(
            member_id=request.member.pk, status=query.get("status"), order_number=query.get("order")
        )
        return Response(page(rows, request, ordering=["-id"], present=present_after_sale))


class AfterSaleView(MemberAPIView):
    @extend_schema(operation_id="after_sales_read", responses={200: AfterSaleOut, 401: ErrorOut, 404: ErrorOut})
    def get(self, request: MemberRequest, number: str) -> Response:
        return _answer(request.member.pk, number)


class ReturnShipmentView(MemberAPIView):
    @extend_schema(
        operation_id="after_sales_return_shipment",
        request=ReturnShipmentIn,
        responses={200: AfterSaleOut, **REFUSALS},
    )
    def post(self, request: MemberRequest, number: str) -> Response:
        """Tell with whom the goods were sent back; told again, it is corrected while they are on their way."""
        member_id = request.member.pk
        services.record_return_shipment(
            number=number,
            member_id=member_id,
            actor=Actor.member(member_id),
            now=clock.now(),
            **validated(ReturnShipmentIn, request),
        )
        return _answer(member_id, number)


class CancelView(MemberAPIView):
    @extend_schema(operation_id="after_sales_cancel", request=None, responses={200: AfterSaleOut, **REFUSALS})
    def post(self, request: MemberRequest, number: str) -> Response:
        """Withdraw it, before goods or money are on their way."""
        validated(NoFields, request)
        member_id = request.member.pk
        services.cancel(number=number, member_id=member_id, actor=Actor.member(member_id), now=clock.now())
        return _answer(member_id, number)


def _wish(asked: dict[str, Any]) -> Wish:
    lines = [Wanted(line["line_id"], line["quantity"], line.get("replacement_sku_id")) for line in asked["lines"]]
    reason, description = asked["reason"], asked.get("description", "")
    if reason not in dict(ASKED_FOR):
        reason, description = Reason.OTHER, f"{reason}\n{description}".strip()[:500]
    return Wish(Kind(asked["kind"]), lines, reason, description=description, images=asked.get("images", ()))


def _answer(member_id: int, number: str, *, status: int = 200) -> Response:
    return Response(present_after_sale(member_after_sale(member_id=member_id, number=number)), status=status)
