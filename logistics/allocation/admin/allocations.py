"""One allocation: why it is there, and what a person may do about it."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from logistics.allocation.forms import ElsewhereForm, NoteForm, RejectForm
from logistics.allocation.models import Allocation, Reason
from logistics.allocation.screens import explain
from logistics.allocation.services import reject_allocation, send_from_elsewhere, take_override_back
from logistics.allocation.services.replaying import replay
from logistics.network.queries import warehouse_states
from shop.catalog.models import Sku
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.screens import form_page, found_or_404, staff
from shop.core.searching import FoundByKeys


@admin.register(Allocation)
class AllocationAdmin(FoundByKeys, ReadOnlyAdmin):
    list_display = ["number", "request", "warehouse", "shown_status", "weight_g", "picked_at", "created_at"]
    list_filter = ["status", "warehouse"]
    search_keys = ("number", "request__order_number")
    list_select_related = ["request", "warehouse"]
    ordering = ["-pk"]
    actions_detail = ["reject", "elsewhere", "take_back", "again"]
    fields = [
        "number",
        "request",
        "warehouse",
        "status",
        "weight_g",
        "volume_cm3",
        "picked_at",
        "created_at",
        "explanation",
    ]
    readonly_fields = ["explanation"]

    @display(
        description=gettext_lazy("status"),
        label={"open": "info", "shipped": "success", "released": "danger"},
        ordering="status",
    )
    def shown_status(self, allocation: Allocation) -> Label:
        return Label(allocation.status, allocation.get_status_display())

    @display(description=gettext_lazy("decision"))
    def explanation(self, allocation: Allocation) -> str:
        return explain(allocation.decision)

    def has_intervene_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Shown while it is open; a second click is told, not turned away."""
        known = str(object_id).isdecimal() and len(str(object_id)) < 19
        over = known and Allocation.objects.exclude(status=Allocation.Status.OPEN).filter(pk=object_id).exists()
        may = request.user.has_perm("allocation.change_fulfilmentrequest")
        return may and (request.method == "POST" or not over)

    def has_undo_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        known = str(object_id).isdecimal() and len(str(object_id)) < 19
        by_hand = known and Allocation.objects.filter(pk=object_id, decision__rule="by_hand").exists()
        return self.has_intervene_permission(request, object_id) and (request.method == "POST" or by_hand)

    @action(description=gettext_lazy("Turn down"), url_path="reject", permissions=["intervene"], icon="block")
    def reject(self, request: HttpRequest, object_id: str) -> HttpResponse:
        allocation = found_or_404(self, request, object_id)
        items = dict(allocation.lines.order_by("pk").values_list("sku_id", "quantity"))
        codes = dict(Sku.objects.filter(pk__in=items).values_list("pk", "code"))
        form = RejectForm(items, codes, request.POST or None)

        def turn_down() -> str:
            asked = reject_allocation(
                number=allocation.number,
                reason=Reason(form.cleaned_data["reason"]),
                units=form.units(),
                note=form.cleaned_data["note"],
                actor=staff(request),
                now=clock.now(),
            )
            told = _("{number} was turned down. The order: {status}.")
            return told.format(number=allocation.number, status=asked.get_status_display())

        title = _("Why does {warehouse} not send {number}?").format(
            warehouse=allocation.warehouse, number=allocation.number
        )
        return self._done(request, allocation, form, turn_down, title, _("Turn down"))

    @action(
        description=gettext_lazy("Send from elsewhere"),
        url_path="elsewhere",
        permissions=["intervene"],
        icon="alt_route",
    )
    def elsewhere(self, request: HttpRequest, object_id: str) -> HttpResponse:
        allocation = found_or_404(self, request, object_id)
        items = dict(allocation.lines.values_list("sku_id", "quantity"))
        places = {
            state.warehouse_id: state.name
            for state in warehouse_states(sku_ids=items)
            if state.warehouse_id != allocation.warehouse_id
            and all(state.free.get(sku_id, 0) >= units for sku_id, units in items.items())
        }
        form = ElsewhereForm(places, request.POST or None)

        def send() -> str:
            data = form.cleaned_data
            moved = send_from_elsewhere(
                number=allocation.number,
                warehouse_id=data["warehouse"],
                note=data["note"],
                actor=staff(request),
                now=clock.now(),
            )
            self.log_change(request, moved, _("Sent from elsewhere: {note}").format(note=data["note"]))
            return _("It is sent from {warehouse} now.").format(warehouse=moved.warehouse)

        title = _("Where else is {number} to come from?").format(number=allocation.number)
        if not places:
            messages.warning(request, _("No other warehouse has all of it."))
        return self._done(request, allocation, form, send, title, _("Send from there"))

    @action(description=gettext_lazy("Take back"), url_path="take-back", permissions=["undo"], icon="undo")
    def take_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        allocation = found_or_404(self, request, object_id)
        form = NoteForm(request.POST or None)

        def undo() -> str:
            back = take_override_back(
                number=allocation.number, note=form.cleaned_data["note"], actor=staff(request), now=clock.now()
            )
            self.log_change(request, back, _("Taken back: {note}").format(note=form.cleaned_data["note"]))
            return _("It is sent from {warehouse} again.").format(warehouse=back.warehouse)

        title = _("Is {number} to come from where it was decided?").format(number=allocation.number)
        return self._done(request, allocation, form, undo, title, _("Take back"))

    @action(description=gettext_lazy("Decide again"), url_path="replay", permissions=["view"], icon="replay")
    def again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """From what the decision depended on then; nothing is changed."""
        allocation = found_or_404(self, request, object_id)
        title = _("Decide {number} again, from what was known then?").format(number=allocation.number)
        if request.method != "POST":
            return form_page(self, request, form=Form(), title=title, buttons=[("again", _("Decide again"))])
        try:
            same = replay(allocation=allocation)
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            if same:
                messages.success(request, _("The same decision, to the last reason."))
            else:
                messages.warning(request, _("Another decision. The program has changed since."))
        return redirect("admin:allocation_allocation_change", object_id)

    def _done(
        self,
        request: HttpRequest,
        allocation: Allocation,
        form: Form,
        do: Callable[[], str],
        title: str,
        button: str,
    ) -> HttpResponse:
        if request.method == "POST" and form.is_valid():
            try:
                told = do()
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, told)
                return redirect("admin:allocation_fulfilmentrequest_change", allocation.request_id)
        return form_page(self, request, form=form, title=title, buttons=[("do", button)])
