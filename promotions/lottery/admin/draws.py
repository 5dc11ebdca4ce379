"""What was drawn and won, and where chances came from and went: to look at only."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from promotions.lottery.models import ChanceEntry, Draw, Win
from promotions.lottery.models.draws import WinStatus
from shop.core.admin import ReadOnlyAdmin
from shop.core.labels import Label
from shop.core.money import yuan


class _OfMembersAdmin(ReadOnlyAdmin):
    """Found by the member's nickname or phone; the path to the member is `member_path`."""

    member_path = "member"
    ordering = ["-pk"]
    show_full_result_count = False
    search_help_text = gettext_lazy("Nickname or phone of the member")

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return [f"{self.member_path}__nickname"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        found = Q(**{f"{self.member_path}__nickname__startswith": term}) | Q(**{f"{self.member_path}__phone": term})
        return (queryset.filter(found) if term else queryset), False


@admin.register(Draw)
class DrawAdmin(_OfMembersAdmin):
    list_display: ClassVar[list[Any]] = [
        "lottery",
        "member",
        "number",
        "drawn",
        "prize",
        "shown_given",
        "fallback",
        "paid_with",
        "drawn_at",
    ]
    list_filter = ["fallback", "paid_with", "lottery"]
    list_select_related = ["lottery", "member", "drawn", "prize", "win"]
    fields = [
        "lottery",
        "member",
        "number",
        "shown_value",
        "drawn",
        "prize",
        "shown_given",
        "fallback",
        "paid_with",
        "points_paid",
        "shown_odds",
        "drawn_at",
    ]
    readonly_fields = ["shown_value", "shown_given", "shown_odds"]

    @display(description=gettext_lazy("something was given"), boolean=True)
    def shown_given(self, made: Draw) -> bool:
        return hasattr(made, "win")

    @display(description=gettext_lazy("number drawn"))
    def shown_value(self, made: Draw) -> str:
        return f"{made.value:,} / {made.total:,}"

    @display(description=gettext_lazy("odds (SHA-256)"))
    def shown_odds(self, made: Draw) -> str:
        return f"{made.odds.version} · {made.odds.digest}"


@admin.register(Win)
class WinAdmin(_OfMembersAdmin):
    member_path = "draw__member"
    list_display: ClassVar[list[Any]] = [
        "prize",
        "lottery",
        "member",
        "shown_status",
        "due_at",
        "order_number",
        "shown_cost",
        "won_at",
    ]
    list_filter = ["status", "prize__kind", "draw__lottery"]
    list_select_related = ["prize", "draw__lottery", "draw__member"]
    fields = [
        "prize",
        "lottery",
        "member",
        "shown_status",
        "due_at",
        "reminded_at",
        "order_number",
        "coupon",
        "shown_cost",
        "won_at",
    ]
    readonly_fields = ["lottery", "member", "shown_status", "shown_cost", "won_at"]

    @display(description=gettext_lazy("lottery"))
    def lottery(self, win: Win) -> str:
        return str(win.draw.lottery)

    @display(description=gettext_lazy("member"))
    def member(self, win: Win) -> str:
        return str(win.draw.member)

    @display(
        description=gettext_lazy("status"),
        ordering="status",
        label={
            WinStatus.WAITING.value: "warning",
            WinStatus.ORDERED.value: "info",
            WinStatus.CLAIMED.value: "success",
            WinStatus.DELIVERED.value: "success",
            WinStatus.EXPIRED.value: "danger",
            WinStatus.RETURNED.value: "danger",
        },
    )
    def shown_status(self, win: Win) -> Label:
        return Label(win.status, win.get_status_display())

    @display(description=gettext_lazy("cost"), ordering="cost_fen")
    def shown_cost(self, win: Win) -> str:
        return yuan(win.cost_fen)

    @display(description=gettext_lazy("won at"))
    def won_at(self, win: Win) -> Any:
        return win.draw.drawn_at


@admin.register(ChanceEntry)
class ChanceEntryAdmin(_OfMembersAdmin):
    list_display: ClassVar[list[Any]] = [
        "lottery",
        "member",
        "source",
        "amount",
        "reference",
        "note",
        "actor",
        "happened_at",
    ]
    list_filter = ["source", "lottery"]
    list_select_related = ["lottery", "member"]
