"""A purchase that nobody has made, or one of the past at another moment: what the preview of rules asks for."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.fields import UnfoldAdminAutocompleteModelChoiceField
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from members.identity.models import Member
from members.identity.phones import parse_phone
from points.rules.events import ORDER, EarningEvent, EarningLine
from points.rules.history import past_orders
from points.rules.queries import QUOTE
from shop.catalog.models import Sku
from shop.catalog.queries import SkuSnapshot, sku_snapshots
from shop.core import clock
from shop.core.channels import CHANNEL_CHOICES
from shop.core.forms import YuanField

SKUS_URL = "admin:rules_earningrule_skus"
ROWS = 3


class TryForm(forms.Form):
    """Either an order of the past or some SKUs; by whom and when may be said for both."""

    member = forms.CharField(
        label=_("Member"),
        max_length=20,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("The whole phone number, or the member's id. Of a past order its buyer, if blank."),
    )
    at = forms.SplitDateTimeField(
        label=_("Paid at"),
        required=False,
        widget=UnfoldAdminSplitDateTimeWidget,
        help_text=_("Blank: now, or when the past order was paid."),
    )
    order = forms.CharField(label=_("Past order"), max_length=40, required=False, widget=UnfoldAdminTextInputWidget)
    channel = forms.ChoiceField(
        label=_("Front"), required=False, choices=(("", "–"), *CHANNEL_CHOICES), widget=UnfoldAdminSelectWidget
    )
    first_order = forms.BooleanField(label=_("as the first order"), required=False, widget=UnfoldBooleanSwitchWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for row in range(1, ROWS + 1):
            chosen = str(self.data.get(f"sku_{row}", ""))
            field = UnfoldAdminAutocompleteModelChoiceField(
                SKUS_URL, Sku.objects.select_related("product"), label=_("SKU"), required=False
            )
            skus = Sku.objects.filter(pk=chosen) if chosen.isdecimal() else ()
            field.widget.choices = [("", ""), *((sku.pk, str(sku)) for sku in skus)]
            self.fields[f"sku_{row}"] = field
            self.fields[f"units_{row}"] = forms.IntegerField(
                label=_("Units"),
                required=False,
                min_value=1,
                max_value=10_000,
                initial=1,
                widget=UnfoldAdminIntegerFieldWidget,
            )
            self.fields[f"fen_{row}"] = YuanField(
                label=_("paid for them"), required=False, help_text=_("Blank: the list price.")
            )
        self.past: EarningEvent | None = None
        self.skus: dict[int, SkuSnapshot] = {}

    @property
    def category_ids(self) -> frozenset[int]:
        return frozenset(sku.category_id for sku in self.skus.values())

    def event(self, paths: Mapping[int, str]) -> EarningEvent:
        """What to evaluate; `paths` of the SKUs' categories."""
        given = self.cleaned_data
        event = self.past or EarningEvent(ORDER.code, QUOTE, 0, clock.now(), lines=self._lines(paths))
        return replace(
            event,
            reference=QUOTE,
            member_id=given["member"].pk if given["member"] else event.member_id,
            at=given["at"] or event.at,
            channel=given["channel"] or event.channel,
            is_first_order=given["first_order"] or event.is_first_order,
        )

    def clean_member(self) -> Member | None:
        given = self.cleaned_data["member"].strip()
        if not given:
            return None
        phone = parse_phone(given)
        known = Member.objects.filter(phone=phone).first() if phone else None
        if known is None and given.isascii() and given.isdecimal() and len(given) < 18:
            known = Member.objects.filter(pk=int(given)).first()
        if known is None:
            raise ValidationError(_("No such member."))
        return known

    def clean_order(self) -> str:
        number: str = self.cleaned_data["order"].strip()
        self.past = past_orders().event(number=number) if number else None
        if number and self.past is None:
            raise ValidationError(_("No such order was paid."))
        return number

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.skus = sku_snapshots(sku_ids=[sku.pk for sku, *_ in self._wanted()], now=self._moment(cleaned))
        if not self.errors and self.past is None:
            if not self.skus:
                self.add_error("sku_1", _("Choose a SKU, or name a past order."))
            if not cleaned.get("member"):
                self.add_error("member", _("Say who buys."))
        return cleaned

    def _moment(self, cleaned: Mapping[str, Any]) -> datetime:
        return cleaned.get("at") or clock.now()

    def _wanted(self) -> list[tuple[Sku, int, int | None]]:
        rows = (
            tuple(self.cleaned_data.get(f"{part}_{row}") for part in ("sku", "units", "fen"))
            for row in range(1, ROWS + 1)
        )
        return [(sku, units or 1, fen) for sku, units, fen in rows if sku]

    def _lines(self, paths: Mapping[int, str]) -> tuple[EarningLine, ...]:
        return tuple(
            EarningLine(
                sku_id=sku.pk,
                product_id=self.skus[sku.pk].product_id,
                category_path=paths.get(self.skus[sku.pk].category_id, ""),
                quantity=units,
                net_fen=self.skus[sku.pk].price_fen * units if fen is None else fen,
                brand_id=self.skus[sku.pk].brand_id,
            )
            for sku, units, fen in self._wanted()
        )
