"""Why a team could not be opened, joined or ended."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class GroupBuyNotFound(DomainError):
    code, status, message = "group_buy_not_found", 404, _("This group buy does not exist or has ended.")


class TeamNotFound(DomainError):
    code, status, message = "team_not_found", 404, _("This team does not exist.")


class NotInGroupBuy(DomainError):
    code, status, message = "group_buy_other_goods", 409, _("This group buy does not sell these goods.")


class GroupBuyUnits(DomainError):
    code, status = "group_buy_units", 409
    message = _("At most {limit} units may be ordered together in this group buy.")
    exposes = ("limit",)


class GroupBuyLimitReached(DomainError):
    code, status = "group_buy_limit_reached", 409
    message = _("You have ordered as often as you may in this group buy.")


class TeamOver(DomainError):
    code, status, message = "team_over", 409, _("This team takes no members any more. Join another, or open your own.")


class TeamFull(DomainError):
    code, status, message = "team_full", 409, _("All seats of this team are taken. Join another, or open your own.")


class AlreadyInTeam(DomainError):
    code, status, message = "team_joined_already", 409, _("You have a seat in this team already.")


class JoinersAreNew(DomainError):
    code, status = "team_for_new_members", 409
    message = _("Only new members may join a team here. Open your own instead.")


class TeamNotOpen(DomainError):
    code, status, message = "team_not_open", 409, _("This team has ended already.")


class CompletionNotAllowed(DomainError):
    code, status = "team_completion_not_allowed", 409
    message = _("This group buy does not let staff complete teams, or nobody has paid yet.")
