"""Orders of distributors with their commissions, and a person's decision on those that are held."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import TabularInline
from unfold.decorators import display

from members.identity.admin import link_to_member
from promotions.distribution.admin.searching import MemberSearchMixin
from promotions.distribution.models import Commission, Sale, Sign, Stage
from promotions.distribution.services.selling import clear_sale, refuse_sale
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.money import yuan
from shop.core.screens import staff

MOST_AT_ONCE = 100
STAGE_COLOURS = {Stage.FROZEN.value: "info", Stage.SETTLED.value: "warning", Stage.RELEASED.value: "success"}
REVIEW_COLOURS = {"clear": "success", "held": "warning", "refused": "danger"}


class CommissionInline(TabularInline):
    model = Commission
    fields = ["line", "product", "quantity", "distributor", "level", "rate", "paid", "left", "amount"]
    readonly_fields = fields
    extra = 0
    hide_title = True
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Commission]:
        rows = super().get_queryset(request).select_related("product", "distributor__member")
        return rows.order_by("level", "position")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=gettext_lazy("line"))
    def line(self, row: Commission) -> int:
        return row.position + 1

    @display(description=gettext_lazy("rate"))
    def rate(self, row: Commission) -> str:
        return f"{row.rate_bp / 100:g}%"

    @display(description=gettext_lazy("paid"))
    def paid(self, row: Commission) -> str:
        return yuan(row.paid_fen)

    @display(description=gettext_lazy("still paid"))
    def left(self, row: Commission) -> str:
        return yuan(row.left_fen)

    @display(description=gettext_lazy("commission"))
    def amount(self, row: Commission) -> str:
        return yuan(row.amount_fen)


@admin.register(Sale)
class SaleAdmin(MemberSearchMixin, ReadOnlyAdmin):
    """Those that are held wait here for a decision."""

    member_paths = ("buyer", "distributor__member")
    number_path = "order_number"
    list_display = ["order_number", "seller", "customer", "left", "shown_stage", "shown_review", "why", "sold_at"]
    list_filter = ["review", "stage", "sold_at"]
    list_select_related = ["buyer", "distributor__member"]
    fields = [
        ("order_number", "sold_at"),
        ("seller", "customer"),
        ("paid", "left"),
        ("points", "shown_stage"),
        ("settles_at", "settled_at"),
        "released_at",
        ("shown_review", "why"),
        ("reviewed_by", "reviewed_at"),
    ]
    readonly_fields = ["seller", "customer", "paid", "left", "shown_stage", "shown_review", "why"]
    ordering = ["-pk"]
    inlines = [CommissionInline]
    actions = ["clear", "refuse"]

    @display(description=gettext_lazy("sold by"))
    def seller(self, sale: Sale) -> str:
        return link_to_member(sale.distributor.member)

    @display(description=gettext_lazy("who bought"))
    def customer(self, sale: Sale) -> str:
        return link_to_member(sale.buyer)

    @display(description=gettext_lazy("paid"))
    def paid(self, sale: Sale) -> str:
        return yuan(sale.paid_fen)

    @display(description=gettext_lazy("still paid"), ordering="left_fen")
    def left(self, sale: Sale) -> str:
        return yuan(sale.left_fen)

    @display(description=gettext_lazy("stage"), label=STAGE_COLOURS, ordering="stage")
    def shown_stage(self, sale: Sale) -> Label:
        return Label(sale.stage, sale.get_stage_display())

    @display(description=gettext_lazy("review"), label=REVIEW_COLOURS, ordering="review")
    def shown_review(self, sale: Sale) -> Label:
        return Label(sale.review, sale.get_review_display())

    @display(description=gettext_lazy("suspicions"))
    def why(self, sale: Sale) -> str:
        return " · ".join(str(Sign(each).label) for each in sale.signs) or "–"

    def has_review_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("distribution.change_sale")

    @admin.action(description=gettext_lazy("Clear: nothing wrong"), permissions=["review"])
    def clear(self, request: HttpRequest, queryset: QuerySet[Sale]) -> None:
        self._decide(request, queryset, clear_sale, _("Cleared"))

    @admin.action(description=gettext_lazy("Refuse: no commission"), permissions=["review"])
    def refuse(self, request: HttpRequest, queryset: QuerySet[Sale]) -> None:
        self._decide(request, queryset, refuse_sale, _("Refused"))

    def _decide(self, request: HttpRequest, queryset: QuerySet[Sale], service: Callable[..., Sale], note: str) -> None:
        decided = 0
        for sale in queryset[:MOST_AT_ONCE]:
            try:
                service(sale_id=sale.pk, actor=staff(request), now=clock.now())
            except DomainError as refusal:
                self.message_user(request, f"{sale}: {refusal}", messages.ERROR)
                continue
            self.log_change(request, sale, note)
            decided += 1
        said = _("Orders decided: {count}").format(count=decided)
        self.message_user(request, said, messages.SUCCESS if decided else messages.WARNING)


@admin.register(Commission)
class CommissionAdmin(MemberSearchMixin, ReadOnlyAdmin):
    member_paths = ("distributor__member",)
    number_path = "sale__order_number"
    list_display = ["sale", "line", "product", "beneficiary", "level", "rate", "left", "amount", "shown_stage"]
    list_filter = ["level", "sale__stage", "sale__review", "sale__sold_at"]
    list_select_related = ["sale", "product", "distributor__member"]
    fields = [
        "sale",
        ("line", "quantity"),
        ("product", "beneficiary"),
        ("level", "rate"),
        ("paid", "left"),
        ("earned", "amount"),
        "shown_stage",
    ]
    readonly_fields = ["line", "beneficiary", "rate", "paid", "left", "earned", "amount", "shown_stage"]
    ordering = ["-pk"]

    @display(description=gettext_lazy("line"), ordering="position")
    def line(self, row: Commission) -> int:
        return row.position + 1

    @display(description=gettext_lazy("beneficiary"))
    def beneficiary(self, row: Commission) -> str:
        return link_to_member(row.distributor.member)

    @display(description=gettext_lazy("rate"), ordering="rate_bp")
    def rate(self, row: Commission) -> str:
        return f"{row.rate_bp / 100:g}%"

    @display(description=gettext_lazy("paid"))
    def paid(self, row: Commission) -> str:
        return yuan(row.paid_fen)

    @display(description=gettext_lazy("still paid"), ordering="left_fen")
    def left(self, row: Commission) -> str:
        return yuan(row.left_fen)

    @display(description=gettext_lazy("commission when paid"))
    def earned(self, row: Commission) -> str:
        return yuan(row.earned_fen)

    @display(description=gettext_lazy("commission"), ordering="amount_fen")
    def amount(self, row: Commission) -> str:
        return yuan(row.amount_fen)

    @display(description=gettext_lazy("stage"), label=STAGE_COLOURS, ordering="sale__stage")
    def shown_stage(self, row: Commission) -> Label:
        return Label(row.sale.stage, row.sale.get_stage_display())
