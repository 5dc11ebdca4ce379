"""The invoice desk: issue, refuse, reverse, download, and a file for finance."""

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextInputWidget

from orders.invoices.models import Invoice, InvoiceFile, InvoiceStatus
from orders.invoices.queries import still_paid_fen
from orders.invoices.services import issue_invoice, refuse_invoice, reverse_invoice
from orders.invoices.views import pdf
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.errors import DomainError
from shop.core.forms import YuanField
from shop.core.formulas import harmless
from shop.core.labels import Label
from shop.core.money import plain_yuan, yuan
from shop.core.screens import form_page, found_or_404, staff
from shop.core.searching import FoundByKeys
from shop.core.xlsx_files import write_sheet

LARGEST_FILE = 2 * 1024 * 1024
COLOURS = {
    "requested": "warning",
    "issued": "success",
    "refused": "danger",
    "withdrawn": "default",
    "reversed": "info",
    "red_due": "danger",
}
NUMBER = r"^[0-9]{8,20}$"
MOST_EXPORTED = 20_000


class NumberForm(forms.Form):
    number = forms.RegexField(
        NUMBER,
        label=gettext_lazy("invoice number"),
        help_text=gettext_lazy("8 to 20 digits."),
        widget=UnfoldAdminTextInputWidget({"inputmode": "numeric", "autocomplete": "off"}),
    )


class IssueForm(NumberForm):
    amount = YuanField(
        label=gettext_lazy("amount on the PDF"),
        help_text=gettext_lazy("With tax, as it is printed there. It has to be what is left of the payment."),
    )
    file = forms.FileField(
        label=gettext_lazy("PDF"),
        help_text=gettext_lazy("At most 2 MB. The member downloads it."),
        widget=UnfoldAdminFileFieldWidget,
    )

    def clean_file(self) -> bytes:
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise ValidationError(_("The file is larger than 2 MB."))
        content = file.read()
        if not content.startswith(b"%PDF-") or b"%%EOF" not in content[-1024:]:
            raise ValidationError(_("This is not a PDF."))
        return content


class RefuseForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("reason"),
        max_length=200,
        help_text=gettext_lazy("The member reads it."),
        widget=UnfoldAdminTextInputWidget,
    )


class RedDueFilter(admin.SimpleListFilter):
    title = gettext_lazy("red-letter note")
    parameter_name = "red"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("due", gettext_lazy("Due"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Invoice]) -> QuerySet[Invoice]:
        due = queryset.filter(status=InvoiceStatus.ISSUED).exclude(red_due_at=None)
        return due if self.value() == "due" else queryset


