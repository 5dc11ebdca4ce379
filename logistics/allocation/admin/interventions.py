"""What people have changed about allocations: shown with the order, never changed."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display

from logistics.allocation.models import Intervention
from shop.catalog.models import Sku
from shop.core.people import PeopleMixin


class InterventionInline(PeopleMixin, TabularInline):
    model = Intervention
    fields = ["made_at", "kind", "reason", "note", "allocation", "replacement", "corrections", "actor"]
    readonly_fields = fields
    can_delete = False
    hide_title = True
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # It has no screen of its own: who sees the order sees what was changed about it.
        return request.user.has_perm("allocation.view_fulfilmentrequest")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Intervention]:
        return super().get_queryset(request).select_related("allocation", "replacement").order_by("-pk")

    @display(description=_("stock corrected by"))
    def corrections(self, made: Intervention) -> str:
        codes = dict(Sku.objects.filter(pk__in=[int(sku) for sku in made.corrected]).values_list("pk", "code"))
        return ", ".join(f"{codes.get(int(sku), sku)} −{units}" for sku, units in made.corrected.items()) or "–"
