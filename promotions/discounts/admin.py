"""Screens of timed discounts and spend offers, with what orders took of them."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Case, OuterRef, QuerySet, Subquery, When
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
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
from promotions.campaigns.mechanisms import mechanism_label, model_of
from promotions.campaigns.models import Campaign
from promotions.discounts.models import DiscountUse, SpendOffer, SpendOfferTier, TimedDiscount, TimedDiscountItem
from shop.catalog.models import Sku
from shop.core.admin import ReadOnlyAdmin
from shop.core.forms import PercentFormMixin, YuanFormMixin
from shop.core.money import yuan
from shop.core.searching import FoundByKeys

KINDS: tuple[type[Campaign], ...] = (TimedDiscount, SpendOffer)


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


class KindFilter(admin.SimpleListFilter):
    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(model.KIND, model._meta.verbose_name) for model in KINDS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[DiscountUse]) -> QuerySet[DiscountUse]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


def _name(model: type[Campaign]) -> Case:
    """Of the campaign that a use is of, where it is one of this model."""
    named = model._default_manager.filter(pk=OuterRef("campaign_id")).values("name")
    return Case(When(kind=model.KIND, then=Subquery(named)))


@admin.register(DiscountUse)
class DiscountUseAdmin(FoundByKeys, ReadOnlyAdmin):
    list_display = [
        "order_number",
        "member",
        "shown_kind",
        "shown_campaign",
        "units",
        "shown_discount",
        "used_at",
        "released_at",
    ]
    list_filter = [KindFilter]
    fields = [
        "order_number",
        "member",
        "shown_kind",
        "shown_campaign",
        "shown_goods",
        "units",
        "discount_fen",
        "cost_fen",
        "revenue_fen",
        "used_at",
        "confirmed_at",
        "released_at",
    ]
    readonly_fields = ["shown_kind", "shown_campaign", "shown_goods"]
    list_select_related = ["member"]
    search_keys = ("order_number",)
    ordering = ["-pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[DiscountUse]:
        return super().get_queryset(request).annotate(campaign_name=Coalesce(*map(_name, KINDS)))

    @display(description=_("kind"), ordering="kind")
    def shown_kind(self, use: DiscountUse) -> str:
        return str(mechanism_label(use.kind))

    @display(description=_("campaign"))
    def shown_campaign(self, use: Any) -> str:
        meta = model_of(use.kind)._meta
        page = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[use.campaign_id])
        return format_html('<a class="text-primary-600" href="{}">{}</a>', page, use.campaign_name or use.campaign_id)

    @display(description=_("goods"))
    def shown_goods(self, use: DiscountUse) -> str:
        sku = Sku.objects.filter(pk=use.sku_id or 0).select_related("product").first()
        return f"{sku.product.name} {sku.options_label}".strip() if sku else "–"

    @display(description=_("taken off"), ordering="discount_fen")
    def shown_discount(self, use: DiscountUse) -> str:
        return yuan(use.discount_fen)

    def get_fieldsets(self, request: HttpRequest, obj: DiscountUse | None = None) -> Any:
        return readable(super().get_fieldsets(request, obj), DiscountUse)
