"""Bundles: one page that makes, previews and publishes the campaigns of a theme; the calendar hangs here too."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import NoReverseMatch, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from simple_history.admin import SimpleHistoryAdmin
from unfold.decorators import display

from promotions.campaigns.admin.calendar import calendar_page, switch_all
from promotions.campaigns.admin.frame import STATUS_LABELS
from promotions.campaigns.admin.preview import preview_page
from promotions.campaigns.conflicts import window
from promotions.campaigns.errors import AcknowledgementNeeded
from promotions.campaigns.forms import AudienceForm, NotingForm, names_of
from promotions.campaigns.mechanisms import campaign_models
from promotions.campaigns.models import Campaign, CampaignBundle, CampaignStatus
from promotions.campaigns.services.bundles import (
    campaigns_of,
    findings_of_bundle,
    publish_bundle,
    save_bundle,
    stop_bundle,
)
from shop.core import clock
from shop.core.editing import ModelAdmin
from shop.core.errors import DomainError
from shop.core.screens import form_page, found_or_404, staff


@admin.register(CampaignBundle)
class CampaignBundleAdmin(SimpleHistoryAdmin, ModelAdmin):
    form = AudienceForm
    list_display = ["name", "shown_window", "shown_campaigns"]
    search_fields = ["name"]
    ordering = ["-pk"]
    fieldsets = [
        (gettext_lazy("The theme"), {"fields": ["name", "note"]}),
        (gettext_lazy("For whom"), {"fields": [("tiers", "segments"), "new_members_only", "fronts"]}),
        (gettext_lazy("When"), {"fields": ["starts_at", "ends_at"]}),
    ]
    change_form_outer_before_template = "admin/promotions/bundle.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("calendar/", view(self.calendar), name="campaigns_calendar"),
            path("calendar/switch/", view(self.switch), name="campaigns_switch"),
            path("preview/", view(self.preview), name="campaigns_preview"),
            path("<int:pk>/publish/", view(self.publish), name="campaigns_bundle_publish"),
            path("<int:pk>/stop/", view(self.stop), name="campaigns_bundle_stop"),
            *super().get_urls(),
        ]

    def calendar(self, request: HttpRequest) -> HttpResponse:
        return calendar_page(self, request)

    def switch(self, request: HttpRequest) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        return switch_all(request)

    def preview(self, request: HttpRequest) -> HttpResponse:
        return preview_page(self, request)

    def save_model(self, request: HttpRequest, obj: CampaignBundle, form: Any, change: bool) -> None:
        save_bundle(bundle=obj, actor=staff(request), now=clock.now())

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        bundle = self.get_object(request, object_id) if object_id else None
        context = {**(extra_context or {}), **(self._contents(request, bundle) if bundle else {})}
        return super().changeform_view(request, object_id, form_url, context)

    def publish(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Everything is checked and published at once; who publishes takes note of all that is found."""
        bundle = self._that_may_be_moved(request, pk)
        findings = findings_of_bundle(bundle, now=clock.now())
        form = NotingForm(request.POST if request.method == "POST" else None, findings=findings)
        if request.method == "POST" and form.is_valid():
            try:
                done = publish_bundle(pk=pk, actor=staff(request), now=clock.now(), noted=form.noted_codes)
            except AcknowledgementNeeded as refusal:
                findings = findings_of_bundle(bundle, now=clock.now())
                form = NotingForm(None, findings=findings)
                messages.warning(request, str(refusal))
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                return self._published(request, bundle, done)
        rows = [[_("Forbidden") if each.forbidden else _("Take note"), each.message] for each in findings]
        return form_page(
            self,
            request,
            form=form,
            title=f"{_('Check and publish all')} · {bundle}",
            table_title=window(bundle.starts_at, bundle.ends_at),
            table={"headers": ["", _("Finding")], "rows": rows or [[_("OK"), _("Nothing stands against it.")]]},
            buttons=[("publish", _("Publish all"))],
        )

    def stop(self, request: HttpRequest, pk: int) -> HttpResponse:
        bundle = self._that_may_be_moved(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        count = stop_bundle(pk=pk, actor=staff(request), now=clock.now())
        self.log_change(request, bundle, _("Stop all for good"))
        messages.success(request, _("Stopped: {count}").format(count=count))
        return redirect("admin:campaigns_campaignbundle_change", pk)

    def _that_may_be_moved(self, request: HttpRequest, pk: int) -> CampaignBundle:
        """By whoever may move each of its campaigns."""
        bundle = found_or_404(self, request, str(pk))
        if not self._may_move(request, bundle, campaigns_of(bundle)):
            raise PermissionDenied
        return bundle

    def _may_move(self, request: HttpRequest, bundle: CampaignBundle, found: list[Campaign]) -> bool:
        changes = {_permission(type(each), "change") for each in found}
        return self.has_change_permission(request, bundle) and request.user.has_perms(changes)

    def _published(self, request: HttpRequest, bundle: CampaignBundle, done: list[Campaign]) -> HttpResponse:
        waiting = [each for each in done if each.status == CampaignStatus.AWAITING_APPROVAL]
        self.log_change(request, bundle, _("Publish all"))
        messages.success(request, _("Published: {count}").format(count=len(done) - len(waiting)))
        if waiting:
            text = _("A second person must approve: {names}")
            messages.warning(request, text.format(names=", ".join(each.name for each in waiting)))
        return redirect("admin:campaigns_campaignbundle_change", bundle.pk)

    def _contents(self, request: HttpRequest, bundle: CampaignBundle) -> dict[str, Any]:
        """With the buttons of what this person may do; the others would lead to a refusal."""
        now = clock.now()
        found = campaigns_of(bundle)
        may_move = self._may_move(request, bundle, found)
        drafts = "&".join(f"draft={each.KIND}-{each.pk}" for each in found if each.is_draft)
        return {
            "bundle_shown": True,
            "bundle_campaigns": [_row(each, now, _may_look(request, each)) for each in found],
            "bundle_has_drafts": may_move and bool(drafts),
            "bundle_acts": may_move and any(each.status in ("scheduled", "running", "paused") for each in found),
            "bundle_preview": f"{reverse('admin:campaigns_preview')}?{drafts}",
            "bundle_adds": [
                (model._meta.verbose_name, f"{address}?bundle={bundle.pk}")
                for model in campaign_models()
                if request.user.has_perm(_permission(model, "add")) and (address := _address(model, "add"))
            ],
        }

    @display(description=gettext_lazy("window"), ordering="starts_at")
    def shown_window(self, bundle: CampaignBundle) -> str:
        return window(bundle.starts_at, bundle.ends_at)

    @display(description=gettext_lazy("campaigns"))
    def shown_campaigns(self, bundle: CampaignBundle) -> str:
        return " · ".join(each.name for each in campaigns_of(bundle)) or "–"

    @display(description=gettext_lazy("tiers"))
    def tiers(self, bundle: CampaignBundle) -> str:
        return names_of(bundle, "tier_ids")

    @display(description=gettext_lazy("segments"))
    def segments(self, bundle: CampaignBundle) -> str:
        return names_of(bundle, "segment_ids")

    @display(description=gettext_lazy("fronts"))
    def fronts(self, bundle: CampaignBundle) -> str:
        return ", ".join(bundle.channels) or "–"


def _permission(model: type[Campaign], verb: str) -> str:
    return f"{model._meta.app_label}.{verb}_{model._meta.model_name}"


def _may_look(request: HttpRequest, campaign: Campaign) -> bool:
    return any(request.user.has_perm(_permission(type(campaign), verb)) for verb in ("view", "change"))


def _row(campaign: Campaign, now: Any, may_look: bool) -> dict[str, Any]:
    status = campaign.status_at(now)
    return {
        "kind": campaign._meta.verbose_name,
        "name": campaign.name,
        "url": _address(type(campaign), "change", campaign.pk) if may_look else "",
        "status": status.label,
        "colour": STATUS_LABELS[status],
    }


def _address(model: type[Campaign], page: str, *args: Any) -> str:
    """Empty for a mechanism without screens of its own."""
    try:
        return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)
    except NoReverseMatch:
        return ""
