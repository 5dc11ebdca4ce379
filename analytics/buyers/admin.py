"""Buyers for the staff: everybody's figures, the pages of charts, segments by filter, returns of campaigns."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action, display

from analytics.buyers.forms import SegmentFilterForm
from analytics.buyers.models import BuyerProfile, CampaignReturn, SegmentFilter, StageMove
from analytics.buyers.pages import BuyerPages
from analytics.buyers.services.filters import preview_filter, save_filter
from members.identity.admin import link_to_member
from members.identity.searching import FoundByMember
from promotions.campaigns.stacking import MECHANISMS
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.money import yuan
from shop.core.paginator import BoundedPaginator
from shop.core.screens import form_page, found_or_404, staff

STAGE_COLOURS = {
    "prospect": "info",
    "new": "info",
    "active": "success",
    "high_value": "success",
    "dormant": "warning",
    "lost": "danger",
}


@admin.register(BuyerProfile)
class BuyerProfileAdmin(BuyerPages, FoundByMember, ReadOnlyAdmin):
    list_display = [
        "who",
        "shown_stage",
        "stage_since",
        "recency",
        "frequency",
        "monetary",
        "orders",
        "shown_spent",
        "last_paid_at",
        "last_seen_at",
    ]
    list_display_links = ["shown_stage"]
    list_filter = ["stage", "recency", "frequency", "monetary"]
    list_filter_submit = False
    list_select_related = ["member"]
    ordering = ["-spent_fen", "pk"]
    actions_list = ["overview", "cohorts", "points_flow", "rankings"]

    @display(description=gettext_lazy("member"), ordering="member")
    def who(self, profile: BuyerProfile) -> str:
        return link_to_member(profile.member)

    @display(description=gettext_lazy("stage"), label=STAGE_COLOURS, ordering="stage")
    def shown_stage(self, profile: BuyerProfile) -> Label:
        return Label(profile.stage, profile.get_stage_display())

    @display(description=gettext_lazy("spent in a year"), ordering="spent_fen")
    def shown_spent(self, profile: BuyerProfile) -> str:
        return yuan(profile.spent_fen)


@admin.register(StageMove)
class StageMoveAdmin(ReadOnlyAdmin):
    list_display = ["day", "who", "came_from", "went_to"]
    list_filter = ["came_from", "went_to"]
    list_filter_submit = False
    list_select_related = ["member"]
    ordering = ["-day", "-pk"]
    paginator = BoundedPaginator
    show_full_result_count = False

    @display(description=gettext_lazy("member"))
    def who(self, row: StageMove) -> str:
        return link_to_member(row.member)


@admin.register(CampaignReturn)
class CampaignReturnAdmin(ReadOnlyAdmin):
    list_display = [
        "name",
        "shown_kind",
        "starts_at",
        "participants",
        "orders",
        "new_members",
        "shown_net",
        "shown_cost",
        "shown_return",
    ]
    list_filter = ["kind"]
    search_fields = ["name"]
    ordering = ["-starts_at", "pk"]

    @display(description=gettext_lazy("kind"), ordering="kind")
    def shown_kind(self, row: CampaignReturn) -> str:
        return str(dict(MECHANISMS).get(row.kind, row.kind))

    @display(description=gettext_lazy("net paid"), ordering="net_fen")
    def shown_net(self, row: CampaignReturn) -> str:
        return yuan(row.net_fen)

    @display(description=gettext_lazy("cost"), ordering="cost_fen")
    def shown_cost(self, row: CampaignReturn) -> str:
        return yuan(row.cost_fen)

    @display(description=gettext_lazy("return"), label={"gain": "success", "loss": "danger"}, ordering="return_bp")
    def shown_return(self, row: CampaignReturn) -> Label | None:
        if row.return_bp is None:
            return None
        return Label("gain" if row.return_bp >= 0 else "loss", f"{row.return_bp / 100:+.1f}%")


@admin.register(SegmentFilter)
class SegmentFilterAdmin(ReadOnlyAdmin):
    list_display = ["segment", "size", "is_running", "created_by", "created_at"]
    list_select_related = ["segment"]
    ordering = ["-pk"]
    actions_list = ["make"]
    actions_detail = ["change_criteria"]
    fields = ["segment", "size", "is_running", "created_by", "created_at"]
    readonly_fields = ["size"]

    def get_urls(self) -> list[URLPattern]:
        count = self.admin_site.admin_view(self.count_members)
        return [path("count/", count, name="buyers_segmentfilter_count"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[SegmentFilter]:
        """With those who were in it when it was last filled; who would be in it now is counted while it is changed."""
        inside = Count("segment__memberships", filter=Q(segment__memberships__until=None))
        return super().get_queryset(request).annotate(filled=inside)

    @display(description=gettext_lazy("members"))
    def size(self, saved: Any) -> str:
        page = reverse("admin:segments_segmentmembership_changelist")
        link = f"{page}?segment__id__exact={saved.segment_id}"
        style = "text-primary-600 dark:text-primary-500"
        return format_html('<a class="{}" href="{}">{}</a>', style, link, f"{saved.filled:,}")

    def has_make_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("buyers.add_segmentfilter")

    def has_edit_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("buyers.change_segmentfilter")

    def count_members(self, request: HttpRequest) -> JsonResponse:
        """How many members what is being typed holds; a form that is not right yet says so."""
        if not self.has_make_permission(request):
            return JsonResponse({"said": ""}, status=403)
        form = SegmentFilterForm(request.POST)
        form.fields["name"].required = False
        if not form.is_valid():
            return JsonResponse({"said": _("Something is not right yet.")})
        if not form.criteria:
            return JsonResponse({"said": _("Choose whom you mean.")})
        count = preview_filter(criteria=form.criteria, now=clock.now())
        return JsonResponse({"said": ngettext("{count} member", "{count} members", count).format(count=f"{count:,}")})

    @action(description=gettext_lazy("New segment by filter"), url_path="make", permissions=["make"], icon="filter_alt")
    def make(self, request: HttpRequest) -> HttpResponse:
        return self._page(request, None, SegmentFilterForm(request.POST or None))

    @action(description=gettext_lazy("Change criteria"), url_path="criteria", permissions=["edit"], icon="tune")
    def change_criteria(self, request: HttpRequest, object_id: str) -> HttpResponse:
        saved = found_or_404(self, request, object_id)
        told = {"name": saved.segment.name, "description": saved.segment.description, **saved.criteria}
        return self._page(request, saved, SegmentFilterForm(request.POST or None, initial=told))

    def _page(self, request: HttpRequest, saved: SegmentFilter | None, form: SegmentFilterForm) -> HttpResponse:
        if request.method == "POST" and form.is_valid():
            try:
                made = save_filter(
                    filter_id=saved.pk if saved else None,
                    name=form.cleaned_data["name"],
                    description=form.cleaned_data["description"],
                    criteria=form.criteria,
                    actor=staff(request),
                    now=clock.now(),
                )
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                said = _("Segment “{name}” is being filled.").format(name=form.cleaned_data["name"])
                (self.log_change if saved else self.log_addition)(request, made, said)
                messages.success(request, said)
                return redirect("admin:buyers_segmentfilter_changelist")
        title = _("Change criteria") if saved else _("New segment by filter")
        return form_page(
            self,
            request,
            form=form,
            title=title,
            before="admin/analytics/live_count.html",
            count_address=reverse("admin:buyers_segmentfilter_count"),
        )