@admin.register(Invoice)
class InvoiceAdmin(FoundByKeys, ReadOnlyAdmin):
    list_display = [
        "requested_at",
        "order",
        "title",
        "tax_number",
        "shown_amount",
        "shown_status",
        "number",
        "issued_at",
    ]
    list_filter = ["status", RedDueFilter, "buyer", ("issued_at", RangeDateTimeFilter)]
    list_filter_submit = True
    list_select_related = ["order"]
    fieldsets = [
        (None, {"fields": [("order_link", "state"), ("shown_amount", "requested_at"), "reason"]}),
        (pgettext_lazy("invoice", "Made out to"), {"fields": [("buyer", "title"), ("tax_number", "email")]}),
        (
            gettext_lazy("Issued"),
            {
                "fields": [
                    ("number", "issued_at"),
                    "decided_by",
                    "red_due_at",
                    ("red_number", "reversed_at"),
                    "reversed_by",
                ]
            },
        ),
    ]
    readonly_fields = ["order_link", "shown_amount", "state"]
    search_help_text = gettext_lazy("Order number, invoice number, tax number, or the start of a title")
    search_keys = ("number", "order__number", "tax_number")
    ordering = ["-pk"]
    actions = ["export"]
    actions_detail = ["issue", "refuse", "reverse", "download"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Invoice], search_term: str
    ) -> tuple[QuerySet[Invoice], bool]:
        term = search_term.strip()
        keys = self.found(queryset, term)
        return (queryset.filter(Q(pk__in=keys) | Q(title__startswith=term)) if term else queryset), False

    @display(description=gettext_lazy("status"), label=COLOURS, ordering="status")
    def shown_status(self, invoice: Invoice) -> Label:
        if invoice.status == InvoiceStatus.ISSUED and invoice.red_due_at:
            return Label("red_due", _("Red-letter note due"))
        return Label(invoice.status, invoice.get_status_display())

    @display(description=gettext_lazy("status"))
    def state(self, invoice: Invoice) -> str:
        return self.shown_status(invoice)[1]

    @display(description=gettext_lazy("amount"), ordering="amount_fen")
    def shown_amount(self, invoice: Invoice) -> str:
        return yuan(invoice.amount_fen)

    @display(description=gettext_lazy("order"))
    def order_link(self, invoice: Invoice) -> str:
        link = reverse("admin:checkout_order_change", args=[invoice.order_id])
        return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', link, invoice.order)

    def has_decide_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("invoices.change_invoice")

    def has_read_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_view_permission(request)

    @action(description=pgettext_lazy("invoice", "Issue"), url_path="issue", permissions=["decide"], icon="task")
    def issue(self, request: HttpRequest, object_id: str) -> HttpResponse:
        invoice, form = found_or_404(self, request, object_id), IssueForm(request.POST or None, request.FILES or None)

        def act() -> str:
            data = form.cleaned_data
            done = issue_invoice(
                invoice_id=invoice.pk,
                number=data["number"],
                amount_fen=data["amount"],
                content=data["file"],
                actor=staff(request),
                now=clock.now(),
            )
            return _("Issued: {number} over {amount}").format(number=done.number, amount=yuan(done.amount_fen))

        return self._page(request, invoice, form, _("Issue the invoice"), act)

    @action(description=pgettext_lazy("invoice", "Refuse"), url_path="refuse", permissions=["decide"], icon="block")
    def refuse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        invoice, form = found_or_404(self, request, object_id), RefuseForm(request.POST or None)

        def act() -> str:
            reason = form.cleaned_data["reason"]
            refuse_invoice(invoice_id=invoice.pk, reason=reason, actor=staff(request), now=clock.now())
            return _("Refused: {reason}").format(reason=reason)

        return self._page(request, invoice, form, _("Refuse the invoice"), act)

    @action(
        description=gettext_lazy("Red-letter note"),
        url_path="reverse",
        permissions=["decide"],
        icon="assignment_return",
    )
    def reverse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        invoice, form = found_or_404(self, request, object_id), NumberForm(request.POST or None)

        def act() -> str:
            number = form.cleaned_data["number"]
            reverse_invoice(invoice_id=invoice.pk, red_number=number, actor=staff(request), now=clock.now())
            return _("Reversed by red-letter note {number}").format(number=number)

        return self._page(request, invoice, form, _("Red-letter note"), act)

    @action(description=gettext_lazy("Download"), url_path="download", permissions=["read"], icon="download")
    def download(self, request: HttpRequest, object_id: str) -> HttpResponse:
        invoice = found_or_404(self, request, object_id)
        held = InvoiceFile.objects.filter(invoice=invoice).first()
        if held is None:
            raise Http404
        return pdf(invoice.number, bytes(held.content))

    @admin.action(description=gettext_lazy("Export for finance"), permissions=["read"])
    def export(self, request: HttpRequest, queryset: QuerySet[Invoice]) -> HttpResponseBase | None:
        """A workbook: in plain text a spreadsheet rounds invoice numbers of 20 digits."""
        if queryset.order_by()[: MOST_EXPORTED + 1].count() > MOST_EXPORTED:
            told = _("A file holds at most {limit} invoices. Choose fewer, by when they were issued for example.")
            messages.error(request, told.format(limit=MOST_EXPORTED))
            return None
        book = BytesIO()
        rows = _rows(queryset.select_related("order").order_by("pk"))
        write_sheet(title=_("Invoices"), rows=rows, numbers=[AMOUNT], target=book)
        self.log_change(request, queryset.first() or Invoice(), _("Exported"))
        book.seek(0)
        return FileResponse(book, as_attachment=True, filename="invoices.xlsx")

    def _page(
        self, request: HttpRequest, invoice: Invoice, form: forms.Form, title: str, act: Callable[[], str]
    ) -> HttpResponse:
        if request.method == "POST" and form.is_valid():
            try:
                done = act()
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                self.log_change(request, invoice, done)
                messages.success(request, done)
                return redirect("admin:invoices_invoice_change", invoice.pk)
        waits = invoice.status == InvoiceStatus.REQUESTED
        amount_fen = still_paid_fen(invoice.order) if waits else invoice.amount_fen
        shown = f"{title} · {invoice.title} {invoice.tax_number} · {yuan(amount_fen)}"
        return form_page(self, request, form=form, title=shown)


# Which of the columns is a number.
AMOUNT = 6


def _rows(invoices: QuerySet[Invoice]) -> Iterator[list[str]]:
    yield [
        _("order number"),
        _("status"),
        _("buyer"),
        _("invoice title"),
        _("tax number"),
        _("e-mail"),
        _("amount"),
        _("invoice number"),
        _("issued at"),
        _("red-letter note due since"),
        _("number of the red-letter note"),
    ]
    for each in invoices.iterator(chunk_size=1_000):
        yield [
            each.order.number,
            str(each.get_status_display()),
            str(each.get_buyer_display()),
            harmless(each.title),
            harmless(each.tax_number),
            harmless(each.email),
            plain_yuan(each.amount_fen),
            each.number,
            f"{localtime(each.issued_at):%Y-%m-%d %H:%M}" if each.issued_at else "",
            f"{localtime(each.red_due_at):%Y-%m-%d %H:%M}" if each.red_due_at else "",
            each.red_number,
        ]
