"""Where staff are signed in to the API, and ending it."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display

from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.confirming import asks
from shop.core.labels import Label
from shop.staff.audit_admin import LogEntryAdmin
from shop.staff.models import StaffSession
from shop.staff.services import sign_out

__all__ = ["LogEntryAdmin", "StaffSessionAdmin"]


@admin.register(StaffSession)
class StaffSessionAdmin(ReadOnlyAdmin):
    list_display = ["staff", "user_agent", "address", "created_at", "refreshed_at", "shown_state"]
    list_select_related = ["staff"]
    fields = ["staff", "user_agent", "address", "created_at", "refreshed_at", "expires_at", "revoked_at"]
    search_fields = ["staff__username"]
    ordering = ["-refreshed_at"]
    actions = ["end"]
    show_full_result_count = False

    @display(description=_("status"), label={"open": "success", "over": "default"})
    def shown_state(self, session: StaffSession) -> Label:
        over = session.revoked_at is not None or session.expires_at <= clock.now()
        return Label("over", _("Ended")) if over else Label("open", _("Signed in"))

    @admin.action(description=_("Sign out"), permissions=["end"])
    @asks(
        _("Sign {count} sessions out?"),
        undo=_("Whoever is signed out can sign in again."),
        among={"revoked_at": None},
    )
    def end(self, request: HttpRequest, queryset: QuerySet[StaffSession]) -> None:
        open_sessions = list(queryset.filter(revoked_at=None))
        for session in open_sessions:
            sign_out(session_id=session.pk, now=clock.now())
            self.log_change(request, session, str(_("Signed out")))
        count = len(open_sessions)
        text = ngettext("{count} session was ended.", "{count} sessions were ended.", count).format(count=count)
        self.message_user(request, text, messages.SUCCESS)

    def has_end_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("staff.change_staffsession")
