"""How finance narrows the list of days."""

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from orders.reconciliation.admin.lights import LIGHTS
from orders.reconciliation.models import Reconciliation
from orders.reconciliation.queries import Light


class LightFilter(SimpleListFilter):
    """Days by their light; the rows know their `open_differences`."""

    title = _("result")
    parameter_name = "light"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(LIGHTS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == Light.WAITING:
            return queryset.filter(status=Reconciliation.Status.WAITING)
        if self.value() == Light.DIFFERS:
            return queryset.filter(open_differences__gt=0)
        if self.value() == Light.BALANCED:
            return queryset.filter(status=Reconciliation.Status.COMPARED, open_differences=0)
        return queryset
