"""Members for customer service: one page with all that every room knows about them (see `panels.py`); blocking.

Members change their own data themselves; staff type in nothing but a new phone, for a reason. Phones and streets are
masked but for those who may reveal them: whoever needs to find a member knows the last four digits or the whole number.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action, display

from members.identity.forms import NewPhoneForm
from members.identity.models import Member
from members.identity.panels import MemberPanel, may_reveal, member_panels
from members.identity.phones import mask_phone, show_phone
from members.identity.searching import FoundByMember, members_found
from members.identity.services import block_member, change_phone_of, unblock_member
from shop.core import clock
from shop.core.actors import Actor
from shop.core.admin import ReadOnlyAdmin
from shop.core.confirming import asks
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.screens import form_page, found_or_404, staff


def link_to_member(member: Member) -> str:
    """The member's name, leading to their page."""
    page = reverse("admin:identity_member_change", args=[member.pk])
    return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', page, member)


@admin.register(Member)
class MemberAdmin(ReadOnlyAdmin):
    list_display = ["shown_name", "masked_phone", "from_wechat", "shown_status", "joined_at"]
    list_filter = ["status", "joined_at"]
    readonly_fields = ["whole_phone", "masked_phone", "from_wechat", "invited_by"]
    change_form_outer_after_template = "admin/members/panels.html"
    search_fields = ["nickname"]
    search_help_text = FoundByMember.search_help_text
    ordering = ["-pk"]
    actions = ["block", "unblock"]
    actions_detail = ["change_phone"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Member], search_term: str
    ) -> tuple[QuerySet[Member], bool]:
        term = search_term.strip()
        return (members_found(queryset, term) if term else queryset), False

    def get_fields(self, request: HttpRequest, obj: Member | None = None) -> Any:
        return [
            ("nickname", "whole_phone" if may_reveal(request) else "masked_phone"),
            ("status", "from_wechat"),
            ("birthday", "joined_at"),
            ("invite_code", "invited_by"),
        ]

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        member = self.get_object(request, object_id) if object_id and request.method == "GET" else None
        panels: list[MemberPanel] = []
        if member is not None and self.has_view_permission(request, member):
            panels = member_panels(request, member)
        return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), "panels": panels})

    @display(description=_("member"))
    def shown_name(self, member: Member) -> str:
        return str(member)

    @display(description=_("phone"))
    def masked_phone(self, member: Member) -> str:
        return mask_phone(member.phone) if member.phone else "—"

    @display(description=_("phone"))
    def whole_phone(self, member: Member) -> str:
        return show_phone(member.phone) if member.phone else "—"

    @display(description=_("invited by"))
    def invited_by(self, member: Member) -> str:
        return link_to_member(member.inviter) if member.inviter else "–"

    @display(description=_("WeChat"), boolean=True)
    def from_wechat(self, member: Member) -> bool:
        return member.openid is not None

    @display(
        description=_("status"),
        label={"active": "success", "blocked": "danger", "merged": "info", "closed": "default"},
        ordering="status",
    )
    def shown_status(self, member: Member) -> Label:
        return Label(member.status, member.get_status_display())

    @admin.action(description=_("Block and sign out"), permissions=["change_standing"])
    @asks(
        _("Block and sign out {count} members?"),
        undo=_("“Unblock” lets them in again; they sign in anew."),
        among={"status": Member.Status.ACTIVE},
    )
    def block(self, request: HttpRequest, queryset: QuerySet[Member]) -> None:
        count = self._for_each(request, queryset, block_member, _("Blocked"))
        said = ngettext("{count} member is blocked.", "{count} members are blocked.", count)
        self.message_user(request, said.format(count=count), messages.SUCCESS)

    @admin.action(description=_("Unblock"), permissions=["change_standing"])
    def unblock(self, request: HttpRequest, queryset: QuerySet[Member]) -> None:
        count = self._for_each(request, queryset, unblock_member, _("Unblocked"))
        said = ngettext("{count} member can sign in again.", "{count} members can sign in again.", count)
        self.message_user(request, said.format(count=count), messages.SUCCESS)

    @action(description=_("Change the phone"), url_path="change-phone", permissions=["renumber"], icon="dialpad")
    def change_phone(self, request: HttpRequest, object_id: str) -> HttpResponse:
        member: Member = found_or_404(self, request, object_id)
        form = NewPhoneForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                change_phone_of(member_id=member.pk, actor=staff(request), now=clock.now(), **form.cleaned_data)
            except DomainError as refusal:
                form.add_error(None, str(refusal.details[0].message if refusal.details else refusal))
            else:
                self.log_change(request, member, str(_("Phone changed")))
                self.message_user(request, _("The member signs in with the new number from now on."), messages.SUCCESS)
                return redirect("admin:identity_member_change", member.pk)
        return form_page(self, request, form=form, title=_("Change the phone"))

    def has_renumber_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("identity.renumber_member")

    def has_change_standing_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("identity.change_member")

    def _for_each(
        self, request: HttpRequest, queryset: QuerySet[Member], service: Callable[..., bool], note: Any
    ) -> int:
        """Call the service for each member and write the audit trail for those whom it changed."""
        now: datetime = clock.now()
        actor = Actor.staff(request.user.get_username())
        changed = [m for m in queryset if service(member_id=m.pk, actor=actor, now=now)]
        for member in changed:
            self.log_change(request, member, str(note))
        return len(changed)
