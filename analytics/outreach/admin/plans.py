"""Plans: made from nothing or from what is ready-made, previewed, started, watched, and judged by their result."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from simple_history.admin import SimpleHistoryAdmin
from unfold.decorators import action, display

from analytics.outreach.admin.fields import CONDITIONS, FIELDSETS, fieldsets_to_look_at
from analytics.outreach.admin.forms import PlanForm
from analytics.outreach.admin.reading import preview_panels, result_panels, sentence_of
from analytics.outreach.admin.steps import BY_NAME, COLOURS, STEPS, WAITS, Step
from analytics.outreach.choosing import foresee
from analytics.outreach.models import Contact, ContactStatus, Plan, PlanStatus
from analytics.outreach.recipes import BY_RECIPE, READY, begin_with
from analytics.outreach.results import result_of
from analytics.outreach.services import save_plan
from analytics.outreach.services.life import lacks, needs_approval
from members.segments.models import Segment
from shop.core import clock
from shop.core.editing import ModelAdmin
from shop.core.errors import DomainError
from shop.core.forms import PercentFormMixin
from shop.core.labels import Label
from shop.core.screens import form_page, found_or_404, panels_page, staff

CHANGE = "admin:outreach_plan_change"


@admin.register(Plan)
class PlanAdmin(PercentFormMixin, SimpleHistoryAdmin, ModelAdmin):
    """Drafts are edited; everything else is looked at, and moved by the steps above the form."""

    form = PlanForm
    list_display = ["name", "shown_status", "whom", "shown_gives", "every", "next_run_at", "shown_reached"]
    list_filter = ["status", "recipe"]
    search_fields = ["name"]
    ordering = ["-pk"]
    autocomplete_fields = ["product", "collection"]
    list_select_related = ["coupon_template"]
    fieldsets = FIELDSETS
    conditional_fields = {name: when.expression for name, when in CONDITIONS.items()}
    actions_list = ["ready_made"]
    change_form_outer_before_template = "admin/promotions/steps.html"

    def has_change_permission(self, request: HttpRequest, obj: Plan | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.is_draft)

    def has_delete_permission(self, request: HttpRequest, obj: Plan | None = None) -> bool:
        """What has reached somebody once stays."""
        return super().has_delete_permission(request, obj) and (obj is None or obj.is_draft)

    def get_fieldsets(self, request: HttpRequest, obj: Plan | None = None) -> Any:
        if obj is None or self.has_change_permission(request, obj):
            return super().get_fieldsets(request, obj)
        return fieldsets_to_look_at(obj)

    def save_model(self, request: HttpRequest, obj: Plan, form: Any, change: bool) -> None:
        save_plan(plan=obj, actor=staff(request), now=clock.now())

    @display(description=gettext_lazy("status"), label=COLOURS, ordering="status")
    def shown_status(self, plan: Plan) -> Label:
        return Label(plan.status, plan.get_status_display())

    @display(description=gettext_lazy("gives"))
    def shown_gives(self, plan: Plan) -> str:
        return " · ".join(_gives(plan)) or "–"

    @display(description=gettext_lazy("reached"))
    def shown_reached(self, plan: Plan) -> int:
        return sum(run.treated for run in plan.runs.all())

    @display(description=gettext_lazy("segments"))
    def shown_segments(self, plan: Plan) -> str:
        return _names(plan.segment_ids)

    @display(description=gettext_lazy("not in segments"))
    def shown_without(self, plan: Plan) -> str:
        return _names(plan.without_segment_ids)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("runs")

    def get_readonly_fields(self, request: HttpRequest, obj: Plan | None = None) -> Any:
        return ["shown_segments", "shown_without", "created_by", "submitted_by", "approved_by", "end_reason"]

    # Ready-made plans.

    def has_begin_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("outreach.add_plan")

    @action(description=gettext_lazy("Ready-made plans"), url_path="ready", permissions=["begin"], icon="auto_awesome")
    def ready_made(self, request: HttpRequest) -> HttpResponse:
        """Each starts with two clicks: choose it, look at whom it would reach and start it."""
        if request.method == "POST":
            if request.POST.get("recipe") not in BY_RECIPE:
                raise Http404
            plan = begin_with(recipe=request.POST["recipe"], actor=staff(request), now=clock.now())
            self.log_addition(request, plan, str(plan.get_recipe_display()))
            return redirect(self._step_url(plan, "start"))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Ready-made plans"),
            "ready": READY,
        }
        return TemplateResponse(request, "admin/analytics/ready_plans.html", context)

    # One plan and its steps.

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.step_view)
        return [path("<path:object_id>/step/<slug:step>/", view, name="outreach_plan_step"), *super().get_urls()]

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        context = dict(extra_context or {})
        plan = self.get_object(request, object_id) if object_id else None
        if plan is not None:
            context |= self._steps(request, plan)
        return super().changeform_view(request, object_id, form_url, context)

    def step_view(self, request: HttpRequest, object_id: str, step: str) -> HttpResponse:
        plan = found_or_404(self, request, object_id)
        if step == "result":
            return self._result(request, plan)
        known = BY_NAME.get(step)
        if known is None:
            raise Http404
        if not _may_move(request):
            raise PermissionDenied
        if known.asks:
            return self._previewed(request, plan, known)
        if step == "stop" and request.method != "POST":
            return self._stop_asked(request, plan, known)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            return self._move(request, plan, known)
        except DomainError as refusal:
            messages.error(request, str(refusal))
            return redirect(CHANGE, plan.pk)

    def _steps(self, request: HttpRequest, plan: Plan) -> dict[str, Any]:
        steps = [
            {
                "label": step.label,
                "url": self._step_url(plan, step.name),
                "asks": step.asks or step.name == "stop",
                "is_main": step.is_main,
            }
            for step in STEPS
            if _may_move(request) and plan.status in step.allowed_in
        ]
        runs = f"{reverse('admin:outreach_run_changelist')}?plan__id__exact={plan.pk}"
        links = [
            {"label": _("Result"), "url": self._step_url(plan, "result")},
            {"label": _("Runs"), "url": runs},
        ]
        return {
            "campaign_steps": steps,
            "campaign_status": (COLOURS[plan.status], plan.get_status_display()),
            "campaign_links": [] if plan.is_draft else links,
        }

    def _previewed(self, request: HttpRequest, plan: Plan, step: Step) -> HttpResponse:
        form = forms.Form(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                return self._move(request, plan, step)
            except DomainError as refusal:
                form.add_error(None, str(refusal))
        now = clock.now()
        choice, lacking = foresee(plan, now=now), lacks(plan, now=now)
        waits = plan.status == PlanStatus.DRAFT and needs_approval(plan, people=choice.treated)
        label = _("Ask for approval") if waits else _("Approve") if step.name == "approve" else _("Start")
        return form_page(
            self,
            request,
            form=form,
            title=f"{step.label} · {plan}",
            before="admin/analytics/plan_preview.html",
            panels=preview_panels(plan, choice),
            plan=plan,
            gives=_gives(plan),
            lacking=lacking,
            waits=waits,
            buttons=[] if lacking else [(step.name, label)],
            back=reverse(CHANGE, args=[plan.pk]),
        )

    def _stop_asked(self, request: HttpRequest, plan: Plan, step: Step) -> HttpResponse:
        """How many hear nothing any more; “Pause” is the way that can be undone."""
        waiting = Contact.objects.filter(run__plan=plan, status=ContactStatus.WAITING).count()
        done = Contact.objects.filter(run__plan=plan, status=ContactStatus.DONE).count()
        rows = [[_("members who wait and get nothing"), waiting], [_("members who keep what they got"), done]]
        return form_page(
            self,
            request,
            form=forms.Form(),
            title=_("Stop “{name}” for good?").format(name=plan.name),
            table={"headers": ["", ""], "rows": rows},
            table_title=_("It cannot be begun again; “Pause” can be undone."),
            buttons=[(step.name, step.label)],
        )

    def _move(self, request: HttpRequest, plan: Plan, step: Step) -> HttpResponse:
        moved = step.run(plan_id=plan.pk, actor=staff(request), now=clock.now())
        self.log_change(request, moved, str(step.label))
        said = WAITS if moved.status == PlanStatus.AWAITING else step.done
        messages.success(request, str(said).format(name=moved.name))
        return redirect(CHANGE, moved.pk)

    def _result(self, request: HttpRequest, plan: Plan) -> HttpResponse:
        if not self.has_view_permission(request, plan):
            raise PermissionDenied
        result = result_of(plan, now=clock.now())
        return panels_page(
            self,
            request,
            title=f"{_('Result')} · {plan}",
            panels=result_panels(plan, result),
            said=sentence_of(result),
        )

    def _step_url(self, plan: Plan, step: str) -> str:
        return reverse("admin:outreach_plan_step", args=[plan.pk, step])


def _may_move(request: HttpRequest) -> bool:
    return request.user.has_perm("outreach.change_plan")


def _names(segment_ids: list[int]) -> str:
    rows = Segment.objects.in_bulk(segment_ids)
    return ", ".join(str(rows.get(pk, f"#{pk}")) for pk in segment_ids) or "–"


def _gives(plan: Plan) -> list[str]:
    said = [plan.coupon_template.name] if plan.coupon_template else []
    if plan.points:
        said.append(_("{points} points").format(points=plan.points))
    return [*said, _("a message")] if plan.speaks else said
