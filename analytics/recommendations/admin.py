"""What is bought together, for the staff to look at, and the nights that worked it out."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action, display

from analytics.recommendations.models import Build, Neighbour
from analytics.recommendations.services import build
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.paginator import BoundedPaginator


@admin.register(Neighbour)
class NeighbourAdmin(ReadOnlyAdmin):
    list_display = ["product", "other", "shown_score"]
    list_select_related = ["product", "other"]
    search_fields = ["product__name", "product__code"]
    ordering = ["product", "-score"]
    paginator = BoundedPaginator
    show_full_result_count = False

    @display(description=gettext_lazy("likeness"))
    def shown_score(self, row: Neighbour) -> str:
        return f"{row.score:.2f}"


@admin.register(Build)
class BuildAdmin(ReadOnlyAdmin):
    list_display = ["started_at", "finished_at", "members", "products", "pairs"]
    actions_list = ["build_now"]

    def has_build_now_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("recommendations.add_build")

    @action(description=gettext_lazy("Build now"), url_path="now", permissions=["build_now"], icon="refresh")
    def build_now(self, request: HttpRequest) -> HttpResponse:
        made = build(now=clock.now())
        if made is None:
            messages.error(request, _("Recommendations are switched off."))
        else:
            said = ngettext("{count} pair was found.", "{count} pairs were found.", made.pairs)
            messages.success(request, said.format(count=made.pairs))
        return redirect("admin:recommendations_build_changelist")
