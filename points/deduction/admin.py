"""Shares of an order that tiers may pay in points, and better terms for segments for a while."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.admin import SimpleHistoryAdmin
from unfold.decorators import display

from points.deduction.models import BetterTerms, TierDeduction
from points.deduction.queries import ACTIVITIES, SHARES
from shop.core import clock
from shop.core.editing import ModelAdmin
from shop.core.forms import PercentFormMixin
from shop.core.kept import Kept
from shop.core.labels import Label


class SharesAdmin(PercentFormMixin, SimpleHistoryAdmin, ModelAdmin):
    """Whoever changes a row sees what it does at once."""

    kept: Kept[Any]

    @display(description=_("share of an order"), ordering="cap_bp")
    def share(self, row: Any) -> str:
        return f"{row.cap_bp / 100:g} %"

    def save_model(self, request: HttpRequest, obj: Any, form: forms.ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        transaction.on_commit(self.kept.forget)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        transaction.on_commit(self.kept.forget)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        super().delete_queryset(request, queryset)
        transaction.on_commit(self.kept.forget)


@admin.register(TierDeduction)
class TierDeductionAdmin(SharesAdmin):
    kept = SHARES
    list_display = ["tier", "share"]
    list_select_related = ["tier"]
    fields = ["tier", "cap_bp"]


@admin.register(BetterTerms)
class BetterTermsAdmin(SharesAdmin):
    kept = ACTIVITIES
    list_display = ["name", "segment", "points_per_yuan", "share", "starts_at", "ends_at", "shown_state"]
    list_select_related = ["segment"]
    list_filter = ["segment"]
    fields = ["name", "segment", ("points_per_yuan", "cap_bp"), "starts_at", "ends_at"]

    @display(description=_("status"), label={"coming": "info", "on": "success", "over": "warning"})
    def shown_state(self, row: BetterTerms) -> Label:
        now = clock.now()
        if row.ends_at <= now:
            return Label("over", pgettext_lazy("points-for-cash activity", "Over"))
        if row.starts_at > now:
            return Label("coming", pgettext_lazy("points-for-cash activity", "To come"))
        return Label("on", pgettext_lazy("points-for-cash activity", "On"))
