"""Screens of the system itself: staff and roles, preferences, the schedule, job runs, the outbox, the audit trail."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, Permission
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_celery_beat.admin import PeriodicTaskAdmin as BeatPeriodicTaskAdmin
from django_celery_beat.admin import PeriodicTaskForm, TaskSelectWidget
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from simple_history.admin import SimpleHistoryAdmin
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminSelect2MultipleWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from shop.core import clock, outbox, preferences
from shop.core.editing import ModelAdmin
from shop.core.job_pages import JobCentrePages
from shop.core.labels import Label
from shop.core.models import JobRun, OutboxEntry, PreferenceValue, StaffUser
from shop.core.paginator import BoundedPaginator
from shop.core.people import PeopleMixin
from shop.core.preference_forms import preference_field, preference_label, shown_preference
from shop.core.roles import permission_label, screen_permissions
from shop.core.searching import FoundByKeys


class ReadOnlyAdmin(PeopleMixin, ModelAdmin):
    """A screen to look at: rows come from services and are never typed in or deleted here."""

    # What services write may be a million rows.
    paginator = BoundedPaginator
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class PartInlineMixin:
    """For an inline of rows that have no screen of their own: whoever may edit what they belong to edits them."""

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


admin.site.unregister(Group)


admin.site.index_title = gettext_lazy("Home")


class PermissionsField(forms.ModelMultipleChoiceField):
    widget = UnfoldAdminSelect2MultipleWidget

    def label_from_instance(self, permission: Permission) -> str:
        return permission_label(permission)


class PermissionsAdmin(ModelAdmin):
    """Permissions are searched by their names in the reader's language, and only those of screens are offered."""

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any) -> Any:
        if db_field.related_model is Permission:
            return PermissionsField(
                queryset=screen_permissions(), required=False, label=gettext_lazy("Permissions"), help_text=""
            )
        return super().formfield_for_manytomany(db_field, request, **kwargs)


