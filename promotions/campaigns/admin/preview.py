"""The page that shows what somebody would pay at some moment."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from members.identity.models import Member
from members.identity.phones import parse_phone
from members.tiers.models import Tier
from promotions.campaigns.audience import Buyer
from promotions.campaigns.forms import SKU
from promotions.campaigns.mechanisms import mechanism_label, model_of
from promotions.campaigns.models import Campaign
from promotions.campaigns.preview import Preview, preview
from promotions.campaigns.queries import buyer_for
from promotions.pricing.answers import Adjustment
from shop.catalog.models import Sku
from shop.core import clock
from shop.core.channels import CHANNEL_CHOICES
from shop.core.editing import ModelAdmin
from shop.core.errors import NotFound
from shop.core.forms import YuanField
from shop.core.money import yuan

LINES = 3


class PreviewForm(forms.Form):
    """A member, or anybody of a tier; up to `LINES` SKUs and their freight; a moment."""

    member = forms.CharField(
        label=gettext_lazy("member"),
        required=False,
        max_length=20,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("The whole phone number, or the member's id. Blank: anybody of the tier below."),
    )
    tier = forms.ModelChoiceField(
        Tier.objects.all(), required=False, label=gettext_lazy("tier"), widget=UnfoldAdminSelectWidget
    )
    is_new = forms.BooleanField(label=gettext_lazy("a new member"), required=False, widget=UnfoldBooleanSwitchWidget)
    channel = forms.ChoiceField(
        choices=CHANNEL_CHOICES, required=False, label=gettext_lazy("front"), widget=UnfoldAdminSelectWidget
    )
    at = forms.SplitDateTimeField(label=gettext_lazy("moment"), widget=UnfoldAdminSplitDateTimeWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in range(1, LINES + 1):
            self.fields[f"sku_{number}"] = forms.ModelChoiceField(
                Sku.objects.all(),
                required=number == 1,
                label=_("SKU {number}").format(number=number),
                widget=AutocompleteSelect(SKU, admin.site),
            )
            self.fields[f"units_{number}"] = forms.IntegerField(
                label=_("units"), initial=1, min_value=1, max_value=999, widget=UnfoldAdminIntegerFieldWidget
            )
        self.fields["freight"] = YuanField(
            label=_("freight"),
            required=False,
            help_text=_("Before any promotion, to see what free shipping takes off. Blank: not known yet."),
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
            raise forms.ValidationError(_("No such member."))
        return known

    @property
    def moment(self) -> datetime:
        return self.cleaned_data["at"]

    def buyer(self) -> Buyer:
        """Segments and first purchase of a member are those of now: nobody knows them of another time."""
        given = self.cleaned_data
        if given["member"] is not None:
            return buyer_for(member_id=given["member"].pk, channel=given["channel"], now=clock.now())
        tier = given["tier"]
        return Buyer(
            None, tier.pk if tier else None, tier.code if tier else "", is_new=given["is_new"], channel=given["channel"]
        )

    def units(self) -> dict[int, int]:
        found: dict[int, int] = {}
        for number in range(1, LINES + 1):
            sku = self.cleaned_data.get(f"sku_{number}")
            if sku is not None:
                found[sku.pk] = found.get(sku.pk, 0) + self.cleaned_data[f"units_{number}"]
        return found


def preview_page(model_admin: ModelAdmin, request: HttpRequest) -> HttpResponse:
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    drafts = [each for name in request.GET.getlist("draft") if (each := _draft(name)) is not None]
    first = min((each.starts_at for each in drafts), default=clock.now())
    form = PreviewForm(request.POST if request.method == "POST" else None, initial={"at": max(first, clock.now())})
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": _("Preview"),
        "form": form,
        "media": form.media,
        "drafts": drafts,
    }
    if request.method == "POST" and form.is_valid():
        freight_fen = form.cleaned_data["freight"]
        context |= _shown(
            preview(buyer=form.buyer(), units=form.units(), drafts=drafts, at=form.moment, freight_fen=freight_fen),
            freight_fen,
        )
    return TemplateResponse(request, "admin/promotions/preview.html", context)


def _draft(name: str) -> Campaign | None:
    kind, _dash, number = name.rpartition("-")
    if not (number.isascii() and number.isdecimal() and len(number) < 18):
        return None
    try:
        return model_of(kind)._default_manager.filter(pk=int(number)).first()
    except NotFound:
        return None


def _shown(found: Preview, freight_fen: int | None) -> dict[str, Any]:
    quote = found.quote
    lines = [
        [
            f"{found.skus[line.sku_id].product.name} {found.skus[line.sku_id].options_label}".strip(),
            line.quantity,
            yuan(line.subtotal_fen),
            _changes(line.adjustments),
            yuan(line.payable_fen),
        ]
        for line in quote.lines
    ]
    gifts = [[gift.label, gift.quantity, _("gift"), "–", yuan(0)] for gift in quote.gifts]
    freight = (
        [[_("Freight"), "", yuan(freight_fen), _changes(quote.freight_adjustments), yuan(quote.freight_fen or 0)]]
        if freight_fen is not None
        else []
    )
    applied = [["✓", each.label, yuan(each.amount_fen)] for each in quote.applied]
    rejected = [["✗", mechanism_label(each.kind), each.message] for each in quote.rejected]
    left_out = [["✗", each.name, why or _("does not act at this moment")] for each, why in found.left_out]
    return {
        "payable": yuan(quote.payable_fen),
        "before": yuan(quote.goods_fen + (freight_fen or 0)),
        "lines": {
            "headers": [_("Product"), _("units"), _("List price"), _("Changes"), _("Payable")],
            "rows": lines + gifts + freight,
        },
        "effects": {
            "headers": ["", _("Promotion"), _("Effect")],
            "rows": applied + rejected + left_out or [["–", _("No promotion acts."), ""]],
        },
    }


def _changes(adjustments: Sequence[Adjustment]) -> str:
    return ", ".join(f"{each.label} {yuan(each.amount_fen)}" for each in adjustments) or "–"
