"""Handing coupons out: counted first, approved where many get them, then watched while they are given."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from promotions.campaigns.queries import live_at
from promotions.coupons.admin.forms import NAMED, HandOutForm
from promotions.coupons.models import CouponTemplate, HandOut
from promotions.coupons.preferences import APPROVAL_MEMBERS
from promotions.coupons.services.granting import REFUSALS
from promotions.coupons.services.handing_out import (
    approve_hand_out,
    cancel_hand_out,
    recipients,
    start_hand_out,
)
from shop.core import clock
from shop.core.actors import actor_in_words
from shop.core.admin import ReadOnlyAdmin
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.screens import form_page, found_or_404, staff

COUNT, START = "count", "start"
WHY_NOT = {refusal.code: refusal for refusal in REFUSALS}


@admin.register(HandOut)
class HandOutAdmin(ReadOnlyAdmin):
    list_display = ["template", "note", "shown_status", "shown_progress", "refused_count", "created_by", "created_at"]
    list_filter = ["status"]
    list_select_related = ["template"]
    fields = [
        "template",
        "note",
        "status",
        "shown_progress",
        "refused_count",
        "shown_refusals",
        "created_by",
        "approved_by",
        "created_at",
        "finished_at",
    ]
    readonly_fields = ["shown_progress", "shown_refusals"]
    ordering = ["-pk"]
    actions_list = ["hand_out"]
    actions_detail = ["approve", "cancel"]

    @display(
        description=gettext_lazy("status"),
        label={"awaiting": "warning", "running": "info", "done": "success", "cancelled": "danger"},
        ordering="status",
    )
    def shown_status(self, hand_out: HandOut) -> Label:
        return Label(hand_out.status, hand_out.get_status_display())

    @display(description=gettext_lazy("progress"))
    def shown_progress(self, hand_out: HandOut) -> str:
        done = hand_out.given_count + hand_out.refused_count
        share = done * 100 // max(hand_out.member_count, 1)
        return _("{done} of {all} members, {share} percent").format(done=done, all=hand_out.member_count, share=share)

    @display(description=gettext_lazy("why not"))
    def shown_refusals(self, hand_out: HandOut) -> str:
        """Each reason with how many it met, and some of them."""
        refused = hand_out.members.exclude(refusal="")
        rows = []
        for code, count in refused.order_by("refusal").values_list("refusal").annotate(count=Count("pk")):
            named = refused.filter(refusal=code).select_related("member").order_by("pk")[:NAMED]
            words = WHY_NOT[code].message if code in WHY_NOT else code
            rows.append((words, count, ", ".join(str(row.member) for row in named), "…" if count > NAMED else ""))
        return format_html_join("", "<p>{} × {}: {}{}</p>", rows) or "–"

    def has_hand_out_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("coupons.add_handout")

    def has_approve_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("coupons.change_handout")

    @action(description=gettext_lazy("Hand out"), url_path="hand-out", permissions=["hand_out"], icon="redeem")
    def hand_out(self, request: HttpRequest) -> HttpResponse:
        """Two steps: a dry run says how many get it, then it starts or waits for approval."""
        live = CouponTemplate.objects.filter(live_at(clock.now())).exclude(way=CouponTemplate.Way.CODES).order_by("-pk")
        form = HandOutForm(request.POST or None, templates=live, initial={"template": request.GET.get("template")})
        context: dict[str, Any] = {"buttons": [(COUNT, _("Count first"))]}
        if request.method == "POST" and form.is_valid():
            try:
                if request.POST.get("do") == START:
                    return self._started(request, form)
                context |= self._counted(form)
            except DomainError as refusal:
                form.add_error(None, str(refusal))
        return form_page(self, request, form=form, title=_("Hand out"), **context)

    def _counted(self, form: HandOutForm) -> dict[str, Any]:
        member_ids = form.cleaned_data["members"]
        count = recipients(audience=form.audience, member_ids=member_ids, now=clock.now()).count()
        template: CouponTemplate = form.cleaned_data["template"]
        rows = [[_("would get it"), count], [_("can still be given"), "∞" if template.left is None else template.left]]
        if count > APPROVAL_MEMBERS.value():
            rows.append([_("approval"), _("a second person must approve it")])
        return {
            "table_title": template.name,
            "table": {"headers": ["", ""], "rows": rows},
            "buttons": [(COUNT, _("Count again")), *([(START, _("Hand out now"))] if count else [])],
        }

    def _started(self, request: HttpRequest, form: HandOutForm) -> HttpResponse:
        made = start_hand_out(
            template_id=form.cleaned_data["template"].pk,
            audience=form.audience,
            member_ids=form.cleaned_data["members"],
            note=form.cleaned_data["note"],
            actor=staff(request),
            now=clock.now(),
        )
        text = _("Members: {count}").format(count=made.member_count)
        self.log_addition(request, made, text)
        messages.success(request, f"{made.get_status_display()} · {text}")
        return redirect("admin:coupons_handout_change", made.pk)

    @action(description=gettext_lazy("Approve"), url_path="approve", permissions=["approve"], icon="check")
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decided(request, object_id, approve_hand_out, _("Approve"))

    @action(description=gettext_lazy("Cancel"), url_path="cancel", permissions=["approve"], icon="close")
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decided(request, object_id, cancel_hand_out, _("Cancel"))

    def _decided(self, request: HttpRequest, object_id: str, decide: Any, title: str) -> HttpResponse:
        """Asked first: a link alone changes nothing."""
        made = found_or_404(self, request, object_id)
        if request.method != "POST":
            left = made.member_count - made.given_count - made.refused_count
            rows = [
                [_("template"), str(made.template)],
                [_("members"), made.member_count],
                [_("given"), made.given_count],
                [_("not dealt with yet"), left],
                [_("by"), actor_in_words(made.created_by)],
            ]
            table = {"headers": ["", ""], "rows": rows}
            shown = {"table_title": made.note, "table": table, "buttons": [("go", title)]}
            return form_page(self, request, form=forms.Form(), title=title, **shown)
        try:
            decide(hand_out_id=made.pk, actor=staff(request), now=clock.now())
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            self.log_change(request, made, title)
            messages.success(request, made.note + " · " + title)
        return redirect("admin:coupons_handout_change", made.pk)
