"""What members redeemed, and the vouchers that came of it."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.module_loading import import_string
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import action, display

from members.identity.admin import link_to_member
from members.identity.searching import FoundByMember
from points.mall.forms import DaysForm
from points.mall.models import CodeReveal, Redemption, Reward, Voucher, VoucherStatus
from points.mall.services.desk import extend_voucher, forgive_no_show
from shop.core import clock
from shop.core.admin import PartInlineMixin, ReadOnlyAdmin
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.money import yuan
from shop.core.people import PeopleMixin
from shop.core.screens import form_page, found_or_404

REDEMPTION_COLOURS = {
    "held": "warning",
    "paid": "info",
    "given": "success",
    "released": "danger",
    "returned": "danger",
}
VOUCHER_COLOURS = {
    "ready": "success",
    "revealed": "info",
    "used": "info",
    "no_show": "danger",
    "frozen": "warning",
    "cancelled": "danger",
    "expired": "danger",
}


class _LookedAtInline(PartInlineMixin, TabularInline):
    extra = 0
    hide_title = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class VoucherInline(_LookedAtInline):
    model = Voucher
    fields = ["number", "status", "slot", "valid_until", "revealed_at", "used_at", "store_code"]
    show_change_link = True


class RevealInline(PeopleMixin, _LookedAtInline):
    model = CodeReveal
    fields = readonly_fields = ["revealed_at", "actor", "address"]


class _OfMembersAdmin(FoundByMember, ReadOnlyAdmin):
    """Found by a number, or by the member's phone."""

    ordering = ["-pk"]
    list_filter_submit = True
    search_help_text = gettext_lazy("Number of an order or voucher, or phone or nickname of the member")
    number_column = "order_number"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        numbered = queryset.filter(**{self.number_column: search_term.strip()})
        if search_term.strip() and numbered.exists():
            return numbered, False
        return super().get_search_results(request, queryset, search_term)

    @display(description=gettext_lazy("member"))
    def whom(self, row: Any) -> str:
        return link_to_member(row.member)


@admin.register(Redemption)
class RedemptionAdmin(_OfMembersAdmin):
    list_display = [
        "order_number",
        "whom",
        "reward",
        "units",
        "units_back",
        "points",
        "shown_money",
        "shown_status",
        "redeemed_at",
    ]
    list_filter = ["status", "reward__kind", "zone", ("redeemed_at", RangeDateTimeFilter)]
    list_select_related = ["member", "reward"]
    fields = [
        ("order_number", "whom"),
        ("reward", "zone", "slot"),
        ("units", "units_back"),
        ("points", "shown_money"),
        ("shown_status",),
        ("redeemed_at", "paid_at"),
        ("given_at", "ended_at"),
    ]
    readonly_fields = ["whom", "shown_money", "shown_status"]
    actions_detail = ["open_order"]

    def get_inlines(self, request: HttpRequest, obj: Redemption | None) -> list[Any]:
        """Goods and coupons have no vouchers."""
        has_vouchers = obj is not None and obj.reward.kind in (Reward.Kind.SERVICE, Reward.Kind.CODE)
        return [VoucherInline] if has_vouchers else []

    @display(description=gettext_lazy("money"), ordering="price_fen")
    def shown_money(self, row: Redemption) -> str:
        return yuan(row.price_fen) if row.price_fen else "–"

    @display(description=gettext_lazy("status"), label=REDEMPTION_COLOURS, ordering="status")
    def shown_status(self, row: Redemption) -> Label:
        return Label(row.status, row.get_status_display())

    @action(description=gettext_lazy("Open the order"), url_path="order", permissions=["view"], icon="receipt_long")
    def open_order(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Where goods are sent, and money goes back."""
        redemption = found_or_404(self, request, object_id)
        return redirect(f"{reverse('admin:checkout_order_changelist')}?q={redemption.order_number}")


@admin.register(Voucher)
class VoucherAdmin(_OfMembersAdmin):
    """Codes are not shown here: they are for who redeemed them."""

    list_display = ["number", "whom", "reward", "shown_status", "slot", "valid_until", "used_at", "store_code"]
    list_filter = ["status", "reward__kind", "reward__resource", ("slot__starts_at", RangeDateTimeFilter)]
    list_select_related = ["member", "reward", "slot"]
    fields = [
        ("number", "whom"),
        ("reward", "redemption"),
        ("shown_status", "no_shows"),
        ("slot", "valid_until"),
        ("issued_at", "revealed_at"),
        ("used_at", "store", "verified_by"),
    ]
    readonly_fields = ["whom", "shown_status", "store"]
    inlines = [RevealInline]
    number_column = "number"
    actions_detail = ["extend", "forgive"]

    @display(description=gettext_lazy("status"), label=VOUCHER_COLOURS, ordering="status")
    def shown_status(self, voucher: Voucher) -> Label:
        return Label(voucher.status, voucher.get_status_display())

    @display(description=gettext_lazy("store"), empty_value="–")
    def store(self, voucher: Voucher) -> str | None:
        code = voucher.store_code
        return dict(import_string(settings.STORES)()).get(code, code) if code else None

    def has_extend_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        services = Voucher.objects.filter(
            pk=object_id, reward__kind=Reward.Kind.SERVICE, status__in=[VoucherStatus.READY, VoucherStatus.EXPIRED]
        )
        return request.user.has_perm("mall.change_voucher") and services.exists()

    def has_forgive_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        missed = Voucher.objects.filter(pk=object_id, status=VoucherStatus.NO_SHOW)
        return request.user.has_perm("mall.change_voucher") and missed.exists()

    @action(description=gettext_lazy("Extend"), url_path="extend", permissions=["extend"], icon="more_time")
    def extend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        form = DaysForm(request.POST or None)

        def do(voucher: Voucher) -> str:
            extended = extend_voucher(voucher_id=voucher.pk, days=form.cleaned_data["days"], now=clock.now())
            assert extended.valid_until is not None
            until = date_format(localtime(extended.valid_until), "Y-m-d H:i")
            return _("Good until {until}.").format(until=until)

        return self._asked(request, object_id, form, do, _("Extend"))

    @action(description=gettext_lazy("Forgive"), url_path="forgive", permissions=["forgive"], icon="undo")
    def forgive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def do(voucher: Voucher) -> str:
            forgive_no_show(voucher_id=voucher.pk)
            return _("It can be booked again.")

        return self._asked(request, object_id, forms.Form(request.POST or None), do, _("Forgive"))

    def _asked(
        self, request: HttpRequest, object_id: str, form: forms.Form, do: Callable[[Voucher], str], label: str
    ) -> HttpResponse:
        voucher = found_or_404(self, request, object_id)
        if request.method == "POST" and form.is_valid():
            try:
                said = do(voucher)
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                self.log_change(request, voucher, said)
                messages.success(request, said)
                return redirect("admin:mall_voucher_change", voucher.pk)
        return form_page(self, request, form=form, title=f"{label}: {voucher}", buttons=[("go", label)])
