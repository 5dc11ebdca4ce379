"""Why a bargain could not be started, helped or ordered."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class BargainNotFound(DomainError):
    code, status, message = "bargain_not_found", 404, _("There is no such bargain at the moment.")


class BargainAttemptNotFound(DomainError):
    code, status, message = "bargain_attempt_not_found", 404, _("There is no such bargain.")


class BargainSoldOut(DomainError):
    code, status, message = "bargain_sold_out", 409, _("Everything that {name} had at this price is sold.")


class BargainPriceFallen(DomainError):
    code, status = "bargain_price_fallen", 409
    message = _("The goods cost no more than the floor of this bargain. Buy them as they are.")


class BargainAttemptsUsed(DomainError):
    code, status, message = "bargain_attempts_used", 409, _("You have bargained for this as often as one may.")


class BargainUnderWay(DomainError):
    """`attempt_id` is the one that the member may go on with."""

    code, status, message = "bargain_under_way", 409, _("You are bargaining for this already.")
    exposes = ("attempt_id",)


class BargainOwn(DomainError):
    code, status, message = "bargain_own", 409, _("Friends help you here: send them the link.")


class BargainHelpedAlready(DomainError):
    code, status, message = "bargain_helped_already", 409, _("You have helped here already. Thank you!")


class BargainHelpsUsed(DomainError):
    code, status, message = "bargain_helps_used", 409, _("You have helped in this activity as often as one may.")


class BargainHelpsUsedToday(DomainError):
    code, status = "bargain_helps_used_today", 409
    message = _("You have helped as often as one may in a day. Come back tomorrow.")


class BargainAtFloor(DomainError):
    code, status, message = "bargain_at_floor", 409, _("The price is at its floor: there is nothing left to cut.")


class BargainExpired(DomainError):
    code, status, message = "bargain_expired", 409, _("The time of this bargain is over.")


class BargainOrdered(DomainError):
    code, status, message = "bargain_ordered", 409, _("This price is used by an order.")


class BargainNotAtFloor(DomainError):
    """`missing_fen` is what is still to be cut."""

    code, status = "bargain_not_at_floor", 409
    message = _("This can be bought once the price is at its floor; {missing} are missing.")
    exposes = ("missing_fen",)


class BargainOneUnit(DomainError):
    code, status, message = "bargain_one_unit", 409, _("One unit is sold at the price of a bargain.")


class BargainChanged(DomainError):
    code, status = "bargain_changed", 409
    message = _("Somebody has just helped, or the bargain has ended. Please check the price again.")
