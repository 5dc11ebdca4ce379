"""Orders of distributors with their commissions, and a person's decision on those that are held."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import TabularInline
from unfold.decorators import action, display

from members.identity.admin import link_to_member
from promotions.distribution.admin.people import ReasonForm
from promotions.distribution.admin.searching import MemberSearchMixin
from promotions.distribution.models import Commission, CommissionAccount, Sale, Sign, Stage
from promotions.distribution.ranking import rewarded_on
from promotions.distribution.services.correcting import differences_of
from promotions.distribution.services.selling import clear_sale, refuse_sale, restore_sale, worth_by_beneficiary
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.money import yuan
from shop.core.screens import form_page, found_or_404, staff

MOST_AT_ONCE = 100
STAGE_COLOURS = {Stage.FROZEN.value: "info", Stage.SETTLED.value: "warning", Stage.RELEASED.value: "success"}
REVIEW_COLOURS = {"clear": "success", "held": "warning", "refused": "danger"}


class RefusalForm(ReasonForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _(
            "The distributor reads it. What was paid out already is owed and taken off what they earn next."
        )


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
        "reason",
    ]
    readonly_fields = ["seller", "customer", "paid", "left", "shown_stage", "shown_review", "why"]
    ordering = ["-pk"]
    inlines = [CommissionInline]
    actions = ["clear"]
    actions_detail = ["refuse", "restore"]

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

    def has_review_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("distribution.change_sale")

    def has_refuse_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """What is offered is what can be done now."""
        is_open = Sale.objects.filter(pk=object_id).exclude(review=Sale.Review.REFUSED).exists()
        return self.has_review_permission(request) and is_open

    def has_restore_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        is_refused = Sale.objects.filter(pk=object_id, review=Sale.Review.REFUSED).exists()
        return self.has_review_permission(request) and is_refused

    @admin.action(description=gettext_lazy("Clear: nothing wrong"), permissions=["review"])
    def clear(self, request: HttpRequest, queryset: QuerySet[Sale]) -> None:
        cleared = 0
        for sale in queryset[:MOST_AT_ONCE]:
            try:
                clear_sale(sale_id=sale.pk, actor=staff(request), now=clock.now())
            except DomainError as refusal:
                self.message_user(request, f"{sale}: {refusal}", messages.ERROR)
                continue
            self.log_change(request, sale, _("Cleared"))
            cleared += 1
        said = _("Orders cleared: {count}").format(count=cleared)
        self.message_user(request, said, messages.SUCCESS if cleared else messages.WARNING)

    @action(description=gettext_lazy("Refuse its commission"), url_path="refuse", permissions=["refuse"], icon="block")
    def refuse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Of a held order, or of one that turns out wrong later: what it costs whom is shown before."""
        return self._decide(request, object_id, refuse_sale, _("Refuse its commission"), _("Refused: {reason}"))

    @action(
        description=gettext_lazy("Give its commission again"), url_path="restore", permissions=["restore"], icon="undo"
    )
    def restore(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """It was refused by mistake."""
        return self._decide(request, object_id, restore_sale, _("Give its commission again"), _("Restored: {reason}"))

    def _decide(
        self, request: HttpRequest, object_id: str, service: Callable[..., Sale], label: str, said: str
    ) -> HttpResponse:
        sale = found_or_404(self, request, object_id)
        form = (RefusalForm if service is refuse_sale else ReasonForm)(request.POST or None)
        if request.method == "POST" and form.is_valid():
            reason = form.cleaned_data["reason"]
            try:
                service(sale_id=sale.pk, reason=reason, actor=staff(request), now=clock.now())
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                said = said.format(reason=reason)
                self.log_change(request, sale, said)
                messages.success(request, f"{sale}: {said}")
                _tell_of_ranks(request, sale)
                return redirect("admin:distribution_sale_change", sale.pk)
        shown = {"buttons": [("go", label)], "table": _worth(sale), "table_title": sale.order_number}
        return form_page(self, request, form=form, title=f"{label}: {sale}", **shown)


def _tell_of_ranks(request: HttpRequest, sale: Sale) -> None:
    """It may have counted in a period whose ranks were rewarded."""
    for board, first_day in rewarded_on(sale.sold_on):
        if differences_of(board=board, first_day=first_day):
            page = f"{reverse('admin:distribution_leaderboard_standings', args=[board.pk])}?day={first_day}"
            said = _("The ranks of {board} from {day} on were rewarded, and are others now.")
            link = format_html('<a class="underline" href="{}">{}</a>', page, _("Look at them"))
            messages.warning(request, format_html("{} {}", said.format(board=board, day=first_day), link))


def _worth(sale: Sale) -> dict[str, Any]:
    """Who has how much by it, where that lies, and what they can withdraw now."""
    worth = worth_by_beneficiary(sale)
    accounts = CommissionAccount.objects.filter(pk__in=worth).select_related("distributor__member").order_by("pk")
    return {
        "headers": [_("beneficiary"), _("stage"), _("commission"), _("can be withdrawn")],
        "rows": [
            [str(account), sale.get_stage_display(), yuan(worth[account.pk]), yuan(account.available_fen)]
            for account in accounts
        ],
    }


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
