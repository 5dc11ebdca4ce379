"""Why a check-in or a task was refused."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class CheckInClosed(DomainError):
    code, status, message = "check_in_closed", 409, _("Check-in is not open to you now.")


class CheckedInAlready(DomainError):
    code, status, message = "checked_in_already", 409, _("You have checked in on this day already.")


class MakeUpNotPossible(DomainError):
    code, status, message = "make_up_not_possible", 409, _("This day cannot be made up for.")


class NoMakeUpCardLeft(DomainError):
    code, status, message = "no_make_up_card_left", 409, _("No make-up card is left this month.")


class MakeUpCostChanged(DomainError):
    """`data.cost_points` is what it costs now."""

    code, status, exposes = "make_up_cost_changed", 409, ("cost_points",)
    message = _("Making up for this day now costs {cost_points} points.")


class TaskNotFound(DomainError):
    code, status, message = "task_not_found", 404, _("There is no such task now.")


class TaskNotFinished(DomainError):
    """`data` tells how far the member is, as far as the shop has seen."""

    code, status, exposes = "task_not_finished", 409, ("progress", "target")
    message = _("Not finished yet: {progress} of {target}.")


class TaskDone(DomainError):
    code, status, message = "task_done", 409, _("You have done this task already.")


class TaskUsedUp(DomainError):
    code, status, message = "task_used_up", 409, _("The rewards of this task are used up.")


class BrowsingNotStarted(DomainError):
    code, status, message = "browsing_not_started", 409, _("Open the page again: this visit is no longer counted.")


class TaskNotReady(DomainError):
    code, status, message = "task_not_ready", 409, _("This task cannot go live: {reason}")


class ShareRuleNotAcknowledged(DomainError):
    code, status = "share_rule_not_acknowledged", 409
    message = _("WeChat forbids rewarding the act of sharing. Acknowledge this, or reward the friend's visit.")
