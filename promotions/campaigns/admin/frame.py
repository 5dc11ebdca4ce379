"""What the screens of all mechanisms share: status, audience and window, and the steps from draft to end.

Drafts are edited; everything else is looked at, and moved by the steps above the form. A mechanism's own admin
inherits from `CampaignAdmin`, names its fields between `WHAT` and `WHEN`, and has nothing else to do.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from simple_history.admin import SimpleHistoryAdmin
from unfold.decorators import display

from promotions.campaigns.admin.looking import readable
from promotions.campaigns.admin.results import reach_table, result_page
from promotions.campaigns.admin.steps import DONE, STEPS, STOPPABLE, WAITS, Step
from promotions.campaigns.conflicts import window
from promotions.campaigns.errors import AcknowledgementNeeded
from promotions.campaigns.forms import AudienceForm, CountingForm, NoteForm, NotingForm, names_of
from promotions.campaigns.models import CampaignBundle, CampaignEvent, CampaignStatus, EndReason
from promotions.campaigns.services.lifecycle import (
    end_campaign,
    findings_of,
    needs_approval,
    save_draft,
)
from shop.core import clock
from shop.core.confirming import asks
from shop.core.editing import ModelAdmin
from shop.core.errors import DomainError
from shop.core.forms import PercentFormMixin, YuanFormMixin
from shop.core.labels import Label
from shop.core.money import yuan
from shop.core.screens import form_page, found_or_404, staff

Status = CampaignStatus
STATUS_LABELS = {
    Status.DRAFT.value: "info",
    Status.AWAITING_APPROVAL.value: "warning",
    Status.SCHEDULED.value: "info",
    Status.RUNNING.value: "success",
    Status.PAUSED.value: "warning",
    Status.ENDED.value: "danger",
}
WHAT = (gettext_lazy("What members see"), {"fields": ["name", "note"]})
WHOM = (gettext_lazy("For whom"), {"fields": [("tiers", "segments"), "new_members_only", "fronts"]})
WHEN = (gettext_lazy("When, and for how much"), {"fields": ["starts_at", "ends_at", "budget_fen", "bundle"]})
TOGETHER = (gettext_lazy("Together with other promotions"), {"fields": ["not_with"]})


class CampaignAdmin(YuanFormMixin, PercentFormMixin, SimpleHistoryAdmin, ModelAdmin):
    form = AudienceForm
    list_display: ClassVar[Sequence[str]] = ["name", "shown_status", "shown_window", "shown_audience", "shown_budget"]
    list_filter = ["status"]
    search_fields = ["name"]
    ordering = ["-pk"]
    show_full_result_count = False
    change_form_outer_before_template = "admin/promotions/steps.html"
    actions = ["stop_selected"]

    # Drafts are edited, the rest is looked at.

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.is_draft)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was published once stays: orders and results name it."""
        return super().has_delete_permission(request, obj) and (obj is None or (obj.is_draft and not obj.revision))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        sections = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return sections
        return readable(sections, self.model, without=self.idle_fields(obj))

    def idle_fields(self, campaign: Any) -> set[str]:
        """Columns that mean nothing for this campaign: not shown where it is only looked at."""
        return set()

    def may_move(self, request: HttpRequest) -> bool:
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        save_draft(campaign=obj, actor=staff(request), now=clock.now())

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A campaign that is added to a bundle begins with the bundle's window and audience."""
        initial = super().get_changeform_initial_data(request)
        bundle = CampaignBundle.objects.filter(pk=_number(initial.get("bundle"))).first()
        if bundle is not None:
            shared = ("starts_at", "ends_at", "new_members_only")
            initial |= {name: getattr(bundle, name) for name in shared}
            initial |= {"tiers": bundle.tier_ids, "segments": bundle.segment_ids, "fronts": bundle.channels}
        return initial

    # The page of one campaign.

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        context = dict(extra_context or {})
        campaign = self.get_object(request, object_id) if object_id else None
        if campaign is not None:
            context |= self.steps_context(request, campaign)
        return super().changeform_view(request, object_id, form_url, context)

    def steps_context(self, request: HttpRequest, campaign: Any) -> dict[str, Any]:
        status = campaign.status_at(clock.now())
        may = self.may_move(request)
        steps = [
            {"label": step.label, "url": self.step_url(campaign, step.name), "asks": step.asks, "is_main": step.is_main}
            for step in STEPS
            if may and campaign.status in step.allowed_in
        ]
        events = CampaignEvent.objects.filter(kind=campaign.KIND, campaign_id=campaign.pk).order_by("-pk")
        return {
            "campaign_steps": steps,
            "campaign_status": (STATUS_LABELS[status], status.label),
            "campaign_links": [
                {"label": _("Result"), "url": self.step_url(campaign, "result")},
                *self._orders_link(request, campaign),
                {"label": _("Preview"), "url": self.preview_url(campaign)},
                {"label": _("Calendar"), "url": reverse("admin:campaigns_calendar")},
            ],
            "campaign_events": events[:20],
        }

    def _orders_link(self, request: HttpRequest, campaign: Any) -> list[dict[str, str]]:
        orders = f"{reverse('admin:checkout_order_changelist')}?source={campaign.KIND}:{campaign.pk}"
        may = campaign.order_numbers() is not None and request.user.has_perm("checkout.view_order")
        return [{"label": _("Orders"), "url": orders}] if may else []

    def preview_url(self, campaign: Any) -> str:
        return f"{reverse('admin:campaigns_preview')}?draft={campaign.KIND}-{campaign.pk}"

    def step_url(self, campaign: Any, step: str) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_step", args=[campaign.pk, step])

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_step"
        view = self.admin_site.admin_view(self.step_view)
        return [path("<path:object_id>/step/<slug:step>/", view, name=name), *super().get_urls()]

    def step_view(self, request: HttpRequest, object_id: str, step: str) -> HttpResponse:
        campaign = found_or_404(self, request, object_id)
        if step == "result":
            if not self.has_view_permission(request, campaign):
                raise PermissionDenied
            return result_page(self, request, campaign)
        known = next((each for each in STEPS if each.name == step), None)
        if known is None:
            raise Http404
        if not self.may_move(request):
            raise PermissionDenied
        if known.name in ("publish", "approve"):
            return self._published(request, campaign, known)
        if step == "stop":
            return self._stopped(request, campaign, known)
        if known.asks:
            return self._withdrawn(request, campaign, known)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        return self._moved(request, campaign, known)

    def _published(self, request: HttpRequest, campaign: Any, step: Step) -> HttpResponse:
        findings = findings_of(campaign, now=clock.now())
        form = NotingForm(request.POST if request.method == "POST" else None, findings=findings)
        if request.method == "POST" and form.is_valid():
            try:
                return self._move(request, campaign, step, noted=form.noted_codes)
            except AcknowledgementNeeded as refusal:
                # Something was published meanwhile: what was read is not what is found now.
                form = NotingForm(None, findings=list(refusal.data["findings"]))
                messages.warning(request, str(refusal))
            except DomainError as refusal:
                form.add_error(None, str(refusal))
        return form_page(
            self,
            request,
            form=form,
            title=f"{step.label} · {campaign}",
            before="admin/promotions/findings.html",
            findings=findings,
            findings_title=self._summary(campaign),
            buttons=[(step.name, step.label)],
        )

    def _summary(self, campaign: Any) -> str:
        parts = [window(campaign.starts_at, campaign.ends_at)]
        if campaign.status == Status.DRAFT and needs_approval(campaign):
            parts.append(_("a second person must approve it"))
        return " · ".join(parts)

    def _withdrawn(self, request: HttpRequest, campaign: Any, step: Step) -> HttpResponse:
        form = NoteForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            return self._moved(request, campaign, step, note=form.cleaned_data["note"])
        return form_page(
            self, request, form=form, title=f"{step.label} · {campaign}", buttons=[(step.name, step.label)]
        )

    def _stopped(self, request: HttpRequest, campaign: Any, step: Step) -> HttpResponse:
        """Asked first, with whom it has met so far: what has ended begins no more."""
        if request.method == "POST":
            return self._moved(request, campaign, step, reason=EndReason.STOPPED)
        return form_page(
            self,
            request,
            form=forms.Form(),
            title=_("Stop “{name}” for good?").format(name=campaign.name),
            table_title=_(
                "Orders that were placed keep what they got. It cannot be begun again; “Pause” can be undone."
            ),
            table=reach_table(campaign),
            buttons=[(step.name, step.label)],
        )

    def _moved(self, request: HttpRequest, campaign: Any, step: Step, **more: Any) -> HttpResponse:
        try:
            return self._move(request, campaign, step, **more)
        except DomainError as refusal:
            messages.error(request, str(refusal))
            return redirect(self._page(campaign))

    def _move(self, request: HttpRequest, campaign: Any, step: Step, **more: Any) -> HttpResponse:
        assert step.run is not None
        moved = step.run(kind=campaign.KIND, pk=campaign.pk, actor=staff(request), now=clock.now(), **more)
        self.log_change(request, moved, str(step.label))
        text = WAITS if moved.status == Status.AWAITING_APPROVAL else DONE[step.name]
        messages.success(request, str(text).format(name=moved.name))
        return redirect(self._page(moved))

    def _page(self, campaign: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[campaign.pk])

    # The list.

    @admin.action(description=gettext_lazy("Stop for good"), permissions=["stop"])
    @asks(gettext_lazy("Stop {count} campaigns for good?"), among={"status__in": STOPPABLE})
    def stop_selected(self, request: HttpRequest, queryset: Any) -> None:
        for campaign in queryset.filter(status__in=STOPPABLE):
            end_campaign(
                kind=campaign.KIND, pk=campaign.pk, reason=EndReason.STOPPED, actor=staff(request), now=clock.now()
            )
            self.log_change(request, campaign, _("Stop for good"))
            messages.success(request, str(DONE["stop"]).format(name=campaign.name))

    def has_stop_permission(self, request: HttpRequest) -> bool:
        return self.may_move(request)

    @display(description=gettext_lazy("status"), label=STATUS_LABELS, ordering="status")
    def shown_status(self, campaign: Any) -> Label:
        status = campaign.status_at(clock.now())
        return Label(status.value, status.label)

    @display(description=gettext_lazy("window"), ordering="starts_at")
    def shown_window(self, campaign: Any) -> str:
        return window(campaign.starts_at, campaign.ends_at)

    @display(description=gettext_lazy("for whom"))
    def shown_audience(self, campaign: Any) -> str:
        audience = campaign.audience
        parts = [_("{count} tiers").format(count=len(audience.tier_ids))] if audience.tier_ids else []
        parts += [_("{count} segments").format(count=len(audience.segment_ids))] if audience.segment_ids else []
        parts += [_("new members")] if audience.new_members_only else []
        parts += [str(len(audience.channels)) + " " + _("fronts")] if audience.channels else []
        return " · ".join(parts) or _("everybody")

    @display(description=gettext_lazy("budget"))
    def shown_budget(self, campaign: Any) -> str:
        if campaign.budget_fen is None:
            return "–"
        return f"{yuan(campaign.spent_fen)} / {yuan(campaign.budget_fen)}"

    # What was picked, where it is only looked at.

    @display(description=gettext_lazy("tiers"))
    def tiers(self, campaign: Any) -> str:
        return names_of(campaign, "tier_ids")

    @display(description=gettext_lazy("segments"))
    def segments(self, campaign: Any) -> str:
        return names_of(campaign, "segment_ids")

    @display(description=gettext_lazy("fronts"))
    def fronts(self, campaign: Any) -> str:
        return _choices(campaign, "channels")

    @display(description=gettext_lazy("not together with"))
    def not_with(self, campaign: Any) -> str:
        return _choices(campaign, "refuses")


