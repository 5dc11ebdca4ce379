"""The desk of after-sales: what waits, everything about one, and every step that staff may take."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import action, display

from orders.after_sales.admin import deeds
from orders.after_sales.admin.deeds import DEEDS, Deed
from orders.after_sales.admin.opening import OpeningPages
from orders.after_sales.admin.panels import LINK, after_sale_panels, goes_back, pictures, when
from orders.after_sales.admin.stages import StageFilter, tabs
from orders.after_sales.models import AfterSale, Status
from orders.checkout.notes import told
from orders.payments.errors import NotificationMismatch
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.money import yuan
from shop.core.screens import form_page, found_or_404, staff
from shop.core.searching import FoundByKeys

STATUS_COLOURS = {
    Status.REQUESTED: "warning",
    Status.AWAITING_GOODS: "info",
    Status.UNDER_WAY: "info",
    Status.DISPUTED: "danger",
    Status.RECEIVED: "warning",
    Status.SECOND_APPROVAL: "warning",
    Status.REFUNDING: "primary",
    Status.REPLACING: "primary",
    Status.REPLACEMENT_SENT: "primary",
    Status.COMPLETED: "success",
    Status.REFUSED: "danger",
}
PHONE_TAIL = 4
Page = Callable[[Any, HttpRequest, str], HttpResponse]


def page_of(deed: Deed) -> Page:
    """The page that asks once more, with the deed's form, and calls its service."""

    @action(description=deed.title, url_path=deed.path, permissions=[deed.permission], icon=deed.icon)
    def page(self: "AfterSaleAdmin", request: HttpRequest, object_id: str) -> HttpResponse:
        return self.do(request, object_id, deed)

    return page


