"""Freight templates: zones with provinces and cities chosen by name."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import StackedInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelect2MultipleWidget

from logistics.freight.models import FreightTemplate, FreightZone
from logistics.freight.queries import DEFAULT_TEMPLATE
from shop.core.admin import PartInlineMixin
from shop.core.editing import ModelAdmin
from shop.core.forms import YuanFormMixin
from shop.core.money import yuan
from shop.regions.queries import places_of_rates


class FreightZoneForm(forms.ModelForm):
    regions = forms.MultipleChoiceField(
        label=_("provinces and cities"),
        required=False,
        choices=places_of_rates,
        widget=UnfoldAdminSelect2MultipleWidget,
        help_text=_("Empty serves all that no other zone names; a city's own zone wins over its province's."),
    )

    class Meta:
        model = FreightZone
        fields = [
            "name",
            "regions",
            "delivers",
            "free_shipping",
            "first_size",
            "first_fen",
            "step_size",
            "step_fen",
            "cheaper_from_fen",
            "cheaper_fen",
        ]


class FreightZoneFormSet(forms.BaseInlineFormSet):
    """There is a zone, each region is named by one zone, and one zone at most serves the rest."""

    def clean(self) -> None:
        super().clean()
        zones = [form.cleaned_data for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        if not zones:
            raise forms.ValidationError(_("A template needs at least one zone."))
        named = [region for zone in zones for region in zone.get("regions", [])]
        if len(named) != len(set(named)):
            raise forms.ValidationError(_("A province or city is in two zones."))
        if sum(not zone.get("regions") for zone in zones) > 1:
            raise forms.ValidationError(_("Only one zone can serve the rest of the country."))


class FreightZoneInline(PartInlineMixin, YuanFormMixin, StackedInline):
    model = FreightZone
    form = FreightZoneForm
    formset = FreightZoneFormSet
    extra = 0
    fields = [
        ("name", "delivers", "free_shipping"),
        "regions",
        ("first_size", "first_fen"),
        ("step_size", "step_fen"),
        ("cheaper_from_fen", "cheaper_fen"),
    ]


@admin.register(FreightTemplate)
class FreightTemplateAdmin(YuanFormMixin, ModelAdmin):
    list_display = ["name", "is_default", "billed_by", "free_from"]
    fields = ["name", "is_default", "billed_by", "free_from_fen", "volumetric_divisor"]
    inlines = [FreightZoneInline]

    @display(description=_("free from"), ordering="free_from_fen")
    def free_from(self, template: FreightTemplate) -> str:
        return "–" if template.free_from_fen is None else yuan(template.free_from_fen)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        DEFAULT_TEMPLATE.forget()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Without a default template the shop would ship everything free.
        return super().has_delete_permission(request, obj) and not (obj is not None and obj.is_default)
