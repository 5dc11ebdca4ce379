"""Freight templates: zones with provinces and cities chosen by name, and the products that have one of their own."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import StackedInline, TabularInline
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelect2MultipleWidget, UnfoldAdminSelectWidget

from logistics.freight.models import FreightTemplate, FreightZone, ProductFreight
from logistics.freight.queries import KNOWN
from logistics.freight.services import bill_category
from shop.catalog.admin.forms import CategoryField
from shop.core.admin import PartInlineMixin
from shop.core.editing import ModelAdmin
from shop.core.forms import YuanFormMixin
from shop.core.money import yuan
from shop.core.screens import form_page, found_or_404
from shop.regions.queries import places_of_rates


class FreightZoneForm(forms.ModelForm):
    regions = forms.MultipleChoiceField(
        label=gettext_lazy("provinces and cities"),
        required=False,
        choices=places_of_rates,
        widget=UnfoldAdminSelect2MultipleWidget,
        help_text=gettext_lazy(
            "Empty serves all that no other zone names; a city's own zone wins over its province's."
        ),
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


class FreightTemplateForm(forms.ModelForm):
    """The default one is changed by making another one it: without any, everything would be sent free."""

    class Meta:
        model = FreightTemplate
        fields = ["name", "is_default", "billed_by", "free_from_fen", "volumetric_divisor"]

    def clean_is_default(self) -> bool:
        wanted: bool = self.cleaned_data["is_default"]
        if self.instance.is_default and not wanted:
            raise forms.ValidationError(_("Make another template the default one instead."))
        return wanted

    def _get_validation_exclusions(self) -> set[str]:
        # The flag moves, see `save_model`.
        return {*super()._get_validation_exclusions(), "is_default"}  # type: ignore[misc]


class CategoryForm(forms.Form):
    category = CategoryField(label=gettext_lazy("category"), widget=UnfoldAdminSelectWidget)


class ProductFreightFormSet(forms.BaseInlineFormSet):
    """Without a template of its own a product goes by the default one."""

    def save_existing(self, form: Any, obj: ProductFreight, commit: bool = True) -> ProductFreight:
        if form.cleaned_data.get("template") is None:
            obj.delete()
            return obj
        saved: ProductFreight = super().save_existing(form, obj, commit=commit)
        return saved

    def save(self, commit: bool = True) -> Any:
        saved = super().save(commit)
        KNOWN.forget()
        return saved


class ProductFreightForm(forms.ModelForm):
    template = forms.ModelChoiceField(
        FreightTemplate.objects.order_by("-is_default", "pk"),
        label=gettext_lazy("freight template"),
        required=False,
        empty_label=gettext_lazy("The default one"),
        widget=UnfoldAdminSelectWidget,
    )

    class Meta:
        model = ProductFreight
        fields = ["template"]


class ProductFreightInline(PartInlineMixin, TabularInline):
    """On the page of a product."""

    model = ProductFreight
    form = ProductFreightForm
    formset = ProductFreightFormSet
    extra = 1
    max_num = 1
    can_delete = False
    hide_title = True


@admin.register(FreightTemplate)
class FreightTemplateAdmin(YuanFormMixin, ModelAdmin):
    form = FreightTemplateForm
    list_display = ["name", "is_default", "billed_by", "free_from", "shown_products"]
    fields = ["name", "is_default", "billed_by", "free_from_fen", "volumetric_divisor"]
    inlines = [FreightZoneInline]
    actions_detail = ["bill_category"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[FreightTemplate]:
        return super().get_queryset(request).annotate(own=Count("products"))

    @display(description=gettext_lazy("products of its own"), ordering="own")
    def shown_products(self, template: FreightTemplate) -> str:
        return f"{template.own:,}"  # type: ignore[attr-defined]

    @action(description=gettext_lazy("For a category"), url_path="category", permissions=["change"], icon="category")
    def bill_category(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Whole categories at once; single products on their own pages."""
        template = found_or_404(self, request, object_id)
        form = CategoryForm(request.POST or None)
        title = _("Products of which category go by {template}?").format(template=template)
        if request.method != "POST" or not form.is_valid():
            return form_page(self, request, form=form, title=title, buttons=[("bill", _("Let them go by it"))])
        category = form.cleaned_data["category"]
        count = bill_category(template_id=template.pk, category_id=category.pk)
        said = ngettext("{count} product goes by it now.", "{count} products go by it now.", count).format(count=count)
        self.log_change(request, template, f"{category}: {said}")
        messages.success(request, said)
        return redirect("admin:freight_freighttemplate_change", template.pk)

    def save_model(self, request: HttpRequest, obj: FreightTemplate, form: Any, change: bool) -> None:
        if obj.is_default:
            FreightTemplate.objects.filter(is_default=True).exclude(pk=obj.pk).update(is_default=False)
        super().save_model(request, obj, form, change)

    @display(description=gettext_lazy("free from"), ordering="free_from_fen")
    def free_from(self, template: FreightTemplate) -> str:
        return "–" if template.free_from_fen is None else yuan(template.free_from_fen)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        KNOWN.forget()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Without a default template the shop would ship everything free.
        return super().has_delete_permission(request, obj) and not (obj is not None and obj.is_default)
