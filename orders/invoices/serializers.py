"""Bodies and answers of invoices."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from orders.invoices.models import Buyer, Invoice, InvoiceStatus, InvoiceTitle
from orders.invoices.tax_numbers import read
from shop.core.api.serializers import StrictIntegerField, StrictSerializer, TextLineField

LARGEST_ID = 2**63 - 1
FIELDS = ("buyer", "title", "tax_number", "email")


class InvoiceTitleIn(StrictSerializer):
    buyer = serializers.ChoiceField(Buyer.choices)
    title = TextLineField(max_length=100)
    tax_number = TextLineField(max_length=40, required=False, allow_blank=True, default="")
    email = serializers.EmailField(max_length=120, required=False, allow_blank=True, default="")

    default_error_messages = {
        "tax_number": _("This is not the tax number of a company. Check each of its 18 characters."),
        "no_tax_number": _("A personal invoice has no tax number."),
    }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        typed = attrs["tax_number"]
        if attrs["buyer"] == Buyer.PERSONAL:
            if typed:
                self._refuse("no_tax_number")
            return attrs
        number = read(typed)
        if number is None:
            self._refuse("tax_number")
        return {**attrs, "tax_number": number}

    def _refuse(self, code: str) -> None:
        message = serializers.ErrorDetail(str(self.error_messages[code]), code)
        raise serializers.ValidationError({"tax_number": [message]})


class InvoiceIn(StrictSerializer):
    """Either a title that is kept, or a new one."""

    title_id = StrictIntegerField(min_value=1, max_value=LARGEST_ID, required=False)
    invoice_title = InvoiceTitleIn(required=False)
    keep = serializers.BooleanField(required=False, default=False, help_text="Keep a new title for the next time.")

    default_error_messages = {"either": _("Give either title_id or invoice_title.")}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("title_id" in attrs) == ("invoice_title" in attrs):
            message = serializers.ErrorDetail(str(self.error_messages["either"]), "either")
            raise serializers.ValidationError({"title_id": [message]})
        return attrs


class InvoiceTitleOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    buyer = serializers.ChoiceField(Buyer.choices)
    title = serializers.CharField()
    tax_number = serializers.CharField(allow_blank=True)
    email = serializers.CharField(allow_blank=True)


class InvoiceTitlePageOut(serializers.Serializer[Any]):
    items = InvoiceTitleOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class InvoiceOut(serializers.Serializer[Any]):
    order_number = serializers.CharField()
    status = serializers.ChoiceField(InvoiceStatus.choices)
    buyer = serializers.ChoiceField(Buyer.choices)
    title = serializers.CharField(allow_blank=True)
    tax_number = serializers.CharField(allow_blank=True)
    email = serializers.CharField(allow_blank=True)
    amount_fen = serializers.IntegerField(help_text="In money, less what went back; fixed once issued.")
    reason = serializers.CharField(allow_blank=True)
    number = serializers.CharField(allow_blank=True)
    requested_at = serializers.DateTimeField()
    issued_at = serializers.DateTimeField(allow_null=True)
    red_due = serializers.BooleanField(help_text="Money went back since: it will be reversed.")
    red_number = serializers.CharField(allow_blank=True)
    file = serializers.BooleanField(help_text="Whether `GET orders/{number}/invoice/file` has the PDF.")


class InvoicePageOut(serializers.Serializer[Any]):
    items = InvoiceOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


def present_title(title: InvoiceTitle) -> dict[str, Any]:
    return {"id": title.pk, **{name: getattr(title, name) for name in FIELDS}}


def present_invoice(invoice: Invoice) -> dict[str, Any]:
    return {
        "order_number": invoice.order.number,
        "status": invoice.status,
        **{name: getattr(invoice, name) for name in FIELDS},
        "amount_fen": invoice.amount_fen,
        "reason": invoice.reason,
        "number": invoice.number,
        "requested_at": invoice.requested_at,
        "issued_at": invoice.issued_at,
        "red_due": invoice.red_due_at is not None and invoice.status == InvoiceStatus.ISSUED,
        "red_number": invoice.red_number,
        "file": invoice.issued_at is not None,
    }
