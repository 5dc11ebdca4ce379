"""The account of a member becomes a ledger: below the balance every movement, explained, as on its own page."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from points.accounts.explaining import explain_all, shown_source
from points.accounts.queries import overview
from points.accounts.statement import statement_of
from points.ledger.admin.books import PointAccountAdmin, PointTransactionAdmin
from points.ledger.models import PointAccount, PointTransaction
from shop.core import clock
from shop.core.errors import InvalidCursor

# The ledger's own screens know nothing of the rules that explain its entries.
admin.site.unregister([PointAccount, PointTransaction])


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


@admin.register(PointTransaction)
class ExplainedTransactionAdmin(PointTransactionAdmin):
    list_display = ["at", "member", "shown_kind", "points", "shown_source", "reference", "note", "actor"]
    fields: Any = [
        ("who", "at"),
        ("kind", "shown_source", "points"),
        ("reference", "reverses"),
        "shown_why",
        ("note", "actor"),
    ]
    readonly_fields = ["who", "shown_source", "shown_why"]

    @display(description=_("source"), ordering="source")
    def shown_source(self, movement: PointTransaction) -> str:
        return shown_source(movement.source)

    @display(description=_("why"))
    def shown_why(self, movement: PointTransaction) -> str:
        (found,) = explain_all([movement])
        return format_html_join("", "<p>{}</p>", [(found.reason,), *((part.message,) for part in found.trace)])