class PartInlineMixin:
    """Rows that are a part of a campaign: whoever may see or change it may see or change them."""

    form = CountingForm

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        sections = super().get_fieldsets(request, obj)  # type: ignore[misc]
        return readable(sections, self.model) if self._is_looked_at(request, obj) else sections  # type: ignore[attr-defined]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """No form makes fields of readable columns."""
        known = super().get_readonly_fields(request, obj)  # type: ignore[misc]
        if not self._is_looked_at(request, obj):
            return known
        return [*known, *(each for each in flatten_fieldsets(self.get_fieldsets(request, obj)) if callable(each))]

    def _is_looked_at(self, request: HttpRequest, campaign: Any) -> bool:
        return campaign is not None and not (campaign.is_draft and self._may(request, "change"))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "view") or self._may(request, "change")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "change") or self._may(request, "add")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "change")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "change")

    def _may(self, request: HttpRequest, verb: str) -> bool:
        meta = self.parent_model._meta  # type: ignore[attr-defined]
        return request.user.has_perm(f"{meta.app_label}.{verb}_{meta.model_name}")


class ScopedAdminMixin:
    """The goods of a campaign with `ScopeFields`, where they are only looked at."""

    @display(description=gettext_lazy("categories"))
    def categories(self, campaign: Any) -> str:
        return names_of(campaign, "category_ids")

    @display(description=gettext_lazy("products"))
    def products(self, campaign: Any) -> str:
        return names_of(campaign, "product_ids")

    @display(description=gettext_lazy("SKUs"))
    def skus(self, campaign: Any) -> str:
        return names_of(campaign, "sku_ids")

    @display(description=gettext_lazy("without categories"))
    def without_categories(self, campaign: Any) -> str:
        return names_of(campaign, "excluded_category_ids")

    @display(description=gettext_lazy("without products"))
    def without_products(self, campaign: Any) -> str:
        return names_of(campaign, "excluded_product_ids")

    @display(description=gettext_lazy("without SKUs"))
    def without_skus(self, campaign: Any) -> str:
        return names_of(campaign, "excluded_sku_ids")


def _number(text: Any) -> int:
    return int(text) if str(text).isascii() and str(text).isdecimal() and len(str(text)) < 18 else 0


def _choices(campaign: Any, column: str) -> str:
    labels = dict(campaign._meta.get_field(column).base_field.flatchoices)
    return ", ".join(str(labels.get(each, each)) for each in getattr(campaign, column)) or "–"
