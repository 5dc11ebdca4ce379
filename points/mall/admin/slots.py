"""What can be booked: resources, the calendar of each, and single slots."""

from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from simple_history.admin import SimpleHistoryAdmin
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import action, display

from points.mall.forms import ReasonForm, ResourceForm, SlotsForm
from points.mall.models import Resource, Slot
from points.mall.services.calling_off import call_off_slot
from points.mall.services.planning import plan_slots
from shop.core import clock
from shop.core.clock import SHANGHAI, business_day, day_bounds
from shop.core.editing import ModelAdmin
from shop.core.errors import DomainError
from shop.core.paginator import BoundedPaginator
from shop.core.screens import form_page, found_or_404

WEEK = 7


@admin.register(Resource)
class ResourceAdmin(SimpleHistoryAdmin, ModelAdmin):
    form = ResourceForm
    list_display = ["name", "store_code", "note", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name", "store_code"]
    ordering = ["pk"]
    actions_detail = ["calendar", "plan"]

    def has_delete_permission(self, request: HttpRequest, obj: Resource | None = None) -> bool:
        unused = obj is None or not (obj.rewards.exists() or obj.slots.exists())
        return super().has_delete_permission(request, obj) and unused

    def has_plan_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("mall.add_slot")

    @action(description=gettext_lazy("Calendar"), url_path="calendar", permissions=["view"], icon="calendar_month")
    def calendar(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A week of its slots, with how many have booked."""
        resource = found_or_404(self, request, object_id)
        first = _day(request.GET.get("from", "")) or business_day(clock.now())
        context = {
            **self.admin_site.each_context(request),
            "opts": self.model._meta,
            "title": f"{_('Calendar')}: {resource}",
            "days": _week(resource, first),
            "before": (first - timedelta(days=WEEK)).isoformat(),
            "after": (first + timedelta(days=WEEK)).isoformat(),
            "may_change": self.has_plan_permission(request),
            "plan_url": reverse("admin:mall_resource_plan", args=[resource.pk]),
        }
        return TemplateResponse(request, "admin/points/slot_calendar.html", context)

    @action(description=gettext_lazy("Add slots"), url_path="plan", permissions=["plan"], icon="more_time")
    def plan(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The same hours on many days; slots that are there already stay."""
        resource = found_or_404(self, request, object_id)
        form = SlotsForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                count = plan_slots(resource_id=resource.pk, plan=form.plan())
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                said = _("{count} slots were added.").format(count=count)
                self.log_change(request, resource, said)
                messages.success(request, said)
                calendar = reverse("admin:mall_resource_calendar", args=[resource.pk])
                return redirect(f"{calendar}?from={form.cleaned_data['first_day']}")
        title = f"{_('Add slots')}: {resource}"
        return form_page(self, request, form=form, title=title, buttons=[("go", _("Add slots"))])


@admin.register(Slot)
class SlotAdmin(SimpleHistoryAdmin, ModelAdmin):
    """A slot that somebody has booked keeps its time; it may be closed or hold more."""

    list_display = ["shown_slot", "resource", "shown_places", "is_closed"]
    list_filter = ["resource", "is_closed", ("starts_at", RangeDateTimeFilter)]
    list_filter_submit = True
    list_select_related = ["resource"]
    fields = ["resource", "starts_at", "ends_at", ("capacity", "is_closed"), "booked"]
    ordering = ["-starts_at", "pk"]
    paginator = BoundedPaginator
    show_full_result_count = False
    actions_detail = ["call_off"]

    def get_readonly_fields(self, request: HttpRequest, obj: Slot | None = None) -> list[str]:
        return ["booked"] if obj is None or not obj.booked else ["resource", "starts_at", "ends_at", "booked"]

    def has_delete_permission(self, request: HttpRequest, obj: Slot | None = None) -> bool:
        unused = obj is None or not (obj.booked or obj.vouchers.exists())
        return super().has_delete_permission(request, obj) and unused

    def has_call_off_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        booked = Slot.objects.filter(pk=object_id, booked__gt=0, starts_at__gt=clock.now())
        return request.user.has_perm("mall.change_slot") and booked.exists()

    @action(description=gettext_lazy("Call off"), url_path="call-off", permissions=["call_off"], icon="event_busy")
    def call_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Who has booked it chooses another time, and is told so."""
        slot = found_or_404(self, request, object_id)
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            count = call_off_slot(slot_id=slot.pk, reason=form.cleaned_data["reason"], now=clock.now())
            said = _("Called off; {count} vouchers can be booked for another time.").format(count=count)
            self.log_change(request, slot, said)
            messages.success(request, said)
            return redirect("admin:mall_slot_change", slot.pk)
        title = f"{_('Call off')}: {slot.resource} · {slot}"
        table = {"headers": ["", ""], "rows": [[_("booked"), slot.booked]]}
        note = _("Who has booked is told and chooses another time; no voucher is lost.")
        buttons = [("go", _("Call off"))]
        return form_page(self, request, form=form, title=title, table=table, table_title=note, buttons=buttons)

    @display(description=gettext_lazy("slot"), ordering="starts_at")
    def shown_slot(self, slot: Slot) -> str:
        return str(slot)

    @display(description=gettext_lazy("places taken"), ordering="booked")
    def shown_places(self, slot: Slot) -> str:
        return f"{slot.booked} / {slot.capacity}"


def _week(resource: Resource, first: date) -> list[dict[str, Any]]:
    days = [first + timedelta(days=n) for n in range(WEEK)]
    since, until = day_bounds(days[0])[0], day_bounds(days[-1])[1]
    slots: dict[date, list[dict[str, Any]]] = {day: [] for day in days}
    rows = Slot.objects.filter(resource=resource, starts_at__gte=since, starts_at__lt=until)
    for slot in rows.order_by("starts_at"):
        slots[business_day(slot.starts_at)].append(
            {
                "url": reverse("admin:mall_slot_change", args=[slot.pk]),
                "hours": f"{_hour(slot.starts_at)}–{_hour(slot.ends_at)}",
                "booked": slot.booked,
                "capacity": slot.capacity,
                "left": slot.left,
                "is_closed": slot.is_closed,
            }
        )
    today = business_day(clock.now())
    return [{"label": date_format(day, "m-d D"), "is_today": day == today, "slots": slots[day]} for day in days]


def _hour(instant: datetime) -> str:
    return f"{instant.astimezone(SHANGHAI):%H:%M}"


def _day(given: str) -> date | None:
    try:
        return date.fromisoformat(given)
    except ValueError:
        return None
