"""The warehouse's screen: what to ship, what is on its way, what needs a person."""

from dataclasses import replace
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import action, display

from logistics.allocation.services import begin_picking
from logistics.carriers.models import CarrierChoice
from logistics.carriers.screens import offers_table
from logistics.shipments.figures import panels
from logistics.shipments.forms import PackForm, ShipForm
from logistics.shipments.models import Shipment, ShipmentLine, TrackingCorrection
from logistics.shipments.packing import pack_anew, together, units_of
from logistics.shipments.piles import in_pile
from logistics.shipments.printing import MOST_PRINTED, picking_list, slips
from logistics.shipments.services import BEFORE_SHIPPING, UNDER_WAY, correct_tracking, deliver, ship
from members.identity.panels import may_reveal
from members.identity.recipients import Addressee
from shop.core import clock
from shop.core.admin import PartInlineMixin, ReadOnlyAdmin
from shop.core.confirming import asks
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.money import yuan
from shop.core.people import PeopleMixin
from shop.core.screens import form_page, found_or_404, panels_page, staff
from shop.core.searching import FoundByKeys

SHOWN_FAILURES = 20
SOON_HOURS = 12


def sees_recipients(request: HttpRequest) -> bool:
    """Whoever hands parcels over needs to know to whom; others see as much of people as everywhere."""
    return request.user.has_perm("shipments.change_shipment") or may_reveal(request)


class WorkFilter(admin.SimpleListFilter):
    """The piles of the day."""

    title = gettext_lazy("work")
    parameter_name = "work"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("to_ship", _("To ship")),
            ("under_way", _("On the way")),
            ("stuck", _("Needs a decision")),
            ("attention", _("Needs attention")),
            ("late", _("Later than promised")),
            ("done", _("Delivered")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Shipment]) -> QuerySet[Shipment]:
        return in_pile(queryset, self.value() or "", now=clock.now())


class ShipmentLineInline(PartInlineMixin, TabularInline):
    model = ShipmentLine
    fields = ["product", "sku", "quantity"]
    readonly_fields = ["product"]
    can_delete = False
    hide_title = True
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[ShipmentLine]:
        return super().get_queryset(request).select_related("sku__product")

    @display(description=gettext_lazy("product"))
    def product(self, line: ShipmentLine) -> str:
        return f"{line.sku.product.name} {line.sku.options_label}".strip()


class CorrectionInline(PeopleMixin, TabularInline):
    model = TrackingCorrection
    fields = ["corrected_at", "wrong_carrier", "wrong_number", "carrier", "tracking_number", "actor"]
    readonly_fields = fields
    can_delete = False
    hide_title = True
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # It has no screen of its own: who sees the parcel sees its history.
        return request.user.has_perm("shipments.view_shipment")

    def get_queryset(self, request: HttpRequest) -> QuerySet[TrackingCorrection]:
        return super().get_queryset(request).select_related("wrong_carrier", "carrier")


