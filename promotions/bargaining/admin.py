"""Bargains with a picture of how a price falls, and members' attempts to look at."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import TabularInline
from unfold.decorators import display

from promotions.bargaining.models import AttemptStatus, Bargain, BargainAttempt, Cut
from promotions.bargaining.picture import bars_of
from promotions.bargaining.plans import plan_of
from promotions.campaigns.admin.frame import TOGETHER, WHAT, WHEN, WHOM, CampaignAdmin
from promotions.campaigns.forms import StackingForm
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.labels import Label
from shop.core.money import yuan

STATUS_LABELS = {
    AttemptStatus.OPEN.value: "info",
    AttemptStatus.ORDERED.value: "warning",
    AttemptStatus.BOUGHT.value: "success",
    AttemptStatus.RETURNED.value: "warning",
    AttemptStatus.EXPIRED.value: "danger",
}


@admin.register(Bargain)
class BargainAdmin(CampaignAdmin):
    form = StackingForm
    list_display: ClassVar[list[Any]] = [
        "name",
        "shown_status",
        "goods",
        "shown_floor",
        "shown_window",
        "shown_audience",
        "shown_units",
        "shown_budget",
    ]
    list_select_related = ["sku__product"]
    autocomplete_fields = ["sku"]
    readonly_fields = ["example", "taken"]
    fieldsets = [
        (WHAT[0], {"fields": ["name", "note"]}),
        (
            gettext_lazy("Which goods, down to which price"),
            {"fields": ["sku", ("floor_fen", "buy_at"), ("quota", "taken")]},
        ),
        (
            gettext_lazy("How the price falls"),
            {
                "fields": [
                    ("fewest_cuts", "most_cuts"),
                    "first_cut_bp",
                    ("new_helper_cuts", "new_helper_days"),
                    "owner_cuts_first",
                    "example",
                ]
            },
        ),
        (
            gettext_lazy("How often and how long"),
            {"fields": [("attempt_hours", "attempts_per_member"), ("helps_per_day", "helps_in_all")]},
        ),
        WHOM,
        WHEN,
        TOGETHER,
    ]

    @display(description=gettext_lazy("example"))
    def example(self, bargain: Any) -> str:
        """One attempt of many, at the price of now; the same each time the draft is looked at."""
        if bargain.pk is None:
            return _("Save the draft to see how a price would fall.")
        list_fen = bargain.sku.price_fen
        if bargain.lacks():
            return " ".join(str(each) for each in bargain.lacks())
        plan = plan_of(
            span_fen=list_fen - bargain.floor_fen,
            fewest=bargain.fewest_cuts,
            most=bargain.most_cuts,
            first_bp=bargain.first_cut_bp,
            seed=f"example {bargain.pk}",
        )
        friends = len(plan) - int(bargain.owner_cuts_first)
        caption = _(
            "From {list} to {floor} in {cuts} cuts, the first takes {first} off. {friends} friends get there,"
            " {fewest} if all of them are new members."
        ).format(
            list=yuan(list_fen),
            floor=yuan(bargain.floor_fen),
            cuts=len(plan),
            first=yuan(plan[0]),
            friends=friends,
            fewest=-(-friends // bargain.new_helper_cuts),
        )
        return _drawn(plan, list_fen=list_fen, made=len(plan), caption=caption)

    @display(description=gettext_lazy("goods"))
    def goods(self, bargain: Any) -> str:
        return f"{bargain.sku.product.name} {bargain.sku.options_label}".strip()

    @display(description=gettext_lazy("floor"), ordering="floor_fen")
    def shown_floor(self, bargain: Any) -> str:
        return yuan(bargain.floor_fen)

    @display(description=gettext_lazy("units"))
    def shown_units(self, bargain: Any) -> str:
        return f"{bargain.taken} / {'–' if bargain.quota is None else bargain.quota}"


class CutInline(TabularInline):
    model = Cut
    fields = ["helper", "shown_cut", "steps", "is_new", "is_own", "made_at"]
    readonly_fields = fields
    extra = 0
    can_delete = False
    hide_title = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Cut]:
        return super().get_queryset(request).select_related("helper")

    @display(description=gettext_lazy("cut off"))
    def shown_cut(self, cut: Cut) -> str:
        return yuan(cut.fen)


@admin.register(BargainAttempt)
class BargainAttemptAdmin(ReadOnlyAdmin):
    list_display: ClassVar[list[Any]] = [
        "pk",
        "bargain",
        "member",
        "shown_status",
        "shown_price",
        "shown_cuts",
        "order_number",
        "started_at",
        "expires_at",
    ]
    list_filter = ["status", "bargain"]
    list_select_related = ["bargain", "member"]
    ordering = ["-pk"]
    show_full_result_count = False
    inlines: ClassVar[list[Any]] = [CutInline]
    search_fields = ["=order_number"]
    search_help_text = gettext_lazy("Order number, or the member's nickname or phone")
    fieldsets = [
        (None, {"fields": ["bargain", "member", "sku", "state", "way"]}),
        (gettext_lazy("Time"), {"fields": ["started_at", "expires_at", "reminded_at", "seed"]}),
        (
            gettext_lazy("Order"),
            {"fields": ["order_number", "ordered_at", "bought_at", "shown_discount", "shown_revenue"]},
        ),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["state", "way", "shown_discount", "shown_revenue"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[BargainAttempt], search_term: str
    ) -> tuple[QuerySet[BargainAttempt], bool]:
        term = search_term.strip()
        found = Q(order_number=term) | Q(member__nickname__startswith=term) | Q(member__phone=term)
        return (queryset.filter(found) if term else queryset), False

    @display(description=gettext_lazy("status"), label=STATUS_LABELS, ordering="status")
    def shown_status(self, attempt: BargainAttempt) -> Label:
        status = attempt.status_at(clock.now())
        return Label(status.value, status.label)

    @display(description=gettext_lazy("status"))
    def state(self, attempt: BargainAttempt) -> Any:
        return attempt.status_at(clock.now()).label

    @display(description=gettext_lazy("price now"))
    def shown_price(self, attempt: BargainAttempt) -> str:
        return f"{yuan(attempt.list_fen)} → {yuan(attempt.price_fen)}"

    @display(description=gettext_lazy("cuts"))
    def shown_cuts(self, attempt: BargainAttempt) -> str:
        return f"{attempt.position} / {len(attempt.plan)}"

    @display(description=gettext_lazy("how the price falls"))
    def way(self, attempt: BargainAttempt) -> str:
        caption = _("From {list} to {floor}; {made} of {all} cuts are made, the price is {price}.").format(
            list=yuan(attempt.list_fen),
            floor=yuan(attempt.floor_fen),
            made=attempt.position,
            all=len(attempt.plan),
            price=yuan(attempt.price_fen),
        )
        return _drawn(attempt.plan, list_fen=attempt.list_fen, made=attempt.position, caption=caption)

    @display(description=gettext_lazy("let off"))
    def shown_discount(self, attempt: BargainAttempt) -> str:
        return yuan(attempt.discount_fen) if attempt.order_number else "–"

    @display(description=gettext_lazy("paid for the order"))
    def shown_revenue(self, attempt: BargainAttempt) -> str:
        return yuan(attempt.revenue_fen) if attempt.bought_at else "–"


def _drawn(plan: list[int], *, list_fen: int, made: int, caption: str) -> str:
    context = {"bars": bars_of(plan, list_fen=list_fen, made=made), "caption": caption}
    return render_to_string("admin/promotions/bargain_run.html", context)
