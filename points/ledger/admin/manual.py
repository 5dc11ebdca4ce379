"""Points by hand: asked for with a reason, and approved by somebody else where they are many."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from points.ledger.admin.books import OfMemberAdmin
from points.ledger.forms import PointsForm
from points.ledger.models import (
    ManualGrant,
)
from points.ledger.services import approve_grant, decline_grant, request_grant
from shop.core import clock
from shop.core.actors import actor_in_words
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.screens import form_page, found_or_404, staff

DECISIONS = {
    "approve": (approve_grant, gettext_lazy("Approved")),
    "decline": (decline_grant, gettext_lazy("Declined")),
}


@admin.register(ManualGrant)
class ManualGrantAdmin(OfMemberAdmin):
    list_display = ["requested_at", "member", "points", "reason", "shown_status", "requested_by", "decided_by"]
    list_filter = ["status"]
    fields = [
        ("who", "points"),
        "reason",
        "status",
        ("requested_by", "requested_at"),
        ("decided_by", "decided_at"),
        "reference",
    ]
    readonly_fields = ["who"]
    actions_list = ["give_or_take"]
    actions_detail = ["decide"]

    @display(
        description=gettext_lazy("status"), label={"waiting": "warning", "booked": "success", "declined": "danger"}
    )
    def shown_status(self, row: ManualGrant) -> Label:
        return Label(row.status, row.get_status_display())

    def has_give_or_take_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("ledger.add_manualgrant")

    def has_decide_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("ledger.change_manualgrant")

    @action(
        description=gettext_lazy("Give or take points"),
        url_path="give-or-take",
        permissions=["give_or_take"],
        icon="back_hand",
    )
    def give_or_take(self, request: HttpRequest) -> HttpResponse:
        form = PointsForm(request.POST or None, initial={"member": request.GET.get("member", "")})
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            try:
                asked = request_grant(
                    reference=str(given["reference"]),
                    member_id=given["member"].pk,
                    points=given["points"],
                    reason=given["reason"],
                    actor=staff(request),
                    now=clock.now(),
                )
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                self.log_addition(request, asked, _("Points by hand: {points}").format(points=asked.points))
                self._tell(request, asked)
                return redirect("admin:ledger_manualgrant_changelist")
        return form_page(self, request, form=form, title=_("Give or take points"))

    @action(
        description=gettext_lazy("Approve or decline"), url_path="decide", permissions=["decide"], icon="fact_check"
    )
    def decide(self, request: HttpRequest, object_id: str) -> HttpResponse:
        asked = found_or_404(self, request, object_id)
        form = forms.Form(request.POST or None)
        if request.method == "POST" and request.POST.get("do") in DECISIONS:
            service, note = DECISIONS[request.POST["do"]]
            try:
                asked = service(grant_id=asked.pk, actor=staff(request), now=clock.now())
            except DomainError as refusal:
                messages.error(request, str(refusal))
            else:
                self.log_change(request, asked, str(note))
                self._tell(request, asked)
            return redirect("admin:ledger_manualgrant_change", asked.pk)
        row = [str(asked.member), f"{asked.points:+,}", asked.reason, actor_in_words(asked.requested_by)]
        return form_page(
            self,
            request,
            form=form,
            title=_("Approve or decline"),
            table={"headers": [_("member"), _("points"), _("reason"), _("requested by")], "rows": [row]},
            buttons=[("approve", _("Approve")), ("decline", _("Decline"))],
        )

    def _tell(self, request: HttpRequest, asked: ManualGrant) -> None:
        said = {
            ManualGrant.Status.WAITING: _("This waits for the approval of somebody else."),
            ManualGrant.Status.BOOKED: _("The points are booked."),
            ManualGrant.Status.DECLINED: _("Declined; nothing is booked."),
        }
        messages.success(request, said[ManualGrant.Status(asked.status)])
