"""Alarms for the staff: what is out of the ordinary, what was, and who has seen it."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from analytics.anomalies.models import Anomaly
from analytics.anomalies.services import acknowledge, told
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.screens import found_or_404, staff


@admin.register(Anomaly)
class AnomalyAdmin(ReadOnlyAdmin):
    list_display = ["measure", "what", "shown_status", "opened_at", "acknowledged_by", "closed_at"]
    list_display_links = None
    list_filter = ["measure"]
    list_filter_submit = False
    ordering = ["-opened_at", "-pk"]
    actions_row = ["seen"]

    def has_seen_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("anomalies.change_anomaly")

    @display(description=gettext_lazy("what was found"))
    def what(self, anomaly: Anomaly) -> str:
        sentence, values = told(anomaly)
        return _(sentence).format(**values)

    @display(description=gettext_lazy("status"), label={"open": "danger", "acknowledged": "warning", "over": "success"})
    def shown_status(self, anomaly: Anomaly) -> Label:
        if anomaly.closed_at is not None:
            return Label("over", _("Over"))
        return Label("acknowledged", _("Acknowledged")) if anomaly.acknowledged_at else Label("open", _("Open"))

    @action(description=gettext_lazy("Acknowledge"), url_path="seen", permissions=["seen"])
    def seen(self, request: HttpRequest, object_id: str) -> HttpResponse:
        anomaly = found_or_404(self, request, object_id)
        try:
            acknowledge(anomaly_id=anomaly.pk, actor=staff(request), now=clock.now())
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            self.log_change(request, anomaly, _("Acknowledged"))
            messages.success(request, _("It is told no more, unless it comes back."))
        return redirect("admin:anomalies_anomaly_changelist")
