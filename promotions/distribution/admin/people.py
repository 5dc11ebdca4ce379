"""Who sells, at which rates, and to whom."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from simple_history.admin import SimpleHistoryAdmin
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from members.identity.admin import link_to_member
from members.identity.models import Member
from members.identity.phones import parse_phone
from promotions.distribution.admin.searching import MemberSearchMixin
from promotions.distribution.models import Binding, Distributor, DistributorGrade, ProductRate, Standing
from promotions.distribution.services import joining
from promotions.distribution.services.binding import unbind
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.editing import ModelAdmin
from shop.core.errors import DomainError
from shop.core.forms import PercentFormMixin
from shop.core.labels import Label
from shop.core.money import yuan
from shop.core.screens import form_page, found_or_404, staff
from shop.core.shown import AsShownMixin

MOST_AT_ONCE = 100
STANDING_COLOURS = {
    Standing.APPLIED.value: "warning",
    Standing.ACTIVE.value: "success",
    Standing.REFUSED.value: "danger",
    Standing.PAUSED.value: "default",
    Standing.CLOSED.value: "default",
}


class ReasonForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("reason"), max_length=200, widget=UnfoldAdminTextInputWidget)


class GradeForm(AsShownMixin, forms.Form):
    grade = forms.ModelChoiceField(
        label=gettext_lazy("grade"), queryset=DistributorGrade.objects.all(), widget=UnfoldAdminSelectWidget
    )


class AppointForm(GradeForm):
    who = forms.CharField(
        label=gettext_lazy("phone or invite code of the member"), max_length=20, widget=UnfoldAdminTextInputWidget
    )
    field_order = ["who", "grade"]

    def clean_who(self) -> Member:
        said = self.cleaned_data["who"].strip()
        phone = parse_phone(said)
        members = Member.objects.filter(status=Member.Status.ACTIVE)
        found = members.filter(phone=phone).first() if phone else members.filter(invite_code=said.upper()).first()
        if found is None:
            raise forms.ValidationError(_("There is no such member."))
        return found


@admin.register(DistributorGrade)
class DistributorGradeAdmin(PercentFormMixin, SimpleHistoryAdmin, ModelAdmin):
    list_display = ["shown_name", "position", "shown_rate", "shown_second_rate"]
    fields = ["name", "position", "rate_bp", "second_rate_bp"]
    ordering = ["position", "pk"]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """One by one: the last one stays, so that newcomers have a grade."""
        return {name: each for name, each in super().get_actions(request).items() if name != "delete_selected"}

    def has_delete_permission(self, request: HttpRequest, obj: DistributorGrade | None = None) -> bool:
        is_last = obj is not None and not DistributorGrade.objects.exclude(pk=obj.pk).exists()
        return super().has_delete_permission(request, obj) and not is_last

    @display(description=gettext_lazy("name"), ordering="name")
    def shown_name(self, grade: DistributorGrade) -> str:
        return str(grade)

    @display(description=gettext_lazy("commission"), ordering="rate_bp")
    def shown_rate(self, grade: DistributorGrade) -> str:
        return f"{grade.rate_bp / 100:g}%"

    @display(description=gettext_lazy("second level"), ordering="second_rate_bp")
    def shown_second_rate(self, grade: DistributorGrade) -> str:
        return f"{grade.second_rate_bp / 100:g}%"


@admin.register(ProductRate)
class ProductRateAdmin(PercentFormMixin, SimpleHistoryAdmin, ModelAdmin):
    list_display = ["product", "shown_grade", "shown_rate", "shown_second_rate"]
    list_filter = ["grade"]
    list_select_related = ["product", "grade"]
    fields = ["product", "grade", "rate_bp", "second_rate_bp"]
    autocomplete_fields = ["product"]
    search_fields = ["product__name"]
    ordering = ["-pk"]

    @display(description=gettext_lazy("grade"), ordering="grade")
    def shown_grade(self, rate: ProductRate) -> str:
        return str(rate.grade or _("all grades"))

    @display(description=gettext_lazy("commission"), ordering="rate_bp")
    def shown_rate(self, rate: ProductRate) -> str:
        return f"{rate.rate_bp / 100:g}%"

    @display(description=gettext_lazy("second level"), ordering="second_rate_bp")
    def shown_second_rate(self, rate: ProductRate) -> str:
        return f"{rate.second_rate_bp / 100:g}%"


@admin.register(Distributor)
class DistributorAdmin(MemberSearchMixin, ReadOnlyAdmin):
    list_display = ["name", "grade", "shown_standing", "available", "frozen", "brought_by", "applied_at", "joined_at"]
    list_filter = ["standing", "grade", "joined_at"]
    list_select_related = ["member", "grade", "account", "recruiter__member"]
    fields = [
        ("who", "shown_standing"),
        ("grade", "available"),
        ("frozen", "settled"),
        ("reserved", "paid"),
        ("applied_at", "joined_at"),
        ("brought_by", "note"),
        ("decided_by", "reason"),
    ]
    readonly_fields = ["who", "shown_standing", "frozen", "settled", "available", "reserved", "paid", "brought_by"]
    ordering = ["-pk"]
    actions = ["approve_all"]
    actions_list = ["appoint"]
    actions_detail = ["approve", "refuse", "change_grade", "pause", "resume"]

    @display(description=gettext_lazy("member"))
    def name(self, distributor: Distributor) -> str:
        return str(distributor.member)

    @display(description=gettext_lazy("member"))
    def who(self, distributor: Distributor) -> str:
        return link_to_member(distributor.member)

    @display(description=gettext_lazy("standing"), label=STANDING_COLOURS, ordering="standing")
    def shown_standing(self, distributor: Distributor) -> Label:
        return Label(distributor.standing, distributor.get_standing_display())

    @display(description=gettext_lazy("brought by"))
    def brought_by(self, distributor: Distributor) -> str:
        return link_to_member(distributor.recruiter.member) if distributor.recruiter else "–"

    @display(description=gettext_lazy("frozen"), ordering="account__frozen_fen")
    def frozen(self, distributor: Distributor) -> str:
        return yuan(distributor.account.frozen_fen)

    @display(description=gettext_lazy("settled"))
    def settled(self, distributor: Distributor) -> str:
        return yuan(distributor.account.settled_fen)

    @display(description=gettext_lazy("can be withdrawn"), ordering="account__available_fen")
    def available(self, distributor: Distributor) -> str:
        return yuan(distributor.account.available_fen)

    @display(description=gettext_lazy("being withdrawn"))
    def reserved(self, distributor: Distributor) -> str:
        return yuan(distributor.account.reserved_fen)

    @display(description=gettext_lazy("paid out"))
    def paid(self, distributor: Distributor) -> str:
        return yuan(distributor.account.paid_fen)

    def has_decide_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("distribution.change_distributor")

    def has_applied_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, Standing.APPLIED)

    def has_selling_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, Standing.ACTIVE)

    def has_paused_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, Standing.PAUSED)

    def _may(self, request: HttpRequest, object_id: Any, standing: Standing) -> bool:
        """What is offered is what can be done now."""
        is_so = Distributor.objects.filter(pk=object_id, standing=standing).exists()
        return self.has_decide_permission(request) and is_so

    def has_appoint_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("distribution.add_distributor")

    @admin.action(description=gettext_lazy("Approve applications"), permissions=["decide"])
    def approve_all(self, request: HttpRequest, queryset: QuerySet[Distributor]) -> None:
        approved = 0
        for each in queryset[:MOST_AT_ONCE]:
            try:
                joining.approve(distributor_id=each.pk, actor=staff(request), now=clock.now())
            except DomainError as refusal:
                self.message_user(request, f"{each}: {refusal}", messages.ERROR)
                continue
            self.log_change(request, each, _("Approved"))
            approved += 1
        self.message_user(
            request,
            _("Applications approved: {count}").format(count=approved),
            messages.SUCCESS if approved else messages.WARNING,
        )

    @action(
        description=gettext_lazy("Appoint a member"), url_path="appoint", permissions=["appoint"], icon="person_add"
    )
    def appoint(self, request: HttpRequest) -> HttpResponse:
        form = AppointForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            member, grade = form.cleaned_data["who"], form.cleaned_data["grade"]
            try:
                made = joining.appoint(member_id=member.pk, grade_id=grade.pk, actor=staff(request), now=clock.now())
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                self.log_change(request, made, _("Appointed"))
                messages.success(request, _("{member} sells for the shop now.").format(member=member))
                return redirect("admin:distribution_distributor_change", made.pk)
        return form_page(self, request, form=form, title=_("Appoint a member"))

    @action(description=gettext_lazy("Approve"), url_path="approve", permissions=["applied"], icon="check")
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What they wrote is shown once more; following a link decides nothing."""
        found = found_or_404(self, request, object_id)
        form = forms.Form(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                joining.approve(distributor_id=found.pk, actor=staff(request), now=clock.now())
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                self.log_change(request, found, _("Approved"))
                messages.success(request, _("{member} sells for the shop now.").format(member=found.member))
                return redirect("admin:distribution_distributor_change", found.pk)
        what = {
            "headers": [_("member"), _("grade"), _("what they wrote")],
            "rows": [[str(found), str(found.grade), found.note or "–"]],
        }
        title = f"{_('Approve')}: {found}"
        return form_page(self, request, form=form, title=title, buttons=[("go", _("Approve"))], table=what)

    @action(description=gettext_lazy("Refuse"), url_path="refuse", permissions=["applied"], icon="close")
    def refuse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._with_reason(request, object_id, joining.refuse, _("Refuse"))

    @action(description=gettext_lazy("Pause"), url_path="pause", permissions=["selling"], icon="pause")
    def pause(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._with_reason(request, object_id, joining.pause, _("Pause"))

    @action(description=gettext_lazy("Resume"), url_path="resume", permissions=["paused"], icon="play_arrow")
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._with_reason(request, object_id, joining.resume, _("Resume"))

    @action(
        description=gettext_lazy("Change the grade"),
        url_path="change-grade",
        permissions=["decide"],
        icon="military_tech",
    )
    def change_grade(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found = found_or_404(self, request, object_id)
        form = GradeForm(request.POST or None, initial={"grade": found.grade_id})
        form.subject = found
        if request.method == "POST" and form.is_valid():
            grade = form.cleaned_data["grade"]
            joining.change_grade(distributor_id=found.pk, grade_id=grade.pk, actor=staff(request))
            self.log_change(request, found, _("Grade: {grade}").format(grade=grade))
            return redirect("admin:distribution_distributor_change", found.pk)
        return form_page(self, request, form=form, title=_("Change the grade"))

    def _with_reason(
        self, request: HttpRequest, object_id: str, service: Callable[..., Distributor], title: str
    ) -> HttpResponse:
        found = found_or_404(self, request, object_id)
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            reason = form.cleaned_data["reason"]
            try:
                service(distributor_id=found.pk, reason=reason, actor=staff(request), now=clock.now())
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                self.log_change(request, found, f"{title}: {reason}")
                return redirect("admin:distribution_distributor_change", found.pk)
        return form_page(self, request, form=form, title=title)


@admin.register(Binding)
class BindingAdmin(MemberSearchMixin, ReadOnlyAdmin):
    member_paths = ("member", "distributor__member")
    list_display = ["name", "seller", "shown_state", "way", "target", "bound_at", "until", "ended_at"]
    list_filter = ["came_by", "bound_at"]
    list_select_related = ["member", "distributor__member"]
    fields = [
        ("customer", "seller"),
        "shown_state",
        ("way", "target"),
        ("bound_at", "until"),
        ("locked_at", "ended_at"),
        ("ended_by", "reason"),
    ]
    readonly_fields = ["customer", "seller", "shown_state", "way"]
    ordering = ["-pk"]
    actions_detail = ["let_go"]

    @display(description=gettext_lazy("customer"))
    def name(self, binding: Binding) -> str:
        return str(binding.member)

    @display(description=gettext_lazy("customer"))
    def customer(self, binding: Binding) -> str:
        return link_to_member(binding.member)

    @display(description=gettext_lazy("distributor"))
    def seller(self, binding: Binding) -> str:
        return link_to_member(binding.distributor.member)

    @display(description=gettext_lazy("how they came"), ordering="came_by")
    def way(self, binding: Binding) -> str:
        return binding.get_came_by_display()

    @display(description=gettext_lazy("state"), label={"good": "success", "now": "info", "over": "default"})
    def shown_state(self, binding: Binding) -> Label:
        if not binding.holds(at=clock.now()):
            return Label("over", _("Over"))
        return (
            Label("good", _("For good"))
            if binding.locked_at
            else Label("now", _("Until they buy, or the time is over"))
        )

    def has_unbind_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("distribution.change_binding")

    @action(description=gettext_lazy("Let go"), url_path="let-go", permissions=["unbind"], icon="link_off")
    def let_go(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found = found_or_404(self, request, object_id)
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            reason = form.cleaned_data["reason"]
            try:
                unbind(binding_id=found.pk, reason=reason, actor=staff(request), now=clock.now())
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                self.log_change(request, found, _("Let go: {reason}").format(reason=reason))
                return redirect("admin:distribution_binding_change", found.pk)
        return form_page(self, request, form=form, title=_("Let go"))
