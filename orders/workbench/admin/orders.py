"""The order desk: find an order, see everything about it, cancel, ship, print, leave a remark."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from members.identity.panels import may_reveal
from members.identity.phones import mask_phone, show_phone
from members.identity.recipients import mask_name, mask_street
from orders.checkout.models import Order
from orders.checkout.services.remarks import write_staff_remark
from orders.payments.services.closing import close_unpaid_order
from orders.workbench.admin.addresses import AddressPages
from orders.workbench.admin.filters import FILTERS
from orders.workbench.admin.forms import RemarkForm
from orders.workbench.admin.panels import order_panels, slips
from orders.workbench.admin.prices import PricePages
from orders.workbench.admin.saved import SavedFilterPages
from orders.workbench.criteria import found
from orders.workbench.services.cancelling import choose_to_cancel
from shop.core import clock
from shop.core.editing import ModelAdmin
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.money import yuan
from shop.core.paginator import BoundedPaginator
from shop.core.screens import form_page, found_or_404, staff

MOST_PRINTED = 100
FLAG = '<span class="material-symbols-outlined align-middle" style="color: {}" title="{} {}">flag</span>'
FLAG_COLOURS = {"red": "#dc2626", "yellow": "#ca8a04", "green": "#16a34a", "blue": "#2563eb", "purple": "#9333ea"}
STATUS_COLOURS = {
    "pending_payment": "warning",
    "paid": "info",
    "allocated": "info",
    "partly_shipped": "primary",
    "shipped": "primary",
    "delivered": "success",
    "completed": "success",
    "cancelled": "default",
    "refunded": "danger",
}


@admin.register(Order)
class OrderAdmin(SavedFilterPages, PricePages, AddressPages, ModelAdmin):
    form = RemarkForm
    list_display = ["shown_number", "shown_status", "goods", "payable", "whole_name", "place", "placed_at"]
    list_filter = FILTERS
    list_filter_submit = True
    list_per_page = 50
    search_fields = ["number"]
    search_help_text = _("Order number, phone or its last four digits, or tracking number")
    ordering = ["-id"]
    paginator = BoundedPaginator
    show_full_result_count = False
    actions = ["cancel_unpaid", "print_selected"]
    actions_detail = ["reprice", "readdress", "cancel_one", "ship", "open_after_sale", "print_one"]
    change_form_outer_after_template = "admin/orders/panels.html"
    fieldsets = [
        (None, {"fields": [("number", "status"), ("member_link", "payable"), ("placed_at", "expires_at")]}),
        (_("For staff"), {"fields": ["flag", "staff_remark"]}),
    ]
    readonly_fields = [
        "number",
        "status",
        "member_link",
        "payable",
        "placed_at",
        "expires_at",
        "whole_name",
        "masked_name",
        "whole_phone",
        "masked_phone",
        "whole_address",
        "masked_address",
        "pickup_store",
        "remark",
    ]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        own, for_staff = super().get_fieldsets(request, obj)
        shown = "whole" if may_reveal(request) else "masked"
        rows = [(f"{shown}_name", f"{shown}_phone"), (f"{shown}_address", "pickup_store"), "remark"]
        return [own, (_("Recipient"), {"fields": rows}), for_staff]

    def get_list_display(self, request: HttpRequest) -> list[str]:
        name = "whole_name" if may_reveal(request) else "masked_name"
        return [name if column == "whole_name" else column for column in self.list_display]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        orders = super().get_queryset(request).select_related("member", "pickup_store", "deposit")
        return orders.prefetch_related("lines")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        term = search_term.strip()
        return (found(queryset, term) if term else queryset), False

    def save_model(self, request: HttpRequest, obj: Order, form: Any, change: bool) -> None:
        write_staff_remark(
            number=obj.number, remark=obj.staff_remark, flag=obj.flag, actor=staff(request), now=clock.now()
        )

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        order = self.get_object(request, object_id) if object_id and request.method == "GET" else None
        panels = order_panels(order) if order else []
        return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), "panels": panels})

    @display(description=_("order number"))
    def shown_number(self, order: Order) -> str:
        if not order.flag:
            return order.number
        flag = format_html(FLAG, FLAG_COLOURS[order.flag], order.get_flag_display(), order.staff_remark)
        return format_html("{} {}", order.number, flag)

    @display(description=_("status"), label=STATUS_COLOURS, ordering="status")
    def shown_status(self, order: Order) -> Label:
        return Label(order.status, order.get_status_display())

    @display(description=_("goods"))
    def goods(self, order: Order) -> str:
        lines = list(order.lines.all())
        first = f"{lines[0].product_name} × {lines[0].quantity}" if lines else "–"
        return first if len(lines) < 2 else f"{first} +{len(lines) - 1}"

    @display(description=_("payable"), ordering="payable_fen")
    def payable(self, order: Order) -> str:
        return yuan(order.payable_fen)

    @display(description=_("recipient"))
    def whole_name(self, order: Order) -> str:
        return (order.recipient or {}).get("name", "–")

    @display(description=_("recipient"))
    def masked_name(self, order: Order) -> str:
        return mask_name((order.recipient or {}).get("name", "")) or "–"

    @display(description=_("phone"))
    def whole_phone(self, order: Order) -> str:
        return show_phone((order.recipient or {}).get("phone", "")) or "–"

    @display(description=_("phone"))
    def masked_phone(self, order: Order) -> str:
        phone = (order.recipient or {}).get("phone", "")
        return mask_phone(phone) if phone else "–"

    @display(description=_("region"))
    def place(self, order: Order) -> str:
        return (order.recipient or {}).get("region_path", "–")

    @display(description=_("address"))
    def whole_address(self, order: Order) -> str:
        recipient = order.recipient or {}
        return f"{recipient.get('region_path', '')} {recipient.get('detail', '')}".strip() or "–"

    @display(description=_("address"))
    def masked_address(self, order: Order) -> str:
        recipient = order.recipient or {}
        return f"{recipient.get('region_path', '')} {mask_street(recipient.get('detail', ''))}".strip() or "–"

    @display(description=_("member"))
    def member_link(self, order: Order) -> str:
        link = reverse("admin:identity_member_change", args=[order.member_id])
        return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', link, order.member)

    @admin.action(description=_("Cancel unpaid orders"), permissions=["change"])
    def cancel_unpaid(self, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse | None:
        try:
            work = choose_to_cancel(orders=queryset, actor=staff(request), now=clock.now())
        except DomainError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return None
        return redirect("admin:workbench_bulkwork_begin", work.pk)

    def has_print_permission(self, request: HttpRequest) -> bool:
        """What is printed names people in full."""
        return self.has_view_permission(request) and may_reveal(request)

    @admin.action(description=_("Print"), permissions=["print"])
    def print_selected(self, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse | None:
        orders = list(queryset[: MOST_PRINTED + 1])
        if len(orders) > MOST_PRINTED:
            told = _("At most {count} orders are printed together; none was printed.").format(count=MOST_PRINTED)
            self.message_user(request, told, messages.ERROR)
            return None
        return self._print(request, orders)

    @action(description=_("Cancel"), url_path="cancel", permissions=["cancel_one"])
    def cancel_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order = found_or_404(self, request, object_id)
        if request.method != "POST":
            title = _("Cancel order {number}?").format(number=order.number)
            return form_page(self, request, form=Form(), title=title, buttons=[("cancel", _("Cancel the order"))])
        refusal = self._refusal(request, order.number)
        told = f"{order.number}: {refusal}" if refusal else _("The order was cancelled.")
        self.message_user(request, told, messages.ERROR if refusal else messages.SUCCESS)
        return redirect("admin:checkout_order_change", object_id)

    def has_cancel_one_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_change_permission(request)

    @action(description=_("Ship"), url_path="ship", permissions=["ship"])
    def ship(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order = found_or_404(self, request, object_id)
        return redirect(f"{reverse('admin:shipments_shipment_changelist')}?q={order.number}")

    def has_ship_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("shipments.view_shipment")

    @action(description=_("After-sale"), url_path="after-sale", permissions=["open_after_sale"])
    def open_after_sale(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order = found_or_404(self, request, object_id)
        return redirect(f"{reverse('admin:after_sales_aftersale_open_for_member')}?order={order.number}")

    def has_open_after_sale_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("after_sales.add_aftersale")

    @action(description=_("Print"), url_path="print", permissions=["print_one"])
    def print_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._print(request, [found_or_404(self, request, object_id)])

    def has_print_one_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_print_permission(request)

    def _refusal(self, request: HttpRequest, number: str) -> str:
        """Cancel an unpaid order; why it cannot be, or nothing."""
        try:
            close_unpaid_order(number=number, actor=staff(request), now=clock.now())
        except DomainError as refusal:
            return str(refusal)
        return ""

    def _print(self, request: HttpRequest, orders: list[Order]) -> HttpResponse:
        return TemplateResponse(request, "admin/orders/print.html", {"slips": slips(orders)})
