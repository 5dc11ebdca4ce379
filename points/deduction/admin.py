"""Shares of an order that tiers may pay in points."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin
from unfold.decorators import display

from points.deduction.models import TierDeduction
from points.deduction.queries import SHARES


@admin.register(TierDeduction)
class TierDeductionAdmin(SimpleHistoryAdmin, ModelAdmin):
    list_display = ["tier", "share"]
    list_select_related = ["tier"]
    fields = ["tier", "cap_bp"]

    @display(description=_("share of an order"), ordering="cap_bp")
    def share(self, row: TierDeduction) -> str:
        return f"{row.cap_bp / 100:g} %"

    def save_model(self, request: HttpRequest, obj: TierDeduction, form: forms.ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        SHARES.forget()

    def delete_model(self, request: HttpRequest, obj: TierDeduction) -> None:
        super().delete_model(request, obj)
        SHARES.forget()

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        super().delete_queryset(request, queryset)
        SHARES.forget()
