"""Accounts and all that is behind them, to look at: what a member has by the clock, lots, history and its entries."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.decorators import action, display

from members.identity.admin import link_to_member
from members.identity.searching import FoundByMember
from points.ledger.models import (
    PointAccount,
    PointEntry,
    PointLot,
    PointTransaction,
)
from points.ledger.queries import balance_of, points_worth_fen
from points.ledger.sentences import sentence
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.labels import Label
from shop.core.money import yuan
from shop.core.screens import found_or_404
from shop.core.searching import FoundByKeys

_COLORS = {
    "grant": "success",
    "reverse": "success",
    "transfer_in": "success",
    "spend": "info",
    "capture": "info",
    "transfer_out": "info",
    "expire": "warning",
    "adjust": "warning",
    "claw_back": "danger",
    "void": "danger",
}


class OfMemberAdmin(FoundByMember, ReadOnlyAdmin):
    """Rows of members, in lists that open as fast with a million of them."""

    list_select_related: Any = ["member"]
    ordering = ["-pk"]

    @display(description=gettext_lazy("member"), ordering="member")
    def who(self, row: Any) -> str:
        return link_to_member(row.member)


@admin.register(PointAccount)
class PointAccountAdmin(OfMemberAdmin):
    list_display = ["member", "available", "pending", "held", "debt", "active_at", "due_at"]
    fields = ["who", "shown_now", "shown_worth", "active_at", "due_at", "shown_behind"]
    readonly_fields = ["who", "shown_now", "shown_worth", "shown_behind"]
    actions_detail = ["give_or_take"]

    @display(description=gettext_lazy("now"))
    def shown_now(self, account: PointAccount) -> str:
        """By the clock: what has matured or expired counts, whether it is booked yet or not."""
        found = balance_of(member_id=account.pk, now=clock.now())
        said = _("{available} available, {pending} pending, {held} held, {debt} owed")
        return said.format(
            available=f"{found.available:,}",
            pending=f"{found.pending:,}",
            held=f"{found.held:,}",
            debt=f"{found.debt:,}",
        )

    @display(description=gettext_lazy("worth"))
    def shown_worth(self, account: PointAccount) -> str:
        found = balance_of(member_id=account.pk, now=clock.now())
        return yuan(points_worth_fen(found.available + found.pending + found.held))

    @display(description=gettext_lazy("behind it"))
    def shown_behind(self, account: PointAccount) -> SafeString:
        pages = (
            ("admin:ledger_pointtransaction_changelist", _("Points history")),
            ("admin:ledger_pointlot_changelist", _("Point lots")),
        )
        return format_html_join(
            " · ",
            '<a class="text-primary-600" href="{}?member__id__exact={}">{}</a>',
            ((reverse(page), account.pk, title) for page, title in pages),
        )

    def has_give_or_take_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("ledger.add_manualgrant")

    @action(description=gettext_lazy("Give or take points"), url_path="give-or-take", permissions=["give_or_take"])
    def give_or_take(self, request: HttpRequest, object_id: str) -> HttpResponse:
        account = found_or_404(self, request, object_id)
        return redirect(f"{reverse('admin:ledger_manualgrant_give_or_take')}?member={account.pk}")


@admin.register(PointLot)
class PointLotAdmin(OfMemberAdmin):
    list_display = [
        "member",
        "amount",
        "remaining",
        "held",
        "shown_state",
        "source",
        "earned_at",
        "matures_at",
        "expires_at",
    ]
    list_filter = ["is_mature", ("expires_at", RangeDateFilter)]
    list_filter_submit = True
    fields = [
        ("who", "source"),
        ("amount", "remaining", "held"),
        ("earned_at", "matures_at", "expires_at"),
        ("shown_rules", "rule_version_id"),
        ("parent", "root"),
    ]
    readonly_fields = ["who", "shown_rules"]

    @display(description=gettext_lazy("state"), label={"pending": "info", "living": "success", "over": "warning"})
    def shown_state(self, lot: PointLot) -> Label:
        if lot.expires_at is not None and lot.expires_at <= clock.now():
            return Label("over", _("expired"))
        return Label("living", _("can be spent")) if lot.is_mature else Label("pending", _("pending"))

    @display(description=gettext_lazy("expiry policy"))
    def shown_rules(self, lot: PointLot) -> str:
        return f"{lot.expiry.policy}: {sentence(lot.expiry)}" if lot.expiry else "–"


class PointEntryInline(TabularInline):
    model = PointEntry
    fields = readonly_fields = ["bucket", "amount", "lot"]
    ordering = ["pk"]
    extra = 0
    can_delete = False
    per_page = 50

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(PointTransaction)
class PointTransactionAdmin(OfMemberAdmin):
    list_display = ["at", "member", "shown_kind", "points", "source", "reference", "note", "actor"]
    list_filter = ["kind", ("at", RangeDateFilter)]
    list_filter_submit = True
    search_help_text = gettext_lazy("The whole reference, start of the nickname, or the phone number")
    fields = [
        ("who", "at"),
        ("kind", "source", "points"),
        ("reference", "reverses"),
        ("note", "actor"),
    ]
    readonly_fields = ["who"]
    inlines = [PointEntryInline]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        named = queryset.filter(reference=search_term.strip())
        if search_term.strip() and named.exists():
            return named, False
        return super().get_search_results(request, queryset, search_term)

    @display(description=gettext_lazy("kind"), label=_COLORS, ordering="kind")
    def shown_kind(self, row: PointTransaction) -> Label:
        return Label(row.kind, row.get_kind_display())


@admin.register(PointEntry)
class PointEntryAdmin(FoundByKeys, ReadOnlyAdmin):
    list_display = ["pk", "shown_at", "shown_member", "bucket", "amount", "lot", "transaction"]
    list_filter = ["bucket"]
    list_select_related = ["transaction__member", "lot"]
    search_keys = ("transaction__reference",)
    ordering = ["-pk"]

    @display(description=gettext_lazy("time"))
    def shown_at(self, entry: PointEntry) -> Any:
        return entry.transaction.at

    @display(description=gettext_lazy("member"))
    def shown_member(self, entry: PointEntry) -> str:
        return link_to_member(entry.transaction.member)
