"""Carriers with their rates, and the record of choices."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget

from logistics.carriers.cards import keep_card
from logistics.carriers.engine import ANYWHERE
from logistics.carriers.models import Carrier, CarrierChoice, CarrierRate, RateCard
from logistics.carriers.queries import RATES
from logistics.carriers.scorecard import panels
from logistics.carriers.screens import card_table, offers_table, refusal
from shop.core import clock
from shop.core.admin import PartInlineMixin, ReadOnlyAdmin
from shop.core.editing import ModelAdmin
from shop.core.forms import YuanFormMixin
from shop.core.money import yuan
from shop.core.people import PeopleMixin
from shop.core.screens import panels_page, staff
from shop.core.searching import FoundByKeys
from shop.regions.queries import children, places_of_rates


def _provinces() -> list[tuple[str, Any]]:
    return [(ANYWHERE, _("Anywhere")), *((province.code, province.name) for province in children(None))]


def _destinations() -> list[tuple[str, Any]]:
    return [(ANYWHERE, _("Anywhere")), *places_of_rates()]


class CarrierRateForm(forms.ModelForm):
    origin_province = forms.ChoiceField(label=_("from province"), choices=_provinces, widget=UnfoldAdminSelectWidget)
    destination_province = forms.ChoiceField(
        label=_("to province or city"), choices=_destinations, widget=UnfoldAdminSelectWidget
    )

    class Meta:
        model = CarrierRate
        fields = [
            "origin_province",
            "destination_province",
            "first_weight_g",
            "first_fen",
            "step_weight_g",
            "step_fen",
            "max_weight_g",
            "surcharge_fen",
            "eta_hours",
        ]


class CarrierRateInline(PartInlineMixin, YuanFormMixin, TabularInline):
    model = CarrierRate
    hide_title = True
    form = CarrierRateForm
    extra = 0


class RateCardInline(PeopleMixin, TabularInline):
    """What was so when: a line for each version."""

    model = RateCard
    fields = ["version", "lanes", "made_by", "made_at"]
    readonly_fields = fields
    can_delete = False
    hide_title = True
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # It has no screen of its own: who sees the carrier sees what it billed.
        return request.user.has_perm("carriers.view_carrier")

    def get_queryset(self, request: HttpRequest) -> QuerySet[RateCard]:
        return super().get_queryset(request).order_by("-version")

    @display(description=_("rates"))
    def lanes(self, card: RateCard) -> str:
        return card_table(card)


@admin.register(Carrier)
class CarrierAdmin(YuanFormMixin, ModelAdmin):
    list_display = ["name", "code", "volumetric_divisor", "worth_at_most", "pick_up_at", "is_active"]
    list_filter = ["is_active"]
    inlines = [CarrierRateInline, RateCardInline]
    ordering = ["code"]
    actions_list = ["scorecard"]

    @display(description=_("goods worth at most"), ordering="max_value_fen")
    def worth_at_most(self, carrier: Carrier) -> str:
        return "–" if carrier.max_value_fen is None else yuan(carrier.max_value_fen)

    def has_look_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("carriers.view_carrier")

    @action(description=_("Scorecard"), url_path="scorecard", permissions=["look"], icon="leaderboard")
    def scorecard(self, request: HttpRequest) -> HttpResponse:
        found = panels(today=clock.business_day(clock.now()))
        return panels_page(self, request, title=_("Scorecard of carriers"), panels=found)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        keep_card(carrier_id=form.instance.pk, actor=staff(request), now=clock.now())
        RATES.forget()


@admin.register(CarrierChoice)
class CarrierChoiceAdmin(FoundByKeys, ReadOnlyAdmin):
    list_display = ["reference", "carrier", "shown_cost", "eta_hours", "billed_weight_g", "alternatives", "created_at"]
    list_filter = ["carrier"]
    search_keys = ("reference",)
    list_select_related = ["carrier"]
    ordering = ["-pk"]
    fields = ["reference", "carrier", "shown_cost", "eta_hours", "billed_weight_g", "created_at", "offers"]
    readonly_fields = ["shown_cost", "offers"]

    @display(description=_("cost"), ordering="cost_fen")
    def shown_cost(self, choice: CarrierChoice) -> str:
        return yuan(choice.cost_fen)

    @display(description=_("alternatives"))
    def alternatives(self, choice: CarrierChoice) -> str:
        return " · ".join(
            f"{c['carrier_code']} {refusal(c['rejected']) or yuan(c['cost_fen'])}" for c in choice.candidates[1:]
        )

    @display(description=_("candidates"))
    def offers(self, choice: CarrierChoice) -> str:
        return offers_table(choice)
