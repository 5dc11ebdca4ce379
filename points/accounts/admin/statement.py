"""The account of a member becomes a ledger: below the balance every movement, explained."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from points.accounts.queries import overview
from points.accounts.statement import statement_of
from points.ledger.admin.books import PointAccountAdmin
from points.ledger.models import PointAccount
from shop.core import clock
from shop.core.errors import InvalidCursor

# The ledger's own screen knows nothing of the rules that explain its entries.
admin.site.unregister(PointAccount)


@admin.register(PointAccount)
class MemberLedgerAdmin(PointAccountAdmin):
    change_form_outer_after_template = "admin/points/ledger.html"

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        account = self.get_object(request, object_id) if object_id and request.method == "GET" else None
        shown: dict[str, Any] = {}
        if account is not None and self.has_view_permission(request, account):
            shown = self._shown(request, account)
        return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), **shown})

    def _shown(self, request: HttpRequest, account: PointAccount) -> dict[str, Any]:
        now, cursor = clock.now(), request.GET.get("cursor")
        try:
            lines, following = statement_of(member_id=account.pk, cursor=cursor, now=now)
        except InvalidCursor:
            lines, following = statement_of(member_id=account.pk, cursor=None, now=now)
        page = reverse("admin:ledger_pointaccount_change", args=[account.pk])
        return {
            "lines": lines,
            "older": f"{page}?cursor={following}" if following else "",
            "newest": page if cursor else "",
            "expiring": overview(member_id=account.pk, now=now)["expiring"],
        }
