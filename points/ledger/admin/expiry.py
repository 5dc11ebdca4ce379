"""Rules of expiry: in a sentence, with a preview before they are saved, and every version kept."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import TabularInline
from unfold.decorators import action, display

from points.ledger.calendar import DAY
from points.ledger.errors import ExpiryPolicyInvalid
from points.ledger.forms import ExpiryForm
from points.ledger.models import (
    ExpiryPolicy,
    ExpiryVersion,
)
from points.ledger.sentences import sentence
from points.ledger.services import change_policy, create_policy
from points.ledger.services.expiring import Outlook, preview_policy
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.money import yuan
from shop.core.people import PeopleMixin
from shop.core.screens import form_page, found_or_404, staff

PREVIEW, SAVE = "preview", "save"


class ExpiryVersionInline(PeopleMixin, TabularInline):
    model = ExpiryVersion
    fields = readonly_fields = ["shown_rules", "note", "actor", "created_at"]
    ordering = ["-pk"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=gettext_lazy("points expire"))
    def shown_rules(self, version: ExpiryVersion) -> str:
        return sentence(version)


@admin.register(ExpiryPolicy)
class ExpiryPolicyAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "shown_rules", "is_default"]
    inlines = [ExpiryVersionInline]
    actions_list = ["new_policy"]
    actions_detail = ["change_rules"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ExpiryPolicy]:
        return super().get_queryset(request).prefetch_related("versions")

    @display(description=gettext_lazy("points expire"))
    def shown_rules(self, policy: ExpiryPolicy) -> str:
        return sentence(max(policy.versions.all(), key=lambda version: version.pk))

    def has_new_policy_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("ledger.add_expirypolicy")

    def has_change_rules_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("ledger.change_expirypolicy")

    @action(description=gettext_lazy("New policy"), url_path="new", permissions=["new_policy"], icon="add")
    def new_policy(self, request: HttpRequest) -> HttpResponse:
        return self._form_page(request, None, title=_("New policy"))

    @action(
        description=gettext_lazy("Change the rules"), url_path="change-rules", permissions=["change_rules"], icon="rule"
    )
    def change_rules(self, request: HttpRequest, object_id: str) -> HttpResponse:
        policy = found_or_404(self, request, object_id)
        return self._form_page(request, policy, title=_("{policy}: change the rules").format(policy=policy))

    def _form_page(self, request: HttpRequest, policy: ExpiryPolicy | None, *, title: str) -> HttpResponse:
        """Two steps: the draft is shown with what would expire when, then saved."""
        form = ExpiryForm(request.POST or None, policy=policy)
        context: dict[str, Any] = {"buttons": [(PREVIEW, _("Preview"))]}
        if request.method == "POST" and form.is_valid():
            try:
                if request.POST.get("do") == SAVE:
                    return self._saved(request, form)
                found = preview_policy(policy_id=policy.pk if policy else None, version=form.draft, now=clock.now())
            except ExpiryPolicyInvalid as refusal:
                form.add_error(None, str(refusal))
            else:
                context["table_title"] = _preview_title(form.draft, found)
                context["table"] = _preview_table(found)
                context["buttons"] = [(PREVIEW, _("Preview")), (SAVE, _("Save these rules"))]
        return form_page(self, request, form=form, title=title, **context)

    def _saved(self, request: HttpRequest, form: ExpiryForm) -> HttpResponse:
        actor, now = staff(request), clock.now()
        if form.policy is None:
            saved = create_policy(name=form.cleaned_data["name"], version=form.draft, actor=actor, now=now)
        else:
            saved = change_policy(policy_id=form.policy.pk, version=form.draft, actor=actor, now=now)
        self.log_change(request, saved.policy, sentence(saved))
        messages.success(request, _("The rules are saved, for points granted from now on."))
        return redirect("admin:ledger_expirypolicy_changelist")


def _preview_title(draft: ExpiryVersion, found: list[Outlook]) -> str:
    points = sum(row.points for row in found)
    if not points:
        return f"{sentence(draft)}. " + _("No member has points under this policy yet.")
    said = ngettext(
        "What members have now ({points} point) keeps its expiry; earned under these rules it would expire:",
        "What members have now ({points} points) keeps its expiry; earned under these rules it would expire:",
        points,
    )
    return f"{sentence(draft)}. " + said.format(points=f"{points:,}")


def _preview_table(found: list[Outlook]) -> dict[str, Any]:
    now = clock.now()
    rows = [[_when(row, now), f"{row.members:,}", f"{row.points:,}", yuan(row.worth_fen)] for row in found]
    return {"headers": [_("at the end of"), _("members"), _("points"), _("worth")], "rows": rows}


def _when(row: Outlook, now: datetime) -> str:
    if row.expires_at is None:
        return _("never")
    last = clock.business_day(row.expires_at) - DAY
    return _("{day}, passed already").format(day=last) if row.expires_at <= now else str(last)