@admin.register(AfterSale)
class AfterSaleAdmin(OpeningPages, FoundByKeys, ReadOnlyAdmin):
    list_display = [
        "number",
        "order_link",
        "member_link",
        "kind",
        "goods",
        "refund",
        "reason",
        "shown_status",
        "due",
        "asked_at",
    ]
    list_filter = [StageFilter, "kind", "reason", "status", ("asked_at", RangeDateTimeFilter)]
    list_filter_submit = True
    list_select_related = ["order", "member"]
    list_before_template = "admin/orders/after_sale_tabs.html"
    search_keys = ("number", "order__number")
    search_help_text = _("After-sale or order number, or the last four digits of the phone")
    ordering = ["-id"]
    change_form_outer_after_template = "admin/orders/after_sale.html"
    actions_list = ["open_for_member", "change_policies"]
    actions_detail = [deed.name for deed in DEEDS]
    fieldsets = [
        (None, {"fields": [("number", "status"), ("order_link", "member_link"), ("kind", "due")]}),
        (_("Request"), {"fields": [("reason", "asked_by"), "told_description", ("asked_at", "asked_again_after")]}),
        (
            _("Answer"),
            {"fields": ["answer", ("approved_by", "approved_at"), ("second_by", "withheld"), "withheld_for"]},
        ),
        (_("Goods that come back"), {"fields": [("warehouse", "received_at"), ("carrier", "tracking_number")]}),
    ]

    approve = page_of(deeds.APPROVE)
    turn_into_return = page_of(deeds.TURN_INTO_RETURN)
    receive = page_of(deeds.RECEIVE_GOODS)
    send_replacement = page_of(deeds.SEND_REPLACEMENT)
    refund_goods = page_of(deeds.REFUND)
    approve_second = page_of(deeds.APPROVE_SECOND)
    record_shipment = page_of(deeds.RECORD_SHIPMENT)
    give_up_replacement = page_of(deeds.GIVE_UP_REPLACEMENT)
    refund_again = page_of(deeds.REFUND_AGAIN)
    dispute = page_of(deeds.DISPUTE)
    refuse = page_of(deeds.REFUSE)
    refuse_second = page_of(deeds.REFUSE_SECOND)
    cancel = page_of(deeds.CANCEL)

    def has_decide_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("after_sales.change_aftersale")

    def has_countersign_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("after_sales.countersign_aftersale")

    def has_receive_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("after_sales.receive_aftersale")

    def has_ask_gateway_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("payments.view_refund")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AfterSale]:
        return super().get_queryset(request).prefetch_related("lines__order_line")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AfterSale], search_term: str
    ) -> tuple[QuerySet[AfterSale], bool]:
        term = search_term.strip()
        if len(term) == PHONE_TAIL and term.isdecimal():
            return queryset.filter(order__phone_tail=term), False
        return super().get_search_results(request, queryset, search_term)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Those that the after-sale's status allows, of those that the person may."""
        after_sale = self.get_object(request, str(object_id))
        possible = {deed.path for deed in DEEDS if after_sale is not None and deed.is_open(after_sale)}
        return [each for each in super().get_actions_detail(request, object_id) if each.path in possible]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {**(extra_context or {}), "tabs": tabs(request, now=clock.now())})

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        after_sale = self.get_object(request, object_id) if object_id and request.method == "GET" else None
        shown = (
            {
                "goes_back": goes_back(after_sale),
                "pictures": pictures(after_sale),
                "panels": after_sale_panels(after_sale),
            }
            if after_sale
            else {}
        )
        return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), **shown})

    def do(self, request: HttpRequest, object_id: str, deed: Deed) -> HttpResponse:
        after_sale = found_or_404(self, request, object_id)
        form = deed.form(request.POST or None, after_sale=after_sale)
        if request.method == "POST" and form.is_valid():
            try:
                deed.do(after_sale, form.cleaned_data, staff(request), clock.now())
            except (DomainError, NotificationMismatch) as refusal:
                form.add_error(None, str(refusal))
            else:
                self.log_change(request, after_sale, str(deed.title))
                messages.success(request, f"{after_sale.number} · {deed.title}")
                return redirect("admin:after_sales_aftersale_change", object_id)
        shown = {"before": "admin/orders/goes_back.html", "goes_back": goes_back(after_sale)}
        return form_page(
            self,
            request,
            form=form,
            title=f"{deed.title} · {after_sale.number}",
            buttons=[("go", deed.title)],
            **(shown if deed.shows_refund else {}),
        )

    @display(description=_("status"), label=STATUS_COLOURS, ordering="status")
    def shown_status(self, after_sale: AfterSale) -> Label:
        return Label(after_sale.status, after_sale.get_status_display())

    @display(description=_("description"))
    def told_description(self, after_sale: AfterSale) -> str:
        return told(after_sale.description) or "–"

    @display(description=_("goods"))
    def goods(self, after_sale: AfterSale) -> str:
        lines = sorted(after_sale.lines.all(), key=lambda line: line.order_line.position)
        first = f"{lines[0].order_line.product_name} × {lines[0].quantity}" if lines else "–"
        return first if len(lines) < 2 else f"{first} +{len(lines) - 1}"

    @display(description=_("refund amount"), ordering="refund_fen")
    def refund(self, after_sale: AfterSale) -> str:
        return yuan(after_sale.refund_fen)

    @display(description=_("withheld"))
    def withheld(self, after_sale: AfterSale) -> str:
        return yuan(after_sale.withheld_fen) if after_sale.withheld_fen else "–"

    @display(description=_("due"), ordering="due_at")
    def due(self, after_sale: AfterSale) -> str:
        if after_sale.due_at is None:
            return "–"
        shown = when(after_sale.due_at)
        if after_sale.due_at > clock.now():
            return shown
        return format_html('<span class="font-semibold text-red-600 dark:text-red-500">{}</span>', shown)

    @display(description=_("order"), ordering="order__number")
    def order_link(self, after_sale: AfterSale) -> str:
        return format_html(
            LINK, reverse("admin:checkout_order_change", args=[after_sale.order_id]), after_sale.order.number
        )

    @display(description=_("member"))
    def member_link(self, after_sale: AfterSale) -> str:
        return format_html(
            LINK, reverse("admin:identity_member_change", args=[after_sale.member_id]), after_sale.member
        )

    @display(description=_("asked again after"))
    def asked_again_after(self, after_sale: AfterSale) -> str:
        earlier = after_sale.again_of
        if earlier is None:
            return "–"
        return format_html(LINK, reverse("admin:after_sales_aftersale_change", args=[earlier.pk]), earlier.number)
