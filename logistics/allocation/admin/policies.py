"""Policies of allocation, read as sentences and published as versions, and the rounds that were planned under them."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import StackedInline
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelect2MultipleWidget

from logistics.allocation.comparing import compare
from logistics.allocation.deciding import decide
from logistics.allocation.errors import NotKept
from logistics.allocation.forms import TryForm
from logistics.allocation.models import AllocationPolicy, AllocationRule, PlanningRound
from logistics.allocation.policies import LIVE, WEIGHTS, draft_from, next_version, publish_policy, terms_of
from logistics.allocation.screens import comparison_panels, policy_in_words
from logistics.allocation.services.replaying import inputs_of_round
from logistics.network.models import Warehouse
from shop.core import clock
from shop.core.admin import PartInlineMixin, ReadOnlyAdmin
from shop.core.editing import ModelAdmin
from shop.core.errors import DomainError
from shop.core.forms import YuanFormMixin
from shop.core.labels import Label
from shop.core.money import yuan
from shop.core.people import PeopleMixin
from shop.core.screens import form_page, found_or_404, staff
from shop.regions.queries import children

CHANGE = "allocation.change_allocationpolicy"


class AllocationRuleForm(forms.ModelForm):
    provinces = forms.MultipleChoiceField(
        label=gettext_lazy("to provinces"),
        required=False,
        choices=lambda: [(province.code, province.name) for province in children(None)],
        widget=UnfoldAdminSelect2MultipleWidget,
        help_text=gettext_lazy("Empty for all of them."),
    )
    warehouses = forms.ModelMultipleChoiceField(
        label=gettext_lazy("warehouses"),
        queryset=Warehouse.objects.order_by("priority", "pk"),
        widget=UnfoldAdminSelect2MultipleWidget,
    )

    class Meta:
        model = AllocationRule
        fields = ["position", "provinces", "category", "effect", "warehouses"]


class AllocationRuleInline(PartInlineMixin, StackedInline):
    model = AllocationRule
    form = AllocationRuleForm
    extra = 0
    hide_title = True
    fields = [("position", "effect"), "warehouses", "provinces", "category"]

    def _is_draft(self, policy: AllocationPolicy | None) -> bool:
        return policy is None or policy.status == AllocationPolicy.Status.DRAFT

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and self._is_draft(obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._is_draft(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self._is_draft(obj)


@admin.register(AllocationPolicy)
class AllocationPolicyAdmin(PeopleMixin, YuanFormMixin, ModelAdmin):
    list_display = ["shown_version", "shown_status", "note", "created_by", "published_by", "published_at"]
    list_filter = ["status"]
    ordering = ["-version"]
    inlines = [AllocationRuleInline]
    actions_detail = ["try_out", "publish", "copy"]
    readonly_fields = ["sentences", "created_by", "created_at", "published_by", "published_at"]
    fields = ["note", *WEIGHTS, "sentences", "created_by", "created_at", "published_by", "published_at"]

    @display(description=gettext_lazy("version"), ordering="version")
    def shown_version(self, policy: AllocationPolicy) -> str:
        return str(policy)

    @display(description=gettext_lazy("status"), label={"draft": "info", "live": "success", "retired": "warning"})
    def shown_status(self, policy: AllocationPolicy) -> Label:
        return Label(policy.status, policy.get_status_display())

    @display(description=gettext_lazy("What it says"))
    def sentences(self, policy: AllocationPolicy) -> str:
        return render_to_string("admin/logistics/sentences.html", {"sentences": policy_in_words(policy)})

    def save_model(self, request: HttpRequest, obj: AllocationPolicy, form: Any, change: bool) -> None:
        if not change:
            obj.version, obj.created_by, obj.created_at = next_version(), str(staff(request)), clock.now()
        super().save_model(request, obj, form, change)

    def has_change_permission(self, request: HttpRequest, obj: AllocationPolicy | None = None) -> bool:
        draft = obj is None or obj.status == AllocationPolicy.Status.DRAFT
        return super().has_change_permission(request, obj) and draft

    def has_delete_permission(self, request: HttpRequest, obj: AllocationPolicy | None = None) -> bool:
        draft = obj is not None and obj.status == AllocationPolicy.Status.DRAFT
        return super().has_delete_permission(request, obj) and draft

    def has_publish_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        drafts = AllocationPolicy.objects.filter(pk=object_id, status=AllocationPolicy.Status.DRAFT)
        return request.user.has_perm(CHANGE) and (object_id is None or drafts.exists())

    def has_copy_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("allocation.add_allocationpolicy")

    @action(description=gettext_lazy("Try on orders"), url_path="try", permissions=["view"], icon="science")
    def try_out(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What it would do with orders, beside the live policy; nothing is changed."""
        policy = found_or_404(self, request, object_id)
        form = TryForm(request.POST or None, initial={"scope": "week"})
        context: dict[str, Any] = {"buttons": [("try", _("Try"))]}
        if request.method == "POST" and form.is_valid():
            live = LIVE.anew()
            found = compare(scope=form.cleaned_data["scope"], first=live, second=terms_of(policy), now=clock.now())
            context |= {"panels": comparison_panels(found), "before": "admin/logistics/comparison.html"}
        title = _("Try {policy} on orders, beside what is live").format(policy=policy)
        return form_page(self, request, form=form, title=title, **context)

    @action(description=gettext_lazy("Publish"), url_path="publish", permissions=["publish"], icon="rocket_launch")
    def publish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Every order from then on feels it, so that it is looked at again before it is done."""
        policy = found_or_404(self, request, object_id)
        if request.method != "POST":
            return form_page(
                self,
                request,
                form=forms.Form(),
                title=_("Allocate by {policy} from now on?").format(policy=policy),
                buttons=[("publish", _("Publish"))],
                before="admin/logistics/sentences.html",
                sentences=policy_in_words(policy),
            )
        try:
            publish_policy(policy_id=policy.pk, actor=staff(request), now=clock.now())
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("Orders are allocated by this policy from now on."))
        return redirect("admin:allocation_allocationpolicy_change", policy.pk)

    @action(description=gettext_lazy("Copy as a draft"), url_path="copy", permissions=["copy"], icon="content_copy")
    def copy(self, request: HttpRequest, object_id: str) -> HttpResponse:
        source = found_or_404(self, request, object_id)
        draft = draft_from(policy_id=source.pk, actor=staff(request), now=clock.now())
        return redirect("admin:allocation_allocationpolicy_change", draft.pk)


@admin.register(PlanningRound)
class PlanningRoundAdmin(ReadOnlyAdmin):
    list_display = ["planned_at", "orders", "allocated", "cost", "nearest", "saved"]
    ordering = ["-pk"]
    show_full_result_count = False
    actions = ["replay"]
    fields = ["planned_at", "orders", "allocated", "cost", "nearest", "saved", "inputs_digest", "fingerprint"]
    readonly_fields = ["cost", "nearest", "saved"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PlanningRound]:
        return super().get_queryset(request).defer("inputs")

    @display(description=gettext_lazy("cost"), ordering="cost_fen")
    def cost(self, planned: PlanningRound) -> str:
        return yuan(planned.cost_fen)

    @display(description=gettext_lazy("from the nearest"), ordering="nearest_fen")
    def nearest(self, planned: PlanningRound) -> str:
        return yuan(planned.nearest_fen)

    @display(description=gettext_lazy("saved"))
    def saved(self, planned: PlanningRound) -> str:
        return yuan(planned.nearest_fen - planned.cost_fen)

    @admin.action(description=gettext_lazy("Plan again from what was kept"), permissions=["view"])
    def replay(self, request: HttpRequest, queryset: QuerySet[PlanningRound]) -> None:
        for planned in queryset.order_by("pk"):
            try:
                same = decide(inputs_of_round(planned)).fingerprint() == planned.fingerprint
            except NotKept as refused:
                self.message_user(request, str(refused), messages.WARNING)
                continue
            said = _("{time}: the same plan.") if same else _("{time}: another plan. The program has changed since.")
            level = messages.SUCCESS if same else messages.WARNING
            self.message_user(request, said.format(time=f"{planned.planned_at:%Y-%m-%d %H:%M}"), level)
