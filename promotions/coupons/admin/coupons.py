"""What members hold: looked at, made void with a reason. Using one in a store is `orders.verification`."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.db.models.functions import Right
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import action, display

from members.identity.phones import parse_phone
from promotions.coupons.admin.forms import ReasonForm
from promotions.coupons.models import Coupon
from promotions.coupons.queries import status_at, status_label
from promotions.coupons.sentences import sentence_of
from promotions.coupons.services import void_coupon
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.money import yuan
from shop.core.paginator import BoundedPaginator
from shop.core.screens import form_page, found_or_404, staff

STATUS_COLOURS = {"unused": "success", "locked": "info", "used": "info", "expired": "warning", "void": "danger"}


@admin.register(Coupon)
class CouponAdmin(ReadOnlyAdmin):
    list_display = [
        "number",
        "template",
        "member",
        "shown_status",
        "way",
        "claimed_at",
        "valid_until",
        "order_number",
        "store_code",
        "shown_cost",
    ]
    list_filter = ["status", "way", ("claimed_at", RangeDateTimeFilter), ("used_at", RangeDateTimeFilter)]
    list_filter_submit = True
    list_select_related = ["template", "member"]
    fieldsets = [
        (None, {"fields": ["number", "template", "shown_sentence", "member", "shown_status"]}),
        (gettext_lazy("How it came"), {"fields": ["way", "reference", "claimed_at", "valid_from", "valid_until"]}),
        (
            gettext_lazy("Where it went"),
            {
                "fields": [
                    "order_number",
                    "store_code",
                    "used_at",
                    "shown_cost",
                    "shown_revenue",
                    "verified_by",
                    "returned_from",
                    "revoked_at",
                    "voided_by",
                    "void_reason",
                ]
            },
        ),
    ]
    readonly_fields = ["shown_sentence", "shown_status", "shown_cost", "shown_revenue"]
    search_fields = ["number"]
    search_help_text = gettext_lazy("Number of a coupon or an order, or a member's phone")
    ordering = ["-pk"]
    paginator = BoundedPaginator
    show_full_result_count = False
    actions_detail = ["make_void"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Coupon]:
        return super().get_queryset(request).annotate(status_now=status_at(clock.now()))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Coupon], search_term: str
    ) -> tuple[QuerySet[Coupon], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if term.isdigit() and len(term) == 4:
            return queryset.annotate(tail=Right("member__phone", 4)).filter(tail=term), False
        phone = parse_phone(term)
        if phone:
            return queryset.filter(member__phone=phone), False
        return queryset.filter(number=term) | queryset.filter(order_number=term), False

    @display(description=gettext_lazy("status"), label=STATUS_COLOURS, ordering="status")
    def shown_status(self, coupon: Any) -> Label:
        return Label(getattr(coupon, "status_now", coupon.status), status_label(coupon))

    @display(description=gettext_lazy("what it does"))
    def shown_sentence(self, coupon: Coupon) -> str:
        return sentence_of(coupon.template)

    @display(description=gettext_lazy("taken off"), ordering="cost_fen")
    def shown_cost(self, coupon: Coupon) -> str:
        return yuan(coupon.cost_fen) if coupon.cost_fen else "–"

    @display(description=gettext_lazy("paid there"))
    def shown_revenue(self, coupon: Coupon) -> str:
        return yuan(coupon.revenue_fen) if coupon.revenue_fen else "–"

    def has_void_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("coupons.change_coupon")

    @action(description=gettext_lazy("Make void"), url_path="void", permissions=["void"], icon="block")
    def make_void(self, request: HttpRequest, object_id: str) -> HttpResponse:
        coupon = found_or_404(self, request, object_id)
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            reason = form.cleaned_data["reason"]
            try:
                void_coupon(coupon_id=coupon.pk, reason=reason, actor=staff(request), now=clock.now())
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                self.log_change(request, coupon, _("Made void: {reason}").format(reason=reason))
                messages.success(request, _("The coupon is void."))
                return redirect("admin:coupons_coupon_change", coupon.pk)
        return form_page(self, request, form=form, title=_("Make void"), buttons=[("void", _("Make void"))])
