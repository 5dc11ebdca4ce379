"""Screens of timed discounts and spend offers, with what orders took of them."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display

from promotions.campaigns.admin.frame import (
    TOGETHER,
    WHAT,
    WHEN,
    WHOM,
    CampaignAdmin,
    PartInlineMixin,
    ScopedAdminMixin,
)
from promotions.campaigns.admin.looking import readable
from promotions.campaigns.forms import ScopeForm, StackingForm
from promotions.discounts.models import DiscountUse, SpendOffer, SpendOfferTier, TimedDiscount, TimedDiscountItem
from shop.core.admin import ReadOnlyAdmin
from shop.core.forms import PercentFormMixin, YuanFormMixin
from shop.core.money import yuan


class ItemInline(PartInlineMixin, YuanFormMixin, PercentFormMixin, TabularInline):
    model = TimedDiscountItem
    fields = ["sku", "product", "category", "price_fen", "off_bp", "quota", "limit_per_member", "taken"]
    readonly_fields = ["taken"]
    autocomplete_fields = ["sku", "product", "category"]
    extra = 1
    hide_title = True
    verbose_name_plural = _("Goods and prices: each row names a SKU, a product or a category")


class TierInline(PartInlineMixin, YuanFormMixin, PercentFormMixin, TabularInline):
    model = SpendOfferTier
    fields = [
        "threshold_fen",
        "threshold_units",
        "off_fen",
        "off_bp",
        "free_shipping",
        "gift_sku",
        "gift_quantity",
        "gift_quota",
        "gifts_given",
    ]
    readonly_fields = ["gifts_given"]
    autocomplete_fields = ["gift_sku"]
    extra = 1
    hide_title = True
    verbose_name_plural = _("What it gives, from which amount or number on")


@admin.register(TimedDiscount)
class TimedDiscountAdmin(CampaignAdmin):
    form = StackingForm
    inlines: ClassVar[list[Any]] = [ItemInline]
    fieldsets = [WHAT, WHOM, WHEN, TOGETHER]


class SpendOfferForm(ScopeForm, StackingForm):
    PICKED = {**StackingForm.PICKED, **ScopeForm.PICKED}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("cap_fen") == 0:
            raise forms.ValidationError({"cap_fen": _("Leave it blank where there is no cap.")})
        return cleaned


@admin.register(SpendOffer)
class SpendOfferAdmin(ScopedAdminMixin, CampaignAdmin):
    form = SpendOfferForm
    inlines: ClassVar[list[Any]] = [TierInline]
    fieldsets = [
        WHAT,
        (
            _("For which goods"),
            {
                "fields": [
                    ("measure", "repeats", "cap_fen"),
                    "categories",
                    "products",
                    "skus",
                    "without_categories",
                    "without_products",
                    "without_skus",
                ]
            },
        ),
        WHOM,
        WHEN,
        TOGETHER,
    ]


@admin.register(DiscountUse)
class DiscountUseAdmin(ReadOnlyAdmin):
    list_display = [
        "order_number",
        "member",
        "kind",
        "campaign_id",
        "units",
        "shown_discount",
        "used_at",
        "released_at",
    ]
    list_filter = ["kind"]
    list_select_related = ["member"]
    search_fields = ["=order_number"]
    ordering = ["-pk"]
    show_full_result_count = False

    @display(description=_("taken off"), ordering="discount_fen")
    def shown_discount(self, use: DiscountUse) -> str:
        return yuan(use.discount_fen)

    def get_fieldsets(self, request: HttpRequest, obj: DiscountUse | None = None) -> Any:
        return readable(super().get_fieldsets(request, obj), DiscountUse)
