"""Invoices of one's own orders, and the titles that are kept for them."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from members.identity.api import MemberAPIView, MemberRequest
from orders.invoices import queries, services
from orders.invoices.errors import InvoiceTitleNotFound
from orders.invoices.serializers import (
    FIELDS,
    InvoiceIn,
    InvoiceOut,
    InvoicePageOut,
    InvoiceTitleIn,
    InvoiceTitleOut,
    InvoiceTitlePageOut,
    present_invoice,
    present_title,
)
from shop.core import clock
from shop.core.api.pagination import PageQuery, page
from shop.core.api.serializers import ErrorOut, validated

REFUSALS = {400: ErrorOut, 401: ErrorOut, 404: ErrorOut, 409: ErrorOut}


class InvoiceTitlesView(MemberAPIView):
    @extend_schema(
        operation_id="me_invoice_titles_list",
        parameters=[PageQuery],
        responses={200: InvoiceTitlePageOut, 400: ErrorOut, 401: ErrorOut},
    )
    def get(self, request: MemberRequest) -> Response:
        kept = queries.titles_of(member_id=request.member.pk)
        return Response(page(kept, request, ordering=["-id"], present=present_title))

    @extend_schema(
        operation_id="me_invoice_titles_create", request=InvoiceTitleIn, responses={201: InvoiceTitleOut, **REFUSALS}
    )
    def post(self, request: MemberRequest) -> Response:
        fields = validated(InvoiceTitleIn, request)
        return Response(present_title(services.keep_title(member_id=request.member.pk, fields=fields)), status=201)


class InvoiceTitleView(MemberAPIView):
    @extend_schema(
        operation_id="me_invoice_titles_update", request=InvoiceTitleIn, responses={200: InvoiceTitleOut, **REFUSALS}
    )
    def put(self, request: MemberRequest, title_id: int) -> Response:
        fields = validated(InvoiceTitleIn, request)
        kept = services.keep_title(member_id=request.member.pk, fields=fields, title_id=title_id)
        return Response(present_title(kept))

    @extend_schema(operation_id="me_invoice_titles_delete", responses={204: None, 401: ErrorOut, 404: ErrorOut})
    def delete(self, request: MemberRequest, title_id: int) -> Response:
        services.forget_title(member_id=request.member.pk, title_id=title_id)
        return Response(status=204)


class MyInvoicesView(MemberAPIView):
    @extend_schema(
        operation_id="me_invoices_list",
        parameters=[PageQuery],
        responses={200: InvoicePageOut, 400: ErrorOut, 401: ErrorOut},
    )
    def get(self, request: MemberRequest) -> Response:
        """The newest first, ended ones too."""
        own = queries.invoices_of(member_id=request.member.pk)
        return Response(page(own, request, ordering=["-id"], present=present_invoice))


class OrderInvoiceView(MemberAPIView):
    @extend_schema(operation_id="orders_invoice_read", responses={200: InvoiceOut, 401: ErrorOut, 404: ErrorOut})
    def get(self, request: MemberRequest, number: str) -> Response:
        """The newest invoice of the order."""
        return Response(present_invoice(queries.invoice_of(member_id=request.member.pk, order_number=number)))

    @extend_schema(operation_id="orders_invoice_ask", request=InvoiceIn, responses={201: InvoiceOut, **REFUSALS})
    def post(self, request: MemberRequest, number: str) -> Response:
        """Ask for an invoice over what was paid in money and is not given back. One at a time for each order."""
        given, member_id = validated(InvoiceIn, request), request.member.pk
        invoice = services.ask_for_invoice(
            order_number=number,
            member_id=member_id,
            fields=_title(given, member_id),
            keep=given["keep"] and "invoice_title" in given,
            now=clock.now(),
        )
        return Response(present_invoice(invoice), status=201)

    @extend_schema(
        operation_id="orders_invoice_withdraw",
        responses={204: None, 401: ErrorOut, 404: ErrorOut, 409: ErrorOut},
    )
    def delete(self, request: MemberRequest, number: str) -> Response:
        """Take the wish back, while it is not issued."""
        services.withdraw_invoice(order_number=number, member_id=request.member.pk)
        return Response(status=204)


class InvoiceFileView(MemberAPIView):
    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[BaseRenderer, str]:
        # A file is answered whatever the client says it accepts; refusals are JSON as everywhere.
        renderer = self.get_renderers()[0]
        return renderer, renderer.media_type

    @extend_schema(
        operation_id="orders_invoice_file",
        responses={(200, "application/pdf"): OpenApiTypes.BINARY, 401: ErrorOut, 404: ErrorOut},
    )
    def get(self, request: MemberRequest, number: str) -> Any:
        """The PDF of the newest invoice."""
        named, content = queries.file_of(member_id=request.member.pk, order_number=number)
        return pdf(named, content)


def pdf(number: str, content: bytes) -> HttpResponse:
    headers = {
        "Content-Disposition": f'attachment; filename="{number}.pdf"',
        "Content-Security-Policy": "sandbox",
        "Cache-Control": "private, no-store",
    }
    return HttpResponse(content, content_type="application/pdf", headers=headers)


def _title(given: dict[str, Any], member_id: int) -> dict[str, str]:
    if "invoice_title" in given:
        return given["invoice_title"]
    kept = queries.titles_of(member_id=member_id).filter(pk=given["title_id"]).first()
    if kept is None:
        raise InvoiceTitleNotFound
    return {name: getattr(kept, name) for name in FIELDS}
