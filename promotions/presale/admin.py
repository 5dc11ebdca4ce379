"""Presales with their goods, and what orders took of them."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet, Sum
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display

from promotions.campaigns.admin.frame import WHAT, WHEN, WHOM, CampaignAdmin, PartInlineMixin
from promotions.campaigns.admin.looking import readable
from promotions.presale.models import Presale, PresaleItem, PresaleUse
from shop.core.admin import ReadOnlyAdmin
from shop.core.forms import YuanFormMixin
from shop.core.money import yuan
from shop.core.searching import FoundByKeys


class ItemInline(PartInlineMixin, YuanFormMixin, TabularInline):
    model = PresaleItem
    fields = ["sku", "price_fen", "deposit_fen", "expanded_fen", "quota", "limit_per_member", "taken"]
    readonly_fields = ["taken"]
    autocomplete_fields = ["sku"]
    extra = 1
    hide_title = True
    verbose_name_plural = _("Goods: a deposit of 10 that counts for 20 leaves 10 less than the price to pay")


@admin.register(Presale)
class PresaleAdmin(CampaignAdmin):
    list_display: ClassVar[list[Any]] = [
        "name",
        "shown_status",
        "mode",
        "shown_window",
        "balance_until",
        "ships_at",
        "shown_taken",
        "shown_budget",
    ]
    list_filter = ["status", "mode"]
    inlines: ClassVar[list[Any]] = [ItemInline]
    fieldsets = [
        WHAT,
        (
            _("How it is paid and sent"),
            {"fields": ["mode", "balance_from", "balance_until", "ships_at", "back_if_missed", "back_on_request"]},
        ),
        WHOM,
        WHEN,
    ]

    def idle_fields(self, campaign: Any) -> set[str]:
        deposits = {"balance_from", "balance_until", "back_if_missed", "back_on_request"}
        return set() if campaign.takes_deposits else deposits

    def get_queryset(self, request: HttpRequest) -> QuerySet[Presale]:
        return super().get_queryset(request).annotate(units=Sum("items__taken", default=0))

    @display(description=_("units ordered"), ordering="units")
    def shown_taken(self, presale: Any) -> int:
        return presale.units


@admin.register(PresaleUse)
class PresaleUseAdmin(FoundByKeys, ReadOnlyAdmin):
    list_display = ["order_number", "member", "item", "units", "shown_discount", "used_at", "confirmed_at"]
    list_filter = ["item__presale"]
    list_select_related = ["member", "item__sku__product"]
    search_keys = ("order_number",)
    search_help_text = _("Order number")
    ordering = ["-pk"]

    @display(description=_("taken off"), ordering="discount_fen")
    def shown_discount(self, use: PresaleUse) -> str:
        return yuan(use.discount_fen)

    def get_fieldsets(self, request: HttpRequest, obj: PresaleUse | None = None) -> Any:
        return readable(super().get_fieldsets(request, obj), PresaleUse)
