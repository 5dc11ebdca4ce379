"""What the merchant picks: people, goods, and what they take note of. Ids in, ids out, nothing typed by number."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelectMultiple
from django.db import models
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from members.segments.models import Segment
from members.tiers.models import Tier
from promotions.campaigns.findings import Finding
from promotions.campaigns.stacking import MECHANISMS
from shop.catalog.models import Category, Product, Sku, SkuStock
from shop.core.channels import CHANNEL_CHOICES
from shop.core.picking import PickingForm, chosen_from

# Foreign keys by which the admin finds what to offer while somebody types.
CATEGORY = Product._meta.get_field("category")
PRODUCT = Sku._meta.get_field("product")
SKU = SkuStock._meta.get_field("sku")


def searched(foreign_key: Any, label: Any) -> forms.ModelMultipleChoiceField:
    """For tables with many rows: found by typing a part of the name or the code."""
    rows = foreign_key.related_model._default_manager.all()
    widget = AutocompleteSelectMultiple(foreign_key, admin.site)
    return forms.ModelMultipleChoiceField(rows, required=False, label=label, widget=widget)


class CountingForm(forms.ModelForm):
    """What is counted is no field, but what is typed is held against it: no less is allowed than is used already."""

    def _get_validation_exclusions(self) -> set[str]:
        counted = {
            field.name
            for field in self._meta.model._meta.get_fields()
            if isinstance(field, models.IntegerField) and not field.editable
        }
        return super()._get_validation_exclusions() - counted  # type: ignore[misc]


class AudienceForm(CountingForm, PickingForm):
    PICKED = {"tier_ids": "tiers", "segment_ids": "segments", "channels": "fronts"}

    tiers = chosen_from(Tier.objects, _("tiers"), _("Nothing chosen: members of all tiers."))
    segments = chosen_from(Segment.objects, _("segments"), _("Nothing chosen: with or without a segment."))
    fronts = forms.MultipleChoiceField(
        choices=CHANNEL_CHOICES,
        required=False,
        label=_("fronts"),
        help_text=_("Nothing chosen: on all of them."),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "budget_fen" in self.fields:
            self.fields["budget_fen"].help_text = self._meta.model.BUDGET_COUNTS


class StackingForm(AudienceForm):
    PICKED = {**AudienceForm.PICKED, "refuses": "not_with"}

    not_with = forms.MultipleChoiceField(
        choices=MECHANISMS,
        required=False,
        label=_("not together with"),
        help_text=_("Besides what the table of combinations rules out for all."),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )


class ScopeForm(PickingForm):
    """To be mixed into a form whose campaign has `ScopeFields`."""

    PICKED = {
        "category_ids": "categories",
        "product_ids": "products",
        "sku_ids": "skus",
        "excluded_category_ids": "without_categories",
        "excluded_product_ids": "without_products",
        "excluded_sku_ids": "without_skus",
    }

    categories = searched(CATEGORY, _("categories"))
    products = searched(PRODUCT, _("products"))
    skus = searched(SKU, _("SKUs"))
    without_categories = searched(CATEGORY, _("without categories"))
    without_products = searched(PRODUCT, _("without products"))
    without_skus = searched(SKU, _("without SKUs"))


class NotingForm(forms.Form):
    """To publish or approve: what was found is carried along, so that what is noted is what was read."""

    codes = forms.CharField(required=False, widget=forms.HiddenInput)
    noted = forms.BooleanField(
        label=_("I have read the findings above and take responsibility"), widget=UnfoldBooleanSwitchWidget
    )

    def __init__(self, data: Any, *, findings: list[Finding]) -> None:
        super().__init__(data, initial={"codes": "\n".join(each.code for each in findings)})
        if not findings:
            del self.fields["noted"]

    @property
    def noted_codes(self) -> frozenset[str]:
        return frozenset(self.cleaned_data["codes"].replace("\r", "").split("\n"))


class NoteForm(forms.Form):
    note = forms.CharField(label=_("note"), max_length=300, required=False, widget=UnfoldAdminTextInputWidget)


NAMES: Mapping[str, type[models.Model]] = {
    "tier_ids": Tier,
    "segment_ids": Segment,
    "category_ids": Category,
    "product_ids": Product,
    "sku_ids": Sku,
    "excluded_category_ids": Category,
    "excluded_product_ids": Product,
    "excluded_sku_ids": Sku,
}


def names_of(campaign: Any, column: str) -> str:
    """What was picked, for people to read."""
    ids = getattr(campaign, column)
    rows = NAMES[column]._default_manager.in_bulk(ids)
    return ", ".join(str(rows.get(each, f"#{each}")) for each in ids) or "–"
