"""Screens: the templates, to be written, previewed and tried, and the log of what went out."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from simple_history.admin import SimpleHistoryAdmin
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from members.identity.phones import mask_phone, parse_phone
from members.notifications.events import Channel, declared_events, event_of
from members.notifications.models import Delivery, NotificationTemplate
from members.notifications.services.templates import preview, send_test, template_problems
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.editing import ModelAdmin
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.screens import form_page, staff

# What the codes in the log mean. Others are the gateway's own: its documentation has them.
MEANINGS: Mapping[str, Any] = {
    "no_template": gettext_lazy("the template is off"),
    "no_provider_template": gettext_lazy("the template has no id of WeChat's"),
    "preference": gettext_lazy("the member does not want it"),
    "blocked": gettext_lazy("the member is blocked"),
    "no_address": gettext_lazy("no address on this channel"),
    "no_credit": gettext_lazy("no accepted subscription is left"),
    "cap": gettext_lazy("enough marketing for today"),
    "no_recipient": gettext_lazy("the recipient or the event is gone"),
    "no_gateway": gettext_lazy("no SMS gateway is set up"),
    "timeout": gettext_lazy("no answer in time"),
    "unreachable": gettext_lazy("no connection"),
    "43101": gettext_lazy("the member refused it in WeChat"),
    "40003": gettext_lazy("WeChat does not know the member"),
    "40037": gettext_lazy("WeChat does not know the template"),
    "47003": gettext_lazy("the text does not fit WeChat's template"),
    "INVALID_PHONE": gettext_lazy("the number is wrong"),
}
STATUS_LABELS = {"queued": "info", "deferred": "warning", "sent": "success", "failed": "danger", "skipped": "info"}


def event_label(code: str) -> str:
    event = event_of(code)
    return str(event.label) if event else code


class _EventFilter(SimpleListFilter):
    title = pgettext_lazy("notification", "event")
    parameter_name = "event"
    column = "event"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(code, str(event.label)) for code, event in declared_events().items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.column: self.value()}) if self.value() else queryset


class _DeliveryEventFilter(_EventFilter):
    column = "notification__event"


class _ErrorFilter(SimpleListFilter):
    title = gettext_lazy("error code")
    parameter_name = "error"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        recent = Delivery.objects.exclude(error_code="").order_by("-pk").values_list("error_code", flat=True)[:2000]
        return [(code, explained(code)) for code in sorted(set(recent))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        return queryset.filter(error_code=self.value()) if self.value() else queryset


def explained(code: str) -> str:
    return f"{code} · {MEANINGS[code]}" if code in MEANINGS else code


class TemplateForm(forms.ModelForm):
    class Meta:
        model = NotificationTemplate
        fields = ["title", "body", "provider_template", "enabled"]
        widgets = {"body": UnfoldAdminTextareaWidget(attrs={"rows": 5})}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        problems = template_problems(
            event=self.instance.event,
            channel=self.instance.channel,
            title=cleaned.get("title", ""),
            body=cleaned.get("body", ""),
        )
        for name, found in problems.items():
            self.add_error(name if name in self.fields else None, found)
        return cleaned


class TestForm(forms.Form):
    to = forms.CharField(max_length=200, widget=UnfoldAdminTextInputWidget)

    def __init__(self, *args: Any, channel: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].label = _("Mail address") if channel == Channel.EMAIL else _("Phone")
        if channel == Channel.EMAIL:
            self.fields["to"].validators.append(forms.EmailField().clean)
        elif channel != Channel.SMS:
            self.fields["to"].help_text = _("Of a member.")


@admin.register(NotificationTemplate)
class NotificationTemplateAdmin(SimpleHistoryAdmin, ModelAdmin):
    form = TemplateForm
    list_display = ["shown_event", "channel", "language", "shown_text", "enabled"]
    list_filter = [_EventFilter, "channel", "language", "enabled"]
    list_filter_submit = False
    search_fields = ["title", "body"]
    ordering = ["event", "channel", "-language"]
    list_per_page = 100
    fields = [
        "shown_event",
        "channel",
        "language",
        "placeholders",
        "title",
        "body",
        "provider_template",
        "enabled",
        "shown_preview",
    ]
    readonly_fields = ["shown_event", "channel", "language", "placeholders", "shown_preview"]
    actions_detail = ["send_test"]

    def get_fields(self, request: HttpRequest, obj: NotificationTemplate | None = None) -> list[str]:
        """Inbox and mail have no provider who would know the template, the other channels no title."""
        ours = obj is not None and obj.channel in (Channel.IN_APP, Channel.EMAIL)
        return [name for name in self.fields if name != ("provider_template" if ours else "title")]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_send_test_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("notifications.change_notificationtemplate")

    @display(description=pgettext_lazy("notification", "event"), ordering="event")
    def shown_event(self, template: NotificationTemplate) -> str:
        return event_label(template.event)

    @display(description=gettext_lazy("text"))
    def shown_text(self, template: NotificationTemplate) -> str:
        text = template.title or template.body.replace("\n", " · ")
        return text if len(text) <= 60 else f"{text[:59]}…"

    @display(description=gettext_lazy("placeholders"))
    def placeholders(self, template: NotificationTemplate) -> SafeString | str:
        event = event_of(template.event)
        if event is None or not event.fields:
            return "–"
        return format_html_join(" ", "<code>{{{}}}</code>&nbsp;{}&ensp;", ((f.name, f.label) for f in event.fields))

    @display(description=gettext_lazy("preview with sample data"))
    def shown_preview(self, template: NotificationTemplate) -> str:
        message = preview(template)
        if message is None:
            return "–"
        params = message.params if template.channel == Channel.SUBSCRIBE else None
        return render_to_string("admin/notifications/preview.html", {"message": message, "params": params})

    @action(description=gettext_lazy("Send a test"), url_path="send-test", permissions=["send_test"], icon="send")
    def send_test(self, request: HttpRequest, object_id: int) -> HttpResponse:
        template = self.get_object(request, str(object_id))
        if template is None:
            raise Http404
        form = TestForm(request.POST or None, channel=template.channel)
        if request.method == "POST" and form.is_valid():
            try:
                tested = send_test(template=template, to=form.cleaned_data["to"], actor=staff(request), now=clock.now())
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                # The trail says that a test went out; to whom is a person's number.
                self.log_change(request, template, _("A test message was sent."))
                number = tested.provider_id or "–"
                messages.success(
                    request, _("The test message was sent. Provider's number: {number}").format(number=number)
                )
                return redirect(reverse("admin:notifications_notificationtemplate_change", args=[template.pk]))
        buttons = [("send", _("Send"))]
        return form_page(self, request, form=form, title=f"{_('Send a test')}: {template}", buttons=buttons)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = [
        "created_at",
        "recipient",
        "shown_event",
        "channel",
        "shown_status",
        "shown_error",
        "attempts",
        "due_at",
    ]
    list_filter = ["status", "channel", _DeliveryEventFilter, _ErrorFilter, ("created_at", RangeDateTimeFilter)]
    list_filter_submit = True
    search_fields = ["notification__dedupe_key"]
    search_help_text = gettext_lazy("Order, parcel or refund number, or a member's whole phone number")
    list_select_related = ["notification__member", "notification__staff"]
    ordering = ["-pk"]
    list_per_page = 50
    show_full_result_count = False
    list_before_template = "admin/notifications/counts.html"
    fields = [
        "recipient",
        "shown_event",
        "reference",
        "channel",
        "language",
        "shown_text",
        "shown_status",
        "shown_error",
        "attempts",
        "provider_id",
        "credit_template",
        "created_at",
        "due_at",
        "finished_at",
    ]
    readonly_fields = ["recipient", "shown_event", "reference", "shown_text", "shown_status", "shown_error"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Delivery], search_term: str
    ) -> tuple[QuerySet[Delivery], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        phone = parse_phone(term)
        found = Q(notification__dedupe_key=term)
        return queryset.filter(found | Q(notification__member__phone=phone) if phone else found), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        counts = {"counts_title": _("Today, by channel"), "counts": _counts_of_today()}
        return super().changelist_view(request, {**(extra_context or {}), **counts})

    @display(description=gettext_lazy("recipient"))
    def recipient(self, delivery: Delivery) -> SafeString | str:
        member, user = delivery.notification.member, delivery.notification.staff
        if member is None:
            return user.get_username() if user else "–"
        phone = f" {mask_phone(member.phone)}" if member.phone else ""
        return format_html("{}{}", member, phone)

    @display(description=pgettext_lazy("notification", "event"))
    def shown_event(self, delivery: Delivery) -> str:
        return event_label(delivery.notification.event)

    @display(description=gettext_lazy("reference"))
    def reference(self, delivery: Delivery) -> str:
        return delivery.notification.dedupe_key

    @display(description=gettext_lazy("text"))
    def shown_text(self, delivery: Delivery) -> SafeString:
        told = delivery.notification
        text = f"{told.title}\n{told.body}" if delivery.channel == Channel.IN_APP else delivery.text
        return format_html('<div style="white-space: pre-line">{}</div>', text or "–")

    @display(description=gettext_lazy("status"), label=STATUS_LABELS, ordering="status")
    def shown_status(self, delivery: Delivery) -> Label:
        return Label(delivery.status, delivery.get_status_display())

    @display(description=gettext_lazy("error code"))
    def shown_error(self, delivery: Delivery) -> str:
        return explained(delivery.error_code) if delivery.error_code else "–"


def _counts_of_today() -> dict[str, Any]:
    start, _end = clock.day_bounds(clock.business_day(clock.now()))
    rows = Delivery.objects.filter(created_at__gte=start).values_list("channel", "status").annotate(count=Count("pk"))
    counts = {(channel, status): count for channel, status, count in rows}
    return {
        "headers": [_("channel"), *(str(status.label) for status in Delivery.Status)],
        "rows": [
            [str(channel.label), *(counts.get((channel.value, status.value), 0) for status in Delivery.Status)]
            for channel in Channel
        ],
    }
