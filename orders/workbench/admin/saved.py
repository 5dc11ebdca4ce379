"""Saved filters over the list of orders: tabs with counts, and the pages that save, change and delete them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from orders.workbench.criteria import SEARCH, given_of, matching, sentences
from orders.workbench.errors import FilterIsNotYours
from orders.workbench.models import FirstFilter, SavedFilter
from orders.workbench.queries import MOST_COUNTED, count_up_to
from orders.workbench.services.filters import change_filter, delete_filter, save_filter, visible_filters
from shop.core import clock
from shop.core.editing import ModelAdmin
from shop.core.errors import DomainError, NotFound
from shop.core.screens import form_page
from shop.core.shown import AsShownMixin

LIST = "admin:checkout_order_changelist"


class FilterForm(AsShownMixin, forms.Form):
    name = forms.CharField(label=gettext_lazy("name"), max_length=30, widget=UnfoldAdminTextInputWidget)
    shared = forms.BooleanField(
        label=gettext_lazy("for all colleagues"), required=False, widget=UnfoldBooleanSwitchWidget
    )
    first = forms.BooleanField(
        label=gettext_lazy("open the list of orders with it"), required=False, widget=UnfoldBooleanSwitchWidget
    )


@dataclass(frozen=True)
class Tab:
    """`count_of` is what its number is asked for by; the tab of all orders has none."""

    name: str
    link: str
    is_open: bool
    count_of: int | None = None


class SavedFilterPages(ModelAdmin):
    """The part of the order desk that is about saved filters."""

    list_before_template = "admin/orders/tabs.html"
    list_after_template = "admin/orders/go_on.html"

    def get_urls(self) -> list[URLPattern]:
        pages = [
            path("filters/counts/", self.admin_site.admin_view(self.count_filters), name="workbench_filter_counts"),
            path("filters/save/", self.admin_site.admin_view(self.save_this_filter), name="workbench_filter_save"),
            path("filters/<int:pk>/", self.admin_site.admin_view(self.edit_filter), name="workbench_filter"),
        ]
        return [*pages, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if request.method == "GET" and not request.GET:
            first = FirstFilter.objects.filter(staff=request.user.pk).select_related("filter").first()
            if first is not None and (first.filter.is_shared or first.filter.owner_id == request.user.pk):
                return redirect(_link(first.filter.given))
        given = given_of(request.GET)
        saved = list(visible_filters(staff_id=_who(request)))
        context = {
            "tabs": _tabs(saved, given),
            "open_filter": next((each for each in saved if each.given == given), None),
            "given": given,
            "given_query": urlencode(given),
            **(extra_context or {}),
        }
        return _with_end(super().changelist_view(request, context))

    def count_filters(self, request: HttpRequest) -> JsonResponse:
        """Asked for once the list is there, so that no list waits for a count."""
        self._demand_view(request)
        counts = {saved.pk: _count(saved) for saved in visible_filters(staff_id=_who(request))}
        return JsonResponse(counts)

    def save_this_filter(self, request: HttpRequest) -> HttpResponse:
        self._demand_view(request)
        given = given_of(request.GET)
        form = FilterForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                saved = save_filter(staff_id=_who(request), parameters=given, now=clock.now(), **form.cleaned_data)
            except DomainError as refusal:
                form.add_error("name", str(refusal))
            else:
                messages.success(request, _("The filter “{name}” was saved.").format(name=saved.name))
                return redirect(_link(given))
        return self._filter_page(request, form, _("Save this filter"), given, [("save", _("Save"))])

    def edit_filter(self, request: HttpRequest, pk: int) -> HttpResponse:
        self._demand_view(request)
        staff_id = _who(request)
        saved = visible_filters(staff_id=staff_id).filter(pk=pk).first()
        if saved is None:
            raise PermissionDenied
        first = FirstFilter.objects.filter(staff=staff_id, filter=saved).exists()
        known = {"name": saved.name, "shared": saved.is_shared, "first": first}
        form = FilterForm(request.POST or None, initial=known)
        if request.method == "POST":
            try:
                if request.POST.get("do") == "delete":
                    delete_filter(filter_id=pk, staff_id=staff_id)
                    return redirect(f"{reverse(LIST)}?{SEARCH}=")
                if form.is_valid():
                    change_filter(filter_id=pk, staff_id=staff_id, **form.cleaned_data)
                    return redirect(_link(saved.given))
            except (FilterIsNotYours, NotFound) as refusal:
                messages.error(request, str(refusal))
                return redirect(_link(saved.given))
            except DomainError as refusal:
                form.add_error("name", str(refusal))
        own = [("delete", _("Delete"))] if saved.owner_id == staff_id else []
        return self._filter_page(request, form, saved.name, saved.given, [*own, ("save", _("Save"))])

    def _filter_page(
        self, request: HttpRequest, form: forms.Form, title: str, given: Mapping[str, str], buttons: Any
    ) -> HttpResponse:
        table = {"headers": [_("criteria")], "rows": [[sentence] for sentence in sentences(given)]}
        return form_page(self, request, form=form, title=title, table=table, buttons=buttons)

    def _demand_view(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied


def _who(request: HttpRequest) -> int:
    assert request.user.pk is not None
    return request.user.pk


def _with_end(response: HttpResponse) -> HttpResponse:
    """Where the pages end although there is more, the list goes on from its last order."""
    context = getattr(response, "context_data", None) or {}
    shown = context.get("cl")
    if shown is not None and shown.paginator.is_cut_short and shown.page_num == shown.paginator.num_pages:
        context["last_shown"] = list(shown.result_list)[-1].pk
    return response


def _tabs(saved: list[SavedFilter], given: Mapping[str, str]) -> list[Tab]:
    everything = Tab(_("All"), f"{reverse(LIST)}?{SEARCH}=", not given)
    return [everything, *(Tab(each.name, _link(each.given), each.given == given, each.pk) for each in saved)]


def _link(given: Mapping[str, str]) -> str:
    return f"{reverse(LIST)}?{urlencode(given)}"


def _count(saved: SavedFilter) -> str:
    count = count_up_to(matching(saved.given))
    if count is None:
        return "…"
    return f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count)
