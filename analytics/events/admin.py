"""What was not accepted, for whoever builds the fronts."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from analytics.events.incoming import REASONS, Reason
from analytics.events.models import QuarantinedEvent
from shop.core.admin import ReadOnlyAdmin
from shop.core.labels import Label

OUT_OF_TIME = (Reason.TOO_OLD, Reason.IN_FUTURE)


class ReasonFilter(admin.SimpleListFilter):
    title = _("reason")
    parameter_name = "reason"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        return [(reason.value, sentence) for reason, sentence in REASONS.items() if reason is not Reason.REFUSED]

    def queryset(self, request: Any, queryset: Any) -> Any:
        return queryset.filter(reason=self.value()) if self.value() else queryset


@admin.register(QuarantinedEvent)
class QuarantinedEventAdmin(ReadOnlyAdmin):
    list_display = ["received_at", "shown_reason", "visitor_id", "start_of_event"]
    list_filter = [ReasonFilter]
    list_filter_submit = False
    fields = ["received_at", "sent_at", "shown_reason", "visitor_id", "member_id", "event"]
    search_fields = ["visitor_id"]
    ordering = ["-id"]
    show_full_result_count = False

    @display(
        description=_("reason"),
        label={reason.value: "warning" if reason in OUT_OF_TIME else "danger" for reason in Reason},
        ordering="reason",
    )
    def shown_reason(self, row: QuarantinedEvent) -> Label:
        sentence = REASONS.get(Reason(row.reason)) if row.reason in set(Reason) else row.reason
        return Label(row.reason, str(sentence))

    @display(description=_("event"))
    def start_of_event(self, row: QuarantinedEvent) -> str:
        return row.event[:120]