@admin.register(Group)
class GroupAdmin(PermissionsAdmin, DjangoGroupAdmin):
    filter_horizontal = ()
    list_display = ["name", "members"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        return super().get_queryset(request).annotate(member_count=Count("user"))

    @display(description=gettext_lazy("staff accounts"))
    def members(self, group: Any) -> int:
        return group.member_count


def _may_touch(request: HttpRequest, user: StaffUser | None) -> bool:
    return user is None or not user.is_superuser or request.user.is_superuser


@admin.register(StaffUser)
class StaffUserAdmin(PermissionsAdmin, DjangoUserAdmin):
    filter_horizontal = ()
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    # Named here because ModelAdmin's empty ones come first in the order of bases.
    fieldsets = DjangoUserAdmin.fieldsets
    add_fieldsets = DjangoUserAdmin.add_fieldsets
    list_display = ["username", "first_name", "roles", "email", "is_active", "is_superuser", "last_login"]

    def has_change_permission(self, request: HttpRequest, obj: StaffUser | None = None) -> bool:
        """Superusers are changed by superusers only, or their passwords would be anybody's with this permission."""
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: StaffUser | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: StaffUser | None = None) -> Any:
        fixed = [*super().get_readonly_fields(request, obj), "last_login", "date_joined"]
        return fixed if request.user.is_superuser else [*fixed, "is_superuser"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[StaffUser]:
        return super().get_queryset(request).prefetch_related("groups")

    @display(description=gettext_lazy("Roles"))
    def roles(self, user: StaffUser) -> str:
        return ", ".join(group.name for group in user.groups.all()) or "–"


@admin.register(OutboxEntry)
class OutboxEntryAdmin(FoundByKeys, ReadOnlyAdmin):
    list_display = ["fact", "subscriber", "shown_status", "attempts", "due_at", "created_at"]
    list_filter = ["status", "fact"]
    list_filter_submit = False
    search_keys = ("event_id",)
    ordering = ["-id"]
    actions = ["retry"]

    @display(
        description=gettext_lazy("status"),
        label={"pending": "info", "done": "success", "parked": "danger"},
        ordering="status",
    )
    def shown_status(self, entry: OutboxEntry) -> Label:
        return Label(entry.status, entry.get_status_display())

    @admin.action(description=gettext_lazy("Deliver again"), permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[OutboxEntry]) -> None:
        count = outbox.retry(entry_ids=list(queryset.values_list("pk", flat=True)), now=clock.now())
        self.message_user(
            request,
            ngettext(
                "{count} entry will be delivered again.", "{count} entries will be delivered again.", count
            ).format(count=count),
            messages.SUCCESS,
        )

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("core.change_outboxentry")


@admin.register(JobRun)
class JobRunAdmin(JobCentrePages, ReadOnlyAdmin):
    list_display = ["job", "started_at", "took", "succeeded_at", "shown_effect", "shown_result"]
    ordering = ["job"]

    @display(description=gettext_lazy("effect"))
    def shown_effect(self, run: JobRun) -> str:
        return " · ".join(f"{_(name.replace('_', ' '))} {count}" for name, count in run.effect.items() if count) or "–"

    @display(description=gettext_lazy("took"))
    def took(self, run: JobRun) -> str:
        if run.finished_at is None:
            return _("running")
        return f"{(run.finished_at - run.started_at).total_seconds():.2f} s"

    @display(description=gettext_lazy("result"), label={"ok": "success", "error": "danger"})
    def shown_result(self, run: JobRun) -> Label:
        return Label("error", run.error[:80]) if run.error else Label("ok", _("OK"))


class PreferenceForm(forms.ModelForm):
    class Meta:
        model = PreferenceValue
        fields = ["value"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        declared = preferences.declared_preferences().get(self.instance.key)
        if declared and "value" in self.fields:
            self.fields["value"] = preference_field(declared)

    def clean_value(self) -> Any:
        declared = preferences.declared_preferences().get(self.instance.key)
        value = self.cleaned_data["value"]
        complaint = declared.check(value) if declared else _("This setting is no longer used.")
        if complaint is not None:
            raise forms.ValidationError(str(complaint))
        return value


@admin.register(PreferenceValue)
class PreferenceValueAdmin(SimpleHistoryAdmin, ModelAdmin):
    """All declared preferences, with their defaults where the merchant has set nothing."""

    form = PreferenceForm
    list_display = ["label", "shown_value", "shown_default"]
    readonly_fields = ["label", "explanation", "shown_default"]
    fields = ["label", "explanation", "shown_default", "value"]
    ordering = ["key"]
    list_per_page = 200

    def get_queryset(self, request: HttpRequest) -> QuerySet[PreferenceValue]:
        preferences.store_defaults()
        return super().get_queryset(request).filter(key__in=preferences.declared_preferences())

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: PreferenceValue, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        preferences.forget_cached()

    @display(description=gettext_lazy("setting"))
    def label(self, value: PreferenceValue) -> str:
        return preference_label(preferences.declared_preferences()[value.key])

    @display(description=gettext_lazy("meaning"))
    def explanation(self, value: PreferenceValue) -> str:
        return str(preferences.declared_preferences()[value.key].help_text)

    @display(description=gettext_lazy("value"))
    def shown_value(self, value: PreferenceValue) -> str:
        return shown_preference(preferences.declared_preferences()[value.key], value.value)

    @display(description=gettext_lazy("default"))
    def shown_default(self, value: PreferenceValue) -> str:
        declared = preferences.declared_preferences()[value.key]
        return shown_preference(declared, declared.default)


for _schedule in (PeriodicTask, IntervalSchedule, CrontabSchedule, SolarSchedule, ClockedSchedule):
    admin.site.unregister(_schedule)


class _UnfoldTaskSelect(UnfoldAdminSelectWidget, TaskSelectWidget):
    pass


class _UnfoldPeriodicTaskForm(PeriodicTaskForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = _UnfoldTaskSelect()


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(BeatPeriodicTaskAdmin, ModelAdmin):
    form = _UnfoldPeriodicTaskForm
    list_display = ["name", "enabled", "shown_schedule", "last_run_at"]

    @display(description=gettext_lazy("Schedule"))
    def shown_schedule(self, task: PeriodicTask) -> str:
        if task.crontab and (task.crontab.day_of_month, task.crontab.day_of_week) == ("*", "*"):
            hour, minute = task.crontab.hour, task.crontab.minute
            if hour.isdecimal() and minute.isdecimal():
                return _("every day at {time}").format(time=f"{int(hour):02}:{int(minute):02}")
        return str(task.scheduler)


@admin.register(IntervalSchedule)
class IntervalScheduleAdmin(ModelAdmin):
    pass


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(ModelAdmin):
    pass
