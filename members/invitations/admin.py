"""Invitations for staff: who brought whom, and a person's decision on those that look dishonest."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display

from members.identity.admin import link_to_member
from members.identity.models import Member
from members.invitations.models import Invitation, Suspicion
from members.invitations.services import clear_invitation, refuse_invitation
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.confirming import asks
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.paginator import BoundedPaginator
from shop.core.screens import staff


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    list_display = ["who", "whom", "registered_at", "settled_at", "shown_review", "why"]
    list_display_links = ["registered_at"]
    list_filter = ["review", "registered_at"]
    list_select_related = ["inviter", "invitee"]
    fields = ["who", "whom", "registered_at", "settled_at", "order_number", "shown_review", "why", "reviewed_by"]
    readonly_fields = ["who", "whom", "shown_review", "why"]
    search_fields = ["inviter__nickname"]
    search_help_text = _("Start of the inviter's nickname, or the whole invite code")
    ordering = ["-id"]
    paginator = BoundedPaginator
    show_full_result_count = False
    actions = ["clear", "refuse"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Invitation], search_term: str
    ) -> tuple[QuerySet[Invitation], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        inviters = Member.objects.filter(nickname__startswith=term) | Member.objects.filter(invite_code=term.upper())
        return queryset.filter(inviter__in=inviters), False

    @display(description=_("invited by"))
    def who(self, invitation: Invitation) -> str:
        return link_to_member(invitation.inviter)

    @display(description=_("invited member"))
    def whom(self, invitation: Invitation) -> str:
        return link_to_member(invitation.invitee)

    @display(
        description=_("review"), label={"clear": "success", "held": "warning", "refused": "danger"}, ordering="review"
    )
    def shown_review(self, invitation: Invitation) -> Label:
        return Label(invitation.review, invitation.get_review_display())

    @display(description=_("suspicions"))
    def why(self, invitation: Invitation) -> str:
        return " · ".join(str(Suspicion(each).label) for each in invitation.suspicions) or "–"

    @admin.action(description=_("Clear: nothing wrong"), permissions=["review"])
    def clear(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        self._decide(request, queryset, clear_invitation, _("Cleared"))

    @admin.action(description=_("Refuse: no rewards"), permissions=["review"])
    @asks(_("Refuse {count} invitations? Nobody is rewarded for them."))
    def refuse(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        self._decide(request, queryset, refuse_invitation, _("Refused"))

    def has_review_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("invitations.change_invitation")

    def _decide(
        self, request: HttpRequest, queryset: QuerySet[Invitation], service: Callable[..., Any], note: Any
    ) -> None:
        decided = 0
        for invitation in queryset:
            try:
                service(invitation_id=invitation.pk, actor=staff(request), now=clock.now())
            except DomainError as refusal:
                self.message_user(request, f"{invitation}: {refusal}", messages.ERROR)
                continue
            self.log_change(request, invitation, str(note))
            decided += 1
        said = ngettext("{count} invitation was decided.", "{count} invitations were decided.", decided)
        self.message_user(request, said.format(count=decided), messages.SUCCESS if decided else messages.WARNING)
