"""Screens of tiers: what they give, the rules with a preview, where members stand, and the ledger behind it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from simple_history.admin import SimpleHistoryAdmin
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.decorators import action, display

from members.identity.models import Member
from members.identity.searching import FoundByMember
from members.tiers.calendar import DAY
from members.tiers.errors import RulesInvalid
from members.tiers.forms import GrowthForm, ManualTierForm, ReasonForm, RulesForm
from members.tiers.models import GrowthEntry, MemberTier, Tier, TierChange, TierPolicy, TierRequirement
from members.tiers.queries import TIERS
from members.tiers.services import adjust_growth, change_rules, end_manual_tier, set_manual_tier
from members.tiers.services.rules import Preview, preview_rules
from shop.catalog.cache import touch_listing
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.editing import ModelAdmin
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.screens import form_page, staff
from shop.core.searching import FoundByKeys

PREVIEW, SAVE = "preview", "save"


@admin.register(Tier)
class TierAdmin(SimpleHistoryAdmin, ModelAdmin):
    list_display = ["name", "code", "threshold", "retention", "points_multiplier_bp", "discount_bp", "shown_members"]
    fieldsets = [
        (None, {"fields": ["code", "name", "name_en"]}),
        (
            gettext_lazy("Benefits"),
            {
                "fields": [
                    ("points_multiplier_bp", "discount_bp"),
                    ("birthday_points", "priority"),
                    ("free_shipping", "exclusive_service", "exclusive_zone"),
                ]
            },
        ),
    ]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tier]:
        need = TierRequirement.objects.filter(tier=OuterRef("pk"), policy=_newest_version())
        standings = MemberTier.objects.filter(tier=OuterRef("pk")).order_by().values("tier").annotate(n=Count("pk"))
        return (
            super()
            .get_queryset(request)
            .annotate(
                need=Subquery(need.values("threshold")),
                keep=Subquery(need.values("retention")),
                held_by=Subquery(standings.values("n")),
            )
            .order_by("need", "pk")
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Tier | None = None) -> list[str]:
        return ["code"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Tier, form: forms.ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        TIERS.forget()
        # Products show the members' price.
        touch_listing()

    @display(description=gettext_lazy("growth to reach it"))
    def threshold(self, tier: Any) -> str:
        return _("not in use") if tier.need is None else f"{tier.need:,}"

    @display(description=gettext_lazy("growth to keep it"))
    def retention(self, tier: Any) -> str:
        return "–" if tier.keep is None else f"{tier.keep:,}"

    @display(description=gettext_lazy("members"))
    def shown_members(self, tier: Any) -> int:
        return tier.held_by or 0


@admin.register(TierPolicy)
class TierPolicyAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "window", "shown_ladder", "downgrade", "grace_days", "note", "actor", "created_at"]
    ordering = ["-pk"]
    actions_list = ["change_rules"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[TierPolicy]:
        return super().get_queryset(request).prefetch_related("requirements__tier")

    @display(description=gettext_lazy("tiers"))
    def shown_ladder(self, policy: TierPolicy) -> str:
        return " · ".join(f"{row.tier} {row.threshold:,}/{row.retention:,}" for row in policy.requirements.all())

    def has_change_rules_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tiers.change_tierpolicy")

    @action(
        description=gettext_lazy("Change the rules"), url_path="change-rules", permissions=["change_rules"], icon="rule"
    )
    def change_rules(self, request: HttpRequest) -> HttpResponse:
        """Two steps: the draft is shown with who would move, then saved."""
        form = RulesForm(request.POST or None)
        context: dict[str, Any] = {"buttons": [(PREVIEW, _("Preview"))]}
        if request.method == "POST" and form.is_valid():
            try:
                if request.POST.get("do") == SAVE:
                    return self._saved(request, form)
                found = preview_rules(policy=form.draft, ladder=form.ladder, now=clock.now())
            except RulesInvalid as refusal:
                form.add_error(None, str(refusal))
            else:
                context["table_title"], context["table"] = _preview_title(found), _preview_table(found)
                context["buttons"] = [(PREVIEW, _("Preview")), (SAVE, _("Save these rules"))]
        return form_page(self, request, form=form, title=_("Change the rules"), **context)

    def _saved(self, request: HttpRequest, form: RulesForm) -> HttpResponse:
        policy = change_rules(policy=form.draft, ladder=form.ladder, actor=staff(request), now=clock.now())
        self.log_addition(request, policy, _("New rules"))
        messages.success(request, _("The rules are saved. Members go over to them within minutes."))
        return redirect("admin:tiers_tierpolicy_changelist")


@admin.register(MemberTier)
class MemberTierAdmin(FoundByMember, ReadOnlyAdmin):
    list_display = ["member", "shown_tier", "growth", "last_day", "shown_manual"]
    list_filter = ["tier"]
    list_select_related = ["member", "tier", "manual_tier"]
    fields = [
        "member",
        "shown_tier",
        "earned_tier",
        "growth",
        "counted_on",
        "last_day",
        "shown_manual",
        "manual_reason",
        "shown_ledger",
    ]
    readonly_fields = ["shown_tier", "last_day", "shown_manual", "shown_ledger"]
    ordering = ["-pk"]
    actions_list = ["set_by_hand", "adjust_growth"]
    actions_detail = ["set_this_by_hand", "end_by_hand", "adjust_this_growth"]

    @display(description=gettext_lazy("tier"), ordering="tier", label=True)
    def shown_tier(self, row: MemberTier) -> str:
        return str(row.tier)

    @display(description=gettext_lazy("valid through"), ordering="valid_until")
    def last_day(self, row: MemberTier) -> date | str:
        return row.valid_until - DAY if row.valid_until else "–"

    @display(description=gettext_lazy("set by hand"))
    def shown_manual(self, row: MemberTier) -> str:
        if row.manual_tier is None:
            return "–"
        until = _("through {day}").format(day=row.manual_until - DAY) if row.manual_until else _("for good")
        return f"{row.manual_tier} {until}"

    @display(description=gettext_lazy("behind it"))
    def shown_ledger(self, row: MemberTier) -> str:
        query = f"?member__id__exact={row.pk}"
        return format_html(
            '<a class="text-primary-600" href="{}">{}</a> · <a class="text-primary-600" href="{}">{}</a>',
            reverse("admin:tiers_growthentry_changelist") + query,
            _("Growth"),
            reverse("admin:tiers_tierchange_changelist") + query,
            _("Changes of tier"),
        )

    def has_set_by_hand_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("tiers.change_membertier")

    @action(
        description=gettext_lazy("Set a tier by hand"),
        url_path="set-by-hand",
        permissions=["set_by_hand"],
        icon="back_hand",
    )
    def set_by_hand(self, request: HttpRequest) -> HttpResponse:
        form = ManualTierForm(request.POST or None, initial={"member": request.GET.get("member", "")})
        if request.method == "POST" and form.is_valid():
            given: Mapping[str, Any] = form.cleaned_data
            member: Member = given["member"]
            try:
                row = set_manual_tier(
                    member_id=member.pk,
                    tier_id=given["tier"].pk,
                    reason=given["reason"],
                    last_day=given["last_day"],
                    holds_down=given["holds_down"],
                    actor=staff(request),
                    now=clock.now(),
                )
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                return self._done(request, row, _("Set by hand: {tier}").format(tier=given["tier"].name))
        return form_page(self, request, form=form, title=_("Set a tier by hand"))

    @action(description=gettext_lazy("Set a tier by hand"), url_path="set-this-by-hand", permissions=["set_by_hand"])
    def set_this_by_hand(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = get_object_or_404(MemberTier, pk=object_id)
        return redirect(f"{reverse('admin:tiers_membertier_set_by_hand')}?member={row.pk}")

    @action(description=gettext_lazy("End the tier set by hand"), url_path="end-by-hand", permissions=["set_by_hand"])
    def end_by_hand(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = get_object_or_404(MemberTier.objects.select_related("tier"), pk=object_id)
        form: forms.Form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            row = end_manual_tier(
                member_id=row.pk, reason=form.cleaned_data["reason"], actor=staff(request), now=clock.now()
            )
            return self._done(request, row, _("Ended by hand; now {tier}").format(tier=row.tier))
        return form_page(self, request, form=form, title=_("End the tier set by hand"))

    @action(
        description=gettext_lazy("Give or take growth"),
        url_path="adjust-growth",
        permissions=["set_by_hand"],
        icon="trending_up",
    )
    def adjust_growth(self, request: HttpRequest) -> HttpResponse:
        form = GrowthForm(request.POST or None, initial={"member": request.GET.get("member", "")})
        if request.method == "POST" and form.is_valid():
            given: Mapping[str, Any] = form.cleaned_data
            try:
                row = adjust_growth(
                    reference=f"manual:{given['reference']}",
                    member_id=given["member"].pk,
                    growth=given["growth"],
                    reason=given["reason"],
                    is_bounded=not request.user.has_perm("tiers.change_tierpolicy"),
                    actor=staff(request),
                    now=clock.now(),
                )
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                note = _("Growth by hand: {growth}; now {tier}").format(growth=f"{given['growth']:+,}", tier=row.tier)
                return self._done(request, row, note)
        return form_page(self, request, form=form, title=_("Give or take growth"))

    @action(description=gettext_lazy("Give or take growth"), url_path="adjust-this-growth", permissions=["set_by_hand"])
    def adjust_this_growth(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = get_object_or_404(MemberTier, pk=object_id)
        return redirect(f"{reverse('admin:tiers_membertier_adjust_growth')}?member={row.pk}")

    def _done(self, request: HttpRequest, row: MemberTier, note: str) -> HttpResponse:
        self.log_change(request, row, note)
        messages.success(request, note)
        return redirect("admin:tiers_membertier_change", row.pk)


@admin.register(GrowthEntry)
class GrowthEntryAdmin(FoundByKeys, ReadOnlyAdmin):
    list_display = ["earned_on", "member", "shown_kind", "amount", "reference", "note", "actor", "created_at"]
    list_filter = ["kind", ("earned_on", RangeDateFilter)]
    list_filter_submit = True
    search_keys = ("reference",)
    list_select_related = ["member"]
    ordering = ["-pk"]

    @display(
        description=gettext_lazy("kind"),
        label={"spend": "success", "points": "info", "behaviour": "info", "refund": "danger", "manual": "warning"},
    )
    def shown_kind(self, entry: GrowthEntry) -> Label:
        return Label(entry.kind, entry.get_kind_display())


@admin.register(TierChange)
class TierChangeAdmin(ReadOnlyAdmin):
    list_display = ["changed_at", "member", "from_tier", "to_tier", "reason", "growth", "note", "actor"]
    list_filter = ["reason", "to_tier"]
    list_select_related = ["member", "from_tier", "to_tier"]
    ordering = ["-pk"]
    show_full_result_count = False


def _newest_version() -> Subquery:
    return Subquery(TierPolicy.objects.order_by("-pk").values("pk")[:1])


def _preview_title(found: Preview) -> str:
    moved = sum(found.moves.values())
    if not moved:
        return _("Nobody would move now.")
    text = ngettext("{moved} of {all} members would move.", "{moved} of {all} members would move.", moved)
    return text.format(moved=moved, all=found.members)


def _preview_table(found: Preview) -> dict[str, Any]:
    """Members by from and to, with some of them by name."""
    names = dict(Tier.objects.values_list("pk", "name"))
    members = Member.objects.in_bulk([move.member_id for move in found.sample])
    rows = []
    for (before, after), count in sorted(found.moves.items(), key=lambda each: -each[1]):
        sample = [m for m in found.sample if (m.from_tier_id, m.to_tier_id) == (before, after)]
        some = ", ".join(f"{members[move.member_id]} ({move.growth:,})" for move in sample)
        rows.append([names[before], names[after], count, some])
    return {"headers": [_("from tier"), _("to tier"), _("members"), _("for example (growth)")], "rows": rows}
