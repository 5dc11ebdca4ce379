"""Members for customer service: who they are, where their parcels go, where they are signed in; blocking.

Members change their own data themselves, so nothing is typed in here. Phones are masked: whoever needs to find a member
knows the last four digits or the whole number.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.db.models.functions import Right
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import TabularInline
from unfold.decorators import display

from members.identity.models import Address, Member, MemberSession
from members.identity.phones import mask_phone, parse_phone
from members.identity.services import block_member, unblock_member
from shop.core import clock
from shop.core.actors import Actor
from shop.core.admin import ReadOnlyAdmin
from shop.regions.queries import region


def link_to_member(member: Member) -> str:
    """The member's name, leading to their page."""
    page = reverse("admin:identity_member_change", args=[member.pk])
    return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', page, member)


class _ReadOnlyInline(TabularInline):
    extra = 0
    tab = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AddressInline(_ReadOnlyInline):
    model = Address
    fields = ["name", "masked_phone", "where", "detail", "is_default"]
    readonly_fields = ["masked_phone", "where"]
    ordering = ["-is_default", "-pk"]

    @display(description=_("phone"))
    def masked_phone(self, address: Address) -> str:
        return mask_phone(address.phone)

    @display(description=_("region"))
    def where(self, address: Address) -> str:
        found = region(address.region_id)
        return found.path_name if found else address.region_id


class SessionInline(_ReadOnlyInline):
    model = MemberSession
    fields = ["user_agent", "created_at", "refreshed_at", "expires_at", "revoked_at"]
    ordering = ["-refreshed_at"]


@admin.register(Member)
class MemberAdmin(ReadOnlyAdmin):
    list_display = ["shown_name", "masked_phone", "from_wechat", "shown_status", "joined_at"]
    list_filter = ["status", "joined_at"]
    fields = ["nickname", "masked_phone", "from_wechat", "birthday", "status", "invite_code", "inviter", "joined_at"]
    readonly_fields = ["masked_phone", "from_wechat"]
    search_fields = ["nickname"]
    search_help_text = _("Start of the nickname, last four digits of the phone, or the whole number")
    ordering = ["-pk"]
    show_full_result_count = False
    inlines = [AddressInline, SessionInline]
    actions = ["block", "unblock"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Member], search_term: str
    ) -> tuple[QuerySet[Member], bool]:
        """Each way of searching rides an index, however many members there are."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if term.isdigit() and len(term) == 4:
            return queryset.annotate(tail=Right("phone", 4)).filter(tail=term), False
        phone = parse_phone(term)
        return (queryset.filter(phone=phone) if phone else queryset.filter(nickname__startswith=term)), False

    @display(description=_("member"))
    def shown_name(self, member: Member) -> str:
        return str(member)

    @display(description=_("phone"))
    def masked_phone(self, member: Member) -> str:
        return mask_phone(member.phone) if member.phone else "—"

    @display(description=_("WeChat"), boolean=True)
    def from_wechat(self, member: Member) -> bool:
        return member.openid is not None

    @display(
        description=_("status"),
        label={"active": "success", "blocked": "danger", "merged": "info", "closed": "default"},
        ordering="status",
    )
    def shown_status(self, member: Member) -> tuple[str, str]:
        return member.status, member.get_status_display()

    @admin.action(description=_("Block and sign out"), permissions=["change_standing"])
    def block(self, request: HttpRequest, queryset: QuerySet[Member]) -> None:
        count = self._for_each(request, queryset, block_member, _("Blocked"))
        said = ngettext("{count} member is blocked.", "{count} members are blocked.", count)
        self.message_user(request, said.format(count=count), messages.SUCCESS)

    @admin.action(description=_("Unblock"), permissions=["change_standing"])
    def unblock(self, request: HttpRequest, queryset: QuerySet[Member]) -> None:
        count = self._for_each(request, queryset, unblock_member, _("Unblocked"))
        said = ngettext("{count} member can sign in again.", "{count} members can sign in again.", count)
        self.message_user(request, said.format(count=count), messages.SUCCESS)

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
