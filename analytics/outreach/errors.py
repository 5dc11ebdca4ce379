"""What this room refuses."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class PlanNotEditable(DomainError):
    code, status, message = "outreach_not_draft", 409, _("Only drafts can be changed. Copy the plan instead.")


class PlanIncomplete(DomainError):
    code, status, message = "outreach_incomplete", 422, _("This plan cannot start yet: {reasons}")


class PlanApproverIsAuthor(DomainError):
    code, status, message = "outreach_approver_is_author", 409, _("Somebody else must approve what you have started.")


class RunNotUndoable(DomainError):
    code, status, message = "outreach_run_not_undoable", 409, _("Only a run that is over can be undone.")
