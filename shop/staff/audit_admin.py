"""The audit trail: the admin's own log as a list, and a search over everything that staff did."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from shop.core.admin import ReadOnlyAdmin
from shop.core.audit import Search, search, trails_for
from shop.core.clock import day_bounds
from shop.core.models import StaffUser
from shop.core.trails import log_seen_by

SHOWN = 50


class AuditForm(forms.Form):
    actor = forms.ChoiceField(label=gettext_lazy("who"), required=False, widget=UnfoldAdminSelectWidget)
    kind = forms.ChoiceField(label=gettext_lazy("kind"), required=False, widget=UnfoldAdminSelectWidget)
    number = forms.CharField(
        label=gettext_lazy("number or name"), required=False, max_length=80, widget=UnfoldAdminTextInputWidget
    )
    since = forms.DateField(label=gettext_lazy("from day"), required=False, widget=UnfoldAdminDateWidget)
    until = forms.DateField(label=gettext_lazy("to day"), required=False, widget=UnfoldAdminDateWidget)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        accounts = StaffUser.objects.order_by("username").values_list("username", "first_name")
        named = [(username, f"{first} ({username})" if first else username) for username, first in accounts]
        kinds: Any = sorted(((trail.name, str(trail.label)) for trail in trails_for(user)), key=lambda pair: pair[1])
        self.fields["actor"].choices = [("", _("Everybody")), *named]  # type: ignore[attr-defined]
        self.fields["kind"].choices = [("", _("Everything")), *kinds]  # type: ignore[attr-defined]

    def asked(self) -> Search:
        given = self.cleaned_data if self.is_valid() else {}
        return Search(
            actor=given.get("actor", ""),
            kind=given.get("kind", ""),
            number=given.get("number", ""),
            since=day_bounds(given["since"])[0] if given.get("since") else None,
            until=day_bounds(given["until"])[1] if given.get("until") else None,
        )


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    """Who did what in the admin, to objects that the reader may look at."""

    list_display = ["action_time", "user", "content_type", "object_repr", "shown_change"]
    list_filter = ["action_flag", "content_type"]
    search_fields = ["object_repr", "user__username"]
    list_select_related = ["user", "content_type"]
    ordering = ["-action_time"]
    show_full_result_count = False

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.search_view)
        return [path("search/", view, name="audit_search"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[LogEntry]:
        return super().get_queryset(request).filter(log_seen_by(request.user))

    @display(description=gettext_lazy("change"))
    def shown_change(self, entry: LogEntry) -> str:
        return entry.get_change_message()

    def search_view(self, request: HttpRequest) -> HttpResponse:
        """The newest first; `before` goes on with what is older."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = AuditForm(request.GET, user=request.user)
        asked = form.asked()
        before = parse_datetime(request.GET.get("before", "")[:40].replace(" ", "+"))
        if before is not None and before.tzinfo is not None and (asked.until is None or before < asked.until):
            asked = Search(asked.actor, asked.kind, asked.number, asked.since, before)
        found = search(user=request.user, asked=asked, limit=SHOWN) if form.is_valid() else []
        older = request.GET.copy()
        if len(found) == SHOWN:
            older["before"] = found[-1].deed.at.isoformat()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Who did what"),
            "form": form,
            "found": found,
            "older": f"?{older.urlencode()}" if len(found) == SHOWN else "",
        }
        return TemplateResponse(request, "admin/audit.html", context)
