"""Screens of tasks: their editor with the reward table, going live and pausing, and what members have done."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import RangeDateFilter, RangeDateTimeFilter
from unfold.decorators import action, display

from members.identity.admin import link_to_member
from members.identity.searching import FoundByMember
from points.tasks.dashboard import check_ins_panel
from points.tasks.forms import PublishForm, PublishShareForm, RewardStepFormSet, TaskForm
from points.tasks.models import CheckIn, Kind, RewardStep, Task, TaskCompletion
from points.tasks.queries import reward_of
from points.tasks.services import pause_task, publish_task
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.editing import ModelAdmin
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.screens import form_page, found_or_404, staff

PUBLISH, REWARD_VISIT = "publish", "reward_visit"


class RewardStepInline(TabularInline):
    model = RewardStep
    formset = RewardStepFormSet
    fields = ["number", "points"]
    extra = 0
    hide_title = True


@admin.register(Task)
class TaskAdmin(SimpleHistoryAdmin, ModelAdmin):
    """A task is changed while it is a draft or paused: what members were promised does not change under their hands."""

    form = TaskForm
    list_display = [
        "shown_name",
        "kind",
        "shown_status",
        "shown_reward",
        "period",
        "starts_at",
        "ends_at",
        "shown_done",
    ]
    list_filter = ["status", "kind"]
    fieldsets = [
        (None, {"fields": [("name", "name_en"), ("code", "kind"), "description", ("link", "position")]}),
        (
            gettext_lazy("What is asked"),
            {
                "fields": [("period", "times"), "target", ("on_month", "on_day")],
                "description": gettext_lazy(
                    "Check-in and sharing itself are daily, a profile is completed once, birthdays and anniversaries "
                    "are yearly, whatever is chosen here."
                ),
            },
        ),
        (gettext_lazy("Reward"), {"fields": [("points", "after_last"), "expiry_policy"]}),
        (
            gettext_lazy("For whom and how many"),
            {"fields": [("tiers", "segments"), "starts_at", "ends_at", ("total_cap", "daily_cap")]},
        ),
    ]
    inlines = [RewardStepInline]
    search_fields = ["name", "name_en", "code"]
    ordering = ["position", "pk"]
    actions_detail = ["publish", "pause"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Task]:
        counted = super().get_queryset(request).prefetch_related("steps")
        return counted.annotate(given=Count("completions", distinct=True))

    def get_readonly_fields(self, request: HttpRequest, obj: Task | None = None) -> list[str]:
        """What was live once keeps its name for machines, and what its completions are of."""
        return ["code", "kind"] if obj and obj.live_since else []

    def has_change_permission(self, request: HttpRequest, obj: Task | None = None) -> bool:
        is_live = obj is not None and obj.status == Task.Status.LIVE
        return super().has_change_permission(request, obj) and not is_live

    def has_delete_permission(self, request: HttpRequest, obj: Task | None = None) -> bool:
        never_live = obj is not None and obj.status == Task.Status.DRAFT
        return super().has_delete_permission(request, obj) and never_live

    def get_fieldsets(self, request: HttpRequest, obj: Task | None = None) -> Any:
        first, *others = super().get_fieldsets(request, obj)
        if obj is None or obj.status != Task.Status.LIVE:
            return [first, *others]
        return [(first[0], {**first[1], "description": _("Pause the task to change it.")}), *others]

    def has_publish_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("tasks.change_task") and not _is_live(object_id)

    def has_pause_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("tasks.change_task") and _is_live(object_id)

    @display(description=gettext_lazy("name"), ordering="name")
    def shown_name(self, task: Task) -> str:
        return str(task)

    @display(
        description=gettext_lazy("status"),
        label={"draft": "info", "live": "success", "paused": "warning"},
        ordering="status",
    )
    def shown_status(self, task: Task) -> Label:
        return Label(task.status, task.get_status_display())

    @display(description=gettext_lazy("Reward"))
    def shown_reward(self, task: Task) -> str:
        reward = reward_of(task)
        return " · ".join(f"{points:,}" for points in reward.steps or (reward.points,))

    @display(description=gettext_lazy("done"), ordering="given")
    def shown_done(self, task: Any) -> str:
        if task.kind == Kind.CHECK_IN:
            return "–"
        return f"{task.given:,} / {task.total_cap:,}" if task.total_cap else f"{task.given:,}"

    @action(description=gettext_lazy("Publish"), url_path="publish", permissions=["publish"], icon="rocket_launch")
    def publish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What it promises is shown once more; what rewards the act of sharing is warned of."""
        task = found_or_404(self, request, object_id)
        shares = task.kind == Kind.SHARE_ACT
        form = (PublishShareForm if shares else PublishForm)(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                publish_task(
                    task_id=task.pk,
                    actor=staff(request),
                    now=clock.now(),
                    acknowledges_share_rule=form.cleaned_data.get("acknowledged", False),
                    rewards_visit=request.POST.get("do") == REWARD_VISIT,
                )
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                return self._done(request, task, _("Published"))
        buttons = [(PUBLISH, _("Publish"))]
        if shares:
            buttons.insert(0, (REWARD_VISIT, _("Reward the friend's visit instead and publish")))
        return form_page(
            self,
            request,
            form=form,
            title=_("Publish {task}").format(task=task),
            buttons=buttons,
            table_title=_("Against the rules of WeChat") if shares else str(task),
            table=_share_warning() if shares else _promise(self, task),
        )

    @action(description=gettext_lazy("Pause"), url_path="pause", permissions=["pause"], icon="pause")
    def pause(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Members feel it at once, so that it is looked at again; no link alone takes a task down."""
        task = found_or_404(self, request, object_id)
        if request.method == "POST":
            try:
                pause_task(task_id=task.pk, actor=staff(request), now=clock.now())
            except DomainError as refusal:
                messages.error(request, str(refusal))
                return redirect("admin:tasks_task_change", task.pk)
            return self._done(request, task, _("Paused"))
        return form_page(
            self,
            request,
            form=forms.Form(),
            title=f"{_('Pause')}: {task}",
            buttons=[("pause", _("Pause"))],
            table=_promise(self, task),
        )

    def _done(self, request: HttpRequest, task: Task, note: str) -> HttpResponse:
        self.log_change(request, task, note)
        messages.success(request, f"{task}: {note}")
        return redirect("admin:tasks_task_change", task.pk)


@admin.register(TaskCompletion)
class TaskCompletionAdmin(FoundByMember, ReadOnlyAdmin):
    list_display = ["completed_at", "whom", "task", "period_key", "number", "points"]
    list_filter = ["task", ("completed_at", RangeDateTimeFilter)]
    list_filter_submit = True
    list_select_related = ["member", "task"]
    ordering = ["-pk"]

    @display(description=gettext_lazy("member"))
    def whom(self, completion: TaskCompletion) -> str:
        return link_to_member(completion.member)


@admin.register(CheckIn)
class CheckInAdmin(FoundByMember, ReadOnlyAdmin):
    list_display = ["day", "whom", "shown_streak", "points", "made_up_on", "cost_points", "checked_in_at"]
    list_filter = [("day", RangeDateFilter)]
    list_filter_submit = True
    list_select_related = ["member"]
    ordering = ["-pk"]
    list_before_template = "admin/points/chart.html"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {**(extra_context or {}), "panel": check_ins_panel(request)})

    @display(description=gettext_lazy("member"))
    def whom(self, check_in: CheckIn) -> str:
        return link_to_member(check_in.member)

    @display(description=gettext_lazy("days in a row"))
    def shown_streak(self, check_in: CheckIn) -> int:
        return check_in.streak


def _is_live(object_id: Any) -> bool:
    return Task.objects.filter(pk=object_id, status=Task.Status.LIVE).exists()


def _share_warning() -> dict[str, Any]:
    rows = [
        [_("WeChat forbids rewarding the act of sharing. Mini-programs that do so are warned, then blocked.")],
        [_("Nobody can see whether a member really shared: the reward is given for the asking, once a day or more.")],
        [_("Reward the friend's visit, registration or first order instead: that is allowed, and the shop sees it.")],
    ]
    return {"headers": [_("Before you publish")], "rows": rows}


def _promise(model_admin: TaskAdmin, task: Task) -> dict[str, Any]:
    window = " – ".join(str(each or "…") for each in (task.starts_at, task.ends_at))
    return {
        "headers": [_("kind"), _("Reward"), _("can be done"), _("window")],
        "rows": [
            [
                task.get_kind_display(),
                model_admin.shown_reward(task),
                f"{task.get_period_display()} × {task.times}",
                window,
            ]
        ],
    }
