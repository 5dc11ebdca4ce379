"""The template editor, in sections, with a sentence that says what the coupon does while it is typed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from promotions.campaigns.admin.frame import (
    STATUS_LABELS,
    TOGETHER,
    WHAT,
    WHEN,
    WHOM,
    CampaignAdmin,
    ScopedAdminMixin,
)
from promotions.campaigns.forms import ScopeForm, StackingForm
from promotions.campaigns.models import CampaignStatus
from promotions.coupons.admin.forms import TotalForm
from promotions.coupons.admin.halts import TITLES, HaltForm, what_it_meets
from promotions.coupons.models import CouponTemplate
from promotions.coupons.models.halts import RESULTS, TRANSITIONS, HaltKind
from promotions.coupons.models.templates import PROMISES, Halted
from promotions.coupons.queries import with_statistics
from promotions.coupons.sentences import sentence_of
from promotions.coupons.services.halting import halt_coupons
from promotions.coupons.services.templates import change_total
from shop.core import clock
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.money import yuan
from shop.core.screens import form_page, found_or_404, staff

Validity = CouponTemplate.Validity
NAMES_SHOWN = 3
NEEDED = {"amount": "amount_off_fen", "percent": "percent_off_bp", "exchange": "exchange_sku"}
GOODS = ("categories", "products", "skus", "without_categories", "without_products", "without_skus")


@dataclass(frozen=True)
class When:
    """A field means something where another one has one of the values, or, with `unless`, where it has none of them."""

    name: str
    values: tuple[str, ...]
    unless: bool = False

    @property
    def expression(self) -> str:
        """For the form; where the other one is no field the template is only looked at."""
        met = f"{json.dumps(self.values)}.includes({self.name})".replace('"', "'")
        return f"typeof {self.name} === 'undefined' || {'!' if self.unless else ''}{met}"

    def holds(self, template: CouponTemplate) -> bool:
        return (getattr(template, self.name) in self.values) != self.unless


_HALTED_AS: Mapping[str, Label] = {
    Halted.SUSPENDED: Label(CampaignStatus.PAUSED.value, gettext_lazy("Coupons suspended")),
    Halted.VOID: Label(CampaignStatus.ENDED.value, gettext_lazy("Coupons void")),
}
CONDITIONS: Mapping[str, When] = {
    "amount_off_fen": When("kind", ("amount",)),
    "percent_off_bp": When("kind", ("percent",)),
    "most_off_fen": When("kind", ("percent", "free_shipping")),
    **dict.fromkeys(("exchange_sku", "exchange_price_fen"), When("kind", ("exchange",))),
    **dict.fromkeys(GOODS, When("kind", ("exchange",), unless=True)),
    **dict.fromkeys(("valid_days", "delay_days"), When("validity", ("after_claim",))),
    **dict.fromkeys(("valid_from", "valid_until"), When("validity", ("dates",))),
    **dict.fromkeys(("purchase_moment", "purchase_min_fen"), When("way", ("purchase",))),
    "period": When("way", ("birthday",), unless=True),
    "per_period_limit": When("period", ("",), unless=True),
}


class TemplateForm(ScopeForm, StackingForm):
    PICKED = {**StackingForm.PICKED, **ScopeForm.PICKED}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.claimed_count:
            promised = {self.PICKED.get(name, name.removesuffix("_id")) for name in PROMISES}
            for name in promised & set(self.fields):
                self.fields[name].disabled = True

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        name = NEEDED.get(values.get("kind", ""))
        if name and not values.get(name):
            self._complain(name, _("This kind of coupon needs it."))
        if values.get("validity") == Validity.DATES:
            begins, ends = values.get("valid_from"), values.get("valid_until")
            if begins is None or ends is None or ends <= begins:
                self._complain("valid_until", _("Give both dates, the later one last."))
        elif not values.get("valid_days"):
            self._complain("valid_days", _("At least one day."))
        if bool(values.get("period")) != bool(values.get("per_period_limit")):
            self._complain("per_period_limit", _("A period and its limit go together."))
        if values.get("threshold_fen") and values.get("threshold_count"):
            self._complain("threshold_count", _("Either an amount or a number of units."))
        if values.get("threshold_count") and values.get("use_in") == CouponTemplate.UseIn.STORE:
            self._complain("threshold_count", _("A bill in a store is an amount: units are counted online only."))
        return values

    def _complain(self, name: str, message: str) -> None:
        if name in self.fields and name not in self.errors:
            self.add_error(name, message)


@admin.register(CouponTemplate)
class CouponTemplateAdmin(ScopedAdminMixin, CampaignAdmin):
    form = TemplateForm
    list_display: ClassVar[list[Any]] = [
        "name",
        "shown_status",
        "shown_sentence",
        "way",
        "shown_claimed",
        "shown_used",
        "shown_cost",
        "shown_revenue",
        "shown_window",
    ]
    list_filter = ["status", "kind", "way"]
    autocomplete_fields = ["exchange_sku"]
    readonly_fields = ["shown_sentence"]
    fieldsets = [
        WHAT,
        (
            gettext_lazy("What it does"),
            {
                "fields": [
                    "shown_sentence",
                    "kind",
                    "amount_off_fen",
                    ("percent_off_bp", "most_off_fen"),
                    ("exchange_sku", "exchange_price_fen"),
                    ("threshold_fen", "threshold_count"),
                    "use_in",
                    *GOODS,
                ]
            },
        ),
        (
            gettext_lazy("How long it is valid"),
            {"fields": ["validity", ("valid_days", "delay_days"), "valid_from", "valid_until"]},
        ),
        (
            gettext_lazy("How members come by it, and how many"),
            {
                "fields": [
                    "way",
                    ("purchase_moment", "purchase_min_fen"),
                    ("total_limit", "per_member_limit"),
                    ("period", "per_period_limit"),
                ]
            },
        ),
        WHOM,
        WHEN,
        TOGETHER,
    ]
    actions_detail = ["change_total", "suspend", "resume", "make_void"]

    conditional_fields = {name: when.expression for name, when in CONDITIONS.items()}

    class Media:
        js = ["coupons/sentence.js"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[CouponTemplate]:
        return with_statistics(super().get_queryset(request)).select_related("exchange_sku__product")

    def idle_fields(self, campaign: CouponTemplate) -> set[str]:
        return {name for name, when in CONDITIONS.items() if not when.holds(campaign)}

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.sentence_view)
        return [path("sentence/", view, name="coupons_coupontemplate_sentence"), *super().get_urls()]

    def sentence_view(self, request: HttpRequest) -> JsonResponse:
        """What the draft that is being typed would do; blank while it cannot be said."""
        if not self.may_move(request):
            raise PermissionDenied
        form: Any = self.get_form(request)(request.POST)
        form.is_valid()
        values = form.cleaned_data
        needed = NEEDED.get(values.get("kind", ""))
        if "kind" not in values or (needed and not values.get(needed)):
            return JsonResponse({"sentence": ""})
        known = {field.attname: getattr(form.instance, field.attname) for field in CouponTemplate._meta.concrete_fields}
        draft = CouponTemplate(**known)
        exchange = values.get("exchange_sku")
        goods = [str(each) for name in ("categories", "products", "skus") for each in values.get(name, ())]
        said = sentence_of(draft, goods=goods[:NAMES_SHOWN], exchange=str(exchange or ""))
        return JsonResponse({"sentence": said})

    @display(description=gettext_lazy("status"), label=STATUS_LABELS, ordering="status")
    def shown_status(self, campaign: Any) -> Label:
        """What was done to the coupons of members matters more than whether more are given."""
        return _HALTED_AS.get(campaign.halted) or super().shown_status(campaign)

    def steps_context(self, request: HttpRequest, campaign: Any) -> dict[str, Any]:
        context = super().steps_context(request, campaign)
        if campaign.halted:
            status, label = _HALTED_AS[campaign.halted]
            context["campaign_status"] = (STATUS_LABELS[status], label)
        if request.user.has_perm("coupons.view_halt") and campaign.halts.exists():
            address = reverse("admin:coupons_halt_changelist") + f"?template__id__exact={campaign.pk}"
            context["campaign_links"].append({"label": _("Stops of coupons"), "url": address})
        return context

    @display(description=gettext_lazy("what it does"))
    def shown_sentence(self, template: CouponTemplate) -> str:
        """In a place of its own on the form, where the script writes what it would say now."""
        exchange = template.exchange_sku.product.name if template.exchange_sku else ""
        said = sentence_of(template, exchange=exchange) if template.pk else "–"
        return format_html('<span id="coupon-sentence">{}</span>', said)

    @display(description=gettext_lazy("claimed"), ordering="claimed_count")
    def shown_claimed(self, template: CouponTemplate) -> str:
        total = "∞" if template.total_limit is None else f"{template.total_limit:,}"
        return f"{template.claimed_count:,} / {total}"

    @display(description=gettext_lazy("used"))
    def shown_used(self, template: Any) -> str:
        share = template.used * 100 // template.claimed_count if template.claimed_count else 0
        return f"{template.used:,} ({share}%)"

    @display(description=gettext_lazy("cost"))
    def shown_cost(self, template: Any) -> str:
        return yuan(template.cost_fen)

    @display(description=gettext_lazy("revenue"))
    def shown_revenue(self, template: Any) -> str:
        return yuan(template.revenue_fen)

    def has_change_total_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.may_move(request)

    @action(
        description=gettext_lazy("Change how many there are"),
        url_path="total",
        permissions=["change_total"],
        icon="add",
    )
    def change_total(self, request: HttpRequest, object_id: str) -> HttpResponse:
        template = found_or_404(self, request, object_id)
        form = TotalForm(request.POST or None, initial={"total_limit": template.total_limit})
        form.subject = template
        if request.method == "POST" and form.is_valid():
            total = form.cleaned_data["total_limit"]
            try:
                change_total(template_id=template.pk, total_limit=total, actor=staff(request), now=clock.now())
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                note = _("In all: {before} → {after}").format(before=template.total_limit or "∞", after=total or "∞")
                self.log_change(request, template, note)
                messages.success(request, note)
                return redirect("admin:coupons_coupontemplate_change", template.pk)
        return form_page(self, request, form=form, title=_("Change how many there are"))

    # What members hold of it.

    def has_suspend_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may_halt(request, object_id, HaltKind.SUSPEND)

    def has_resume_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may_halt(request, object_id, HaltKind.RESUME)

    def has_make_void_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may_halt(request, object_id, HaltKind.VOID)

    def _may_halt(self, request: HttpRequest, object_id: Any, kind: HaltKind) -> bool:
        """Where somebody was given one, and as far as its coupons are not in that state already."""
        if not request.user.has_perm("coupons.add_halt"):
            return False
        template = CouponTemplate.objects.filter(pk=object_id).first() if object_id else None
        return template is not None and bool(template.claimed_count) and RESULTS[kind] in TRANSITIONS[template.halted]

    @action(description=TITLES[HaltKind.SUSPEND], url_path="suspend", permissions=["suspend"], icon="pause_circle")
    def suspend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._halted(request, object_id, HaltKind.SUSPEND)

    @action(description=TITLES[HaltKind.RESUME], url_path="resume", permissions=["resume"], icon="play_circle")
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._halted(request, object_id, HaltKind.RESUME)

    @action(description=TITLES[HaltKind.VOID], url_path="void", permissions=["make_void"], icon="block")
    def make_void(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._halted(request, object_id, HaltKind.VOID)

    def _halted(self, request: HttpRequest, object_id: str, kind: HaltKind) -> HttpResponse:
        template = found_or_404(self, request, object_id)
        form = HaltForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            try:
                halt = halt_coupons(template_id=template.pk, kind=kind, **given, actor=staff(request), now=clock.now())
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                note = f"{TITLES[kind]}: {halt.reason}"
                self.log_change(request, template, note)
                messages.success(request, note)
                return redirect("admin:coupons_halt_change", halt.pk)
        met = what_it_meets(template, kind)
        return form_page(self, request, form=form, title=TITLES[kind], **met, buttons=[(kind.value, TITLES[kind])])
