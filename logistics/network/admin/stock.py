"""Stock, which changes only by what is booked: receipts, stock-takes, damage, transfers, shipments."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import action, display

from logistics.network.forms import CountForm, DamageForm, ReceiptFileForm, ReceiptForm, SafetyForm
from logistics.network.models import StockMovement, WarehouseStock
from logistics.network.putting_aside import find_sound, put_aside, throw_away
from logistics.network.queries import to_fill_up
from logistics.network.receipt_files import read_receipt
from logistics.network.services import count_stock, receive_stock, set_safety_stock
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.dashboard import ListPanel
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.screens import form_page, panels_page, staff
from shop.core.searching import MOST_FOUND, FoundByKeys

CHECK = "check"
DAMAGE = {"aside": put_aside, "sound": find_sound, "scrap": throw_away}


class NeedFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("low", _("Below its safety stock")), ("damaged", _("With damaged units"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[WarehouseStock]) -> QuerySet[WarehouseStock]:
        if self.value() == "low":
            return queryset.filter(on_hand__lt=F("allocated") + F("safety"))
        return queryset.filter(damaged__gt=0) if self.value() == "damaged" else queryset


@admin.register(WarehouseStock)
class WarehouseStockAdmin(ReadOnlyAdmin):
    list_display = ["shown_product", "sku", "warehouse", "on_hand", "allocated", "free", "safety", "damaged"]
    list_filter = [NeedFilter, "warehouse"]
    search_fields = ["sku__code", "sku__product__name"]
    list_select_related = ["sku__product", "warehouse"]
    ordering = ["sku_id", "warehouse_id"]
    show_full_result_count = False
    actions_list = ["receive", "receive_file", "count", "damage", "safety_stock", "fill_up"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[WarehouseStock]:
        return super().get_queryset(request).annotate(free_units=F("on_hand") - F("allocated"))

    @display(description=gettext_lazy("product"), ordering="sku__product__name")
    def shown_product(self, stock: WarehouseStock) -> str:
        return f"{stock.sku.product.name} {stock.sku.options_label}".strip()

    @display(description=gettext_lazy("free"), ordering="free_units")
    def free(self, stock: Any) -> int:
        return stock.free_units

    def has_book_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("network.change_warehousestock")

    @action(description=gettext_lazy("Receive goods"), url_path="receive", permissions=["book"], icon="input")
    def receive(self, request: HttpRequest) -> HttpResponse:
        form = ReceiptForm(request.POST or None)

        def book() -> str:
            data = form.cleaned_data
            receive_stock(
                warehouse_id=data["warehouse"].pk,
                items=data["lines"],
                reference=data["reference"],
                reason=data["reason"],
                actor=staff(request),
                now=clock.now(),
            )
            return _received(data["lines"])

        return self._booked(request, form, book) or form_page(self, request, form=form, title=_("Receive goods"))

    @action(description=gettext_lazy("Stock-take"), url_path="count", permissions=["book"], icon="fact_check")
    def count(self, request: HttpRequest) -> HttpResponse:
        form = CountForm(request.POST or None)

        def book() -> str:
            data = form.cleaned_data
            differences = count_stock(
                warehouse_id=data["warehouse"].pk,
                counts=data["lines"],
                reference=data["reference"],
                reason=data["reason"],
                actor=staff(request),
                now=clock.now(),
            )
            return ngettext(
                "{count} difference was booked.", "{count} differences were booked.", len(differences)
            ).format(count=len(differences))

        return self._booked(request, form, book) or form_page(self, request, form=form, title=_("Stock-take"))

    @action(
        description=gettext_lazy("Receive by file"), url_path="receive-file", permissions=["book"], icon="upload_file"
    )
    def receive_file(self, request: HttpRequest) -> HttpResponse:
        form = ReceiptFileForm(request.POST or None, request.FILES or None)
        context: dict[str, Any] = {"buttons": [(CHECK, _("Check only")), ("receive", _("Receive"))]}

        def book() -> str:
            data = form.cleaned_data
            receipt = read_receipt(data["file"])
            if receipt.problems:
                context["table_title"] = _("Nothing was received. Correct these rows and try again.")
                context["table"] = {
                    "headers": [_("row"), _("column"), _("reason")],
                    "rows": [[problem.row, problem.column, problem.message] for problem in receipt.problems],
                }
                return ""
            if request.POST.get("do") == CHECK:
                messages.info(request, _("The file is right. Choose it again to receive the goods."))
                return ""
            receive_stock(
                warehouse_id=data["warehouse"].pk,
                items=receipt.items,
                reference=data["reference"],
                reason=data["reason"],
                actor=staff(request),
                now=clock.now(),
            )
            return _received(receipt.items)

        return self._booked(request, form, book) or form_page(
            self, request, form=form, title=_("Receive by file"), **context
        )

    @action(description=gettext_lazy("Damage"), url_path="damage", permissions=["book"], icon="broken_image")
    def damage(self, request: HttpRequest) -> HttpResponse:
        form = DamageForm(request.POST or None)

        def book() -> str:
            data = form.cleaned_data
            DAMAGE[data["what"]](
                warehouse_id=data["warehouse"].pk,
                items=data["lines"],
                reference=data["reference"],
                reason=data["reason"],
                actor=staff(request),
                now=clock.now(),
            )
            units = sum(data["lines"].values())
            return ngettext("{count} unit was booked.", "{count} units were booked.", units).format(count=units)

        return self._booked(request, form, book) or form_page(self, request, form=form, title=_("Damage"))

    @action(description=gettext_lazy("Safety stock"), url_path="safety", permissions=["book"], icon="health_and_safety")
    def safety_stock(self, request: HttpRequest) -> HttpResponse:
        form = SafetyForm(request.POST or None)

        def book() -> str:
            data = form.cleaned_data
            set_safety_stock(warehouse_id=data["warehouse"].pk, items=data["lines"])
            for stock in WarehouseStock.objects.filter(warehouse=data["warehouse"], sku__in=data["lines"]):
                self.log_change(request, stock, _("Safety stock: {units}").format(units=stock.safety))
            return _("The safety stock was set.")

        return self._booked(request, form, book) or form_page(self, request, form=form, title=_("Safety stock"))

    @action(description=gettext_lazy("To fill up"), url_path="fill-up", permissions=["view"], icon="move_up")
    def fill_up(self, request: HttpRequest) -> HttpResponse:
        """What lacks, and which warehouse has more than it needs itself."""
        rows = [
            [each.sku_code, each.warehouse, each.free, each.safety, each.lacking, each.donor or "–", each.spare or "–"]
            for each in to_fill_up()
        ]
        headers = [
            _("SKU"),
            _("warehouse"),
            _("free"),
            _("safety stock"),
            _("lacks"),
            _("could come from"),
            _("to spare there"),
        ]
        title = _("Below their safety stock")
        return panels_page(self, request, title=_("To fill up"), panels=[ListPanel(title, headers, rows)])

    def _booked(self, request: HttpRequest, form: Form, book: Callable[[], str]) -> HttpResponse | None:
        """Run `book` on a valid form and go back to the list; None when the page is to be shown (again)."""
        if request.method != "POST" or not form.is_valid():
            return None
        try:
            done = book()
        except DomainError as refusal:
            form.add_error(None, str(refusal))
            return None
        if not done:
            return None
        messages.success(request, done)
        return redirect("admin:network_warehousestock_changelist")


def _received(items: dict[int, int]) -> str:
    return _("{units} units of {skus} SKUs were received.").format(units=sum(items.values()), skus=len(items))


@admin.register(StockMovement)
class StockMovementAdmin(FoundByKeys, ReadOnlyAdmin):
    list_display = ["created_at", "warehouse", "sku", "shown_kind", "quantity", "reference", "reason", "actor"]
    list_filter = ["kind", "warehouse", ("created_at", RangeDateTimeFilter)]
    list_filter_submit = True
    search_keys = ("sku__code",)
    list_select_related = ["warehouse", "sku"]
    ordering = ["-pk"]

    def found(self, queryset: QuerySet[Any], term: str) -> set[Any]:
        """Also by its reference, which stands second in an index, after the kind."""
        referred = StockMovement.objects.filter(kind__in=StockMovement.Kind.values, reference=term)
        return super().found(queryset, term) | set(referred.values_list("pk", flat=True)[:MOST_FOUND])

    @display(
        description=gettext_lazy("kind"),
        label={
            "receipt": "success",
            "shipment": "info",
            "count": "warning",
            "return": "info",
            "damage": "danger",
            "scrap": "danger",
            "transfer": "primary",
            "repair": "success",
        },
    )
    def shown_kind(self, movement: StockMovement) -> Label:
        return Label(movement.kind, movement.get_kind_display())