@admin.register(Shipment)
class ShipmentAdmin(FoundByKeys, ReadOnlyAdmin):
    list_display = [
        "number",
        "order_number",
        "warehouse",
        "shown_status",
        "carrier",
        "tracking_number",
        "attention",
        "sla",
    ]
    list_filter = [WorkFilter, "status", "warehouse", "carrier", ("created_at", RangeDateTimeFilter)]
    list_filter_submit = True
    search_keys = ("number", "order_number", "tracking_number")
    list_select_related = ["warehouse", "carrier"]
    ordering = ["-pk"]
    actions_list = ["figures"]
    actions = ["ship_selected", "merge_selected", "print_picking", "print_slips", "print_labels"]
    actions_detail = ["ship_by_hand", "correct_by_hand", "deliver_by_hand", "pack_by_hand", "packing_slip"]
    inlines = [ShipmentLineInline, CorrectionInline]
    fieldsets = [
        (None, {"fields": ["number", "order_number", "status", "attention", "warehouse"]}),
        (
            gettext_lazy("Carrier"),
            {"fields": ["carrier", "tracking_number", "weight_g", "shown_cost", "alternatives", "promised_at"]},
        ),
        (gettext_lazy("Tracking"), {"fields": ["shipped_at", "delivered_at", "timeline"]}),
    ]
    readonly_fields = ["whole_address", "destination", "masked_address", "shown_cost", "alternatives", "timeline"]

    @display(
        description=gettext_lazy("status"),
        label={
            "planned": "warning",
            "ready": "info",
            "shipped": "primary",
            "delivered": "success",
            "exception": "danger",
            "returned": "danger",
            "cancelled": "danger",
        },
        ordering="status",
    )
    def shown_status(self, shipment: Shipment) -> Label:
        return Label(shipment.status, shipment.get_status_display())

    @display(description=gettext_lazy("attention"))
    def attention(self, shipment: Shipment) -> str:
        return " · ".join(filter(None, [shipment.get_problem_display(), shipment.news])) or "–"

    @display(description=gettext_lazy("promised for"), label={"late": "danger", "soon": "warning", "": "info"})
    def sla(self, shipment: Shipment) -> Label | None:
        """How long there is until the promise, or how long it is overdue."""
        if shipment.promised_at is None or shipment.status not in {*BEFORE_SHIPPING, *UNDER_WAY}:
            return None
        hours = (shipment.promised_at - clock.now()).total_seconds() / 3600
        if hours < 0:
            return Label("late", _("{hours} h late").format(hours=f"{-hours:,.0f}"))
        return Label("soon" if hours < SOON_HOURS else "", _("{hours} h left").format(hours=f"{hours:,.0f}"))

    @action(description=gettext_lazy("Figures"), url_path="figures", permissions=["view"], icon="monitoring")
    def figures(self, request: HttpRequest) -> HttpResponse:
        found = panels(today=clock.business_day(clock.now()), now=clock.now())
        return panels_page(self, request, title=_("How orders are fulfilled"), panels=found)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        parcel, *others = super().get_fieldsets(request, obj)
        shown = "masked_address"
        if sees_recipients(request):
            shown = "whole_address" if may_reveal(request) else "destination"
        return [(None, {"fields": [*parcel[1]["fields"], shown]}), *others]

    @display(description=gettext_lazy("recipient"))
    def whole_address(self, shipment: Shipment) -> str:
        return str(Addressee.of(shipment.recipient, whole=True))

    @display(description=gettext_lazy("recipient"))
    def destination(self, shipment: Shipment) -> str:
        """Where a parcel goes and to whom; the phone is on its slip and its waybill, not on the screen."""
        masked = Addressee.of(shipment.recipient, whole=False)
        return str(replace(Addressee.of(shipment.recipient, whole=True), phone=masked.phone))

    @display(description=gettext_lazy("recipient"))
    def masked_address(self, shipment: Shipment) -> str:
        return str(Addressee.of(shipment.recipient, whole=False))

    @display(description=gettext_lazy("cost"))
    def shown_cost(self, shipment: Shipment) -> str:
        return yuan(shipment.cost_fen)

    @display(description=gettext_lazy("why this carrier"))
    def alternatives(self, shipment: Shipment) -> str:
        choice = CarrierChoice.objects.filter(reference=shipment.number).first()
        return offers_table(choice) if choice else "–"

    @display(description=gettext_lazy("timeline"))
    def timeline(self, shipment: Shipment) -> str:
        events = shipment.events.order_by("-happened_at", "-sequence")
        return render_to_string("admin/logistics/timeline.html", {"events": events})

    def has_ship_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("shipments.change_shipment")

    def has_settle_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Shown while the parcel is on its way; a second click is told, not turned away."""
        ended = Shipment.objects.exclude(status__in=UNDER_WAY)
        known = str(object_id).isdecimal() and len(str(object_id)) < 19
        shown = request.method == "POST" or not known or not ended.filter(pk=int(object_id)).exists()
        return shown and self.has_ship_permission(request)

    @admin.action(description=gettext_lazy("Ship the selected parcels"), permissions=["ship"])
    @asks(gettext_lazy("Ship {count} parcels? Members are told, and stock leaves."))
    def ship_selected(self, request: HttpRequest, queryset: QuerySet[Shipment]) -> None:
        """Each parcel in a transaction of its own: one that cannot go does not hold up the others."""
        failures = []
        numbers = list(queryset.order_by("pk").values_list("number", flat=True))
        for number in numbers:
            try:
                ship(shipment_number=number, actor=staff(request), now=clock.now())
            except DomainError as refusal:
                failures.append(f"{number}: {refusal}")
        done = len(numbers) - len(failures)
        if done:
            text = ngettext("{count} parcel was shipped.", "{count} parcels were shipped.", done)
            self.message_user(request, text.format(count=done), messages.SUCCESS)
        for failure in failures[:SHOWN_FAILURES]:
            self.message_user(request, failure, messages.ERROR)
        if len(failures) > SHOWN_FAILURES:
            more = _("{count} more were refused.").format(count=len(failures) - SHOWN_FAILURES)
            self.message_user(request, more, messages.ERROR)

    @admin.action(description=gettext_lazy("Merge into one parcel"), permissions=["ship"])
    @asks(
        gettext_lazy("Merge {count} parcels into one?"),
        undo=gettext_lazy("“Pack anew” on the parcel splits it again."),
    )
    def merge_selected(self, request: HttpRequest, queryset: QuerySet[Shipment]) -> None:
        shipments = list(queryset.prefetch_related("lines").order_by("pk"))
        if len({shipment.order_number for shipment in shipments}) > 1 or len(shipments) < 2:
            self.message_user(request, _("Choose several parcels of one order."), messages.ERROR)
        else:
            self._pack(request, shipments, [units_of(shipments)])

    @admin.action(description=gettext_lazy("Print a picking list"), permissions=["view"])
    def print_picking(self, request: HttpRequest, queryset: QuerySet[Shipment]) -> HttpResponse:
        if self.has_ship_permission(request):
            begin_picking(allocation_ids=list(queryset.values_list("allocation_id", flat=True)), now=clock.now())
        return picking_list(request, queryset)

    @admin.action(description=gettext_lazy("Print packing slips"), permissions=["view"])
    def print_slips(self, request: HttpRequest, queryset: QuerySet[Shipment]) -> HttpResponse | None:
        return self._slips(request, queryset)

    @admin.action(description=gettext_lazy("Print packing slips (100 mm)"), permissions=["view"])
    def print_labels(self, request: HttpRequest, queryset: QuerySet[Shipment]) -> HttpResponse | None:
        return self._slips(request, queryset, narrow=True)

    def _slips(self, request: HttpRequest, chosen: QuerySet[Shipment], *, narrow: bool = False) -> HttpResponse | None:
        if chosen[: MOST_PRINTED + 1].count() > MOST_PRINTED:
            told = _("At most {count} packing slips are printed together; none was printed. Narrow the filter.")
            self.message_user(request, told.format(count=MOST_PRINTED), messages.ERROR)
            return None
        return slips(request, chosen, whole=sees_recipients(request), narrow=narrow)

    @action(description=gettext_lazy("Packing slip"), url_path="packing-slip", permissions=["view"], icon="print")
    def packing_slip(self, request: HttpRequest, object_id: str) -> HttpResponse:
        shipment = found_or_404(self, request, object_id)
        return slips(request, self.get_queryset(request).filter(pk=shipment.pk), whole=sees_recipients(request))

    @action(description=gettext_lazy("Pack anew"), url_path="pack", permissions=["ship"], icon="package_2")
    def pack_by_hand(self, request: HttpRequest, object_id: str) -> HttpResponse:
        shipment = found_or_404(self, request, object_id)
        shipments = together(shipment)
        form = PackForm(shipments, request.POST or None)
        if request.method == "POST" and form.is_valid() and self._pack(request, shipments, form.packed()):
            return redirect(f"{reverse('admin:shipments_shipment_changelist')}?q={shipment.order_number}")
        title = _("Pack what order {number} gets from {warehouse}").format(
            number=shipment.order_number, warehouse=shipment.warehouse
        )
        return form_page(self, request, form=form, title=title, buttons=[("pack", _("Pack anew"))])

    def _pack(self, request: HttpRequest, shipments: list[Shipment], parcels: list[Any]) -> bool:
        numbers = [shipment.number for shipment in shipments]
        try:
            pack_anew(
                order_number=shipments[0].order_number if shipments else "",
                shipment_numbers=numbers,
                parcels=parcels,
                now=clock.now(),
            )
        except DomainError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return False
        for shipment in shipments:
            self.log_change(request, shipment, _("Packed anew"))
        text = ngettext("{count} parcel is being packed anew.", "{count} parcels are being packed anew.", len(parcels))
        self.message_user(request, text.format(count=len(parcels)), messages.SUCCESS)
        return True

    @action(description=gettext_lazy("Ship by hand"), url_path="ship", permissions=["ship"], icon="local_shipping")
    def ship_by_hand(self, request: HttpRequest, object_id: str) -> HttpResponse:
        shipment = found_or_404(self, request, object_id)
        known = {"carrier": shipment.carrier_id, "tracking_number": shipment.tracking_number}
        form = ShipForm(request.POST or None, initial=known)
        if request.method == "POST" and form.is_valid():
            try:
                ship(
                    shipment_number=shipment.number,
                    carrier_id=form.cleaned_data["carrier"].pk,
                    tracking_number=form.cleaned_data["tracking_number"],
                    actor=staff(request),
                    now=clock.now(),
                )
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("{number} was shipped.").format(number=shipment.number))
                return redirect("admin:shipments_shipment_change", object_id)
        title = _("Ship {number}").format(number=shipment.number)
        return form_page(self, request, form=form, title=title, buttons=[("ship", _("Ship"))])

    @action(
        description=gettext_lazy("Mark as delivered"),
        url_path="deliver",
        permissions=["settle"],
        icon="done_all",
    )
    def deliver_by_hand(self, request: HttpRequest, object_id: str) -> HttpResponse:
        shipment = found_or_404(self, request, object_id)
        form = Form(request.POST or None)
        if request.method == "POST":
            try:
                deliver(shipment_number=shipment.number, now=clock.now())
            except DomainError as refusal:
                messages.error(request, str(refusal))
            else:
                self.log_change(request, shipment, _("Marked as delivered"))
                messages.success(request, _("{number} has arrived.").format(number=shipment.number))
            return redirect("admin:shipments_shipment_change", object_id)
        title = _("Has {number} arrived?").format(number=shipment.number)
        return form_page(self, request, form=form, title=title, buttons=[("deliver", _("Mark as delivered"))])

    @action(
        description=gettext_lazy("Correct the tracking number"),
        url_path="tracking",
        permissions=["settle"],
        icon="edit",
    )
    def correct_by_hand(self, request: HttpRequest, object_id: str) -> HttpResponse:
        shipment = found_or_404(self, request, object_id)
        wrong = {"carrier": shipment.carrier_id, "tracking_number": shipment.tracking_number}
        form = ShipForm(request.POST or None, initial=wrong)
        form.subject = shipment
        if request.method == "POST" and form.is_valid():
            right = form.cleaned_data["tracking_number"]
            try:
                correct_tracking(
                    shipment_number=shipment.number,
                    carrier_id=form.cleaned_data["carrier"].pk,
                    tracking_number=right,
                    actor=staff(request),
                    now=clock.now(),
                )
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                told = _("Tracking number corrected: {wrong} → {right}")
                self.log_change(request, shipment, told.format(wrong=shipment.tracking_number, right=right))
                messages.success(request, _("The tracking number was corrected."))
                return redirect("admin:shipments_shipment_change", object_id)
        title = _("Correct the tracking number of {number}").format(number=shipment.number)
        return form_page(self, request, form=form, title=title, buttons=[("correct", _("Correct"))])
