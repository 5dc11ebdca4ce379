"""Why somebody may not draw, or not have a prize."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class LotteryNotFound(DomainError):
    code, status, message = "lottery_not_found", 404, _("This lottery does not exist or is not open.")


class NoChancesLeft(DomainError):
    code, status, message = "lottery_no_chances", 409, _("You have no chance left to draw.")


class NotDrawnWithPoints(DomainError):
    code, status, message = "lottery_not_for_points", 409, _("Points buy no draw here.")


class DrawsUsed(DomainError):
    code, status, message = "lottery_draws_used", 409, _("You have used all your draws.")


class DrawsUsedToday(DomainError):
    code, status, message = "lottery_draws_used_today", 409, _("You have used your draws of today. Come back tomorrow.")


class PrizeNotFound(DomainError):
    code, status, message = "prize_not_found", 404, _("You have no such prize.")


class PrizeOrderedAlready(DomainError):
    code, status, message = "prize_ordered_already", 409, _("This prize is ordered already.")


class PrizeExpired(DomainError):
    code, status, message = "prize_expired", 409, _("This prize was not claimed in time.")


class PrizeHasNoCode(DomainError):
    code, status, message = "prize_has_no_code", 409, _("This prize is not a code.")


class StockOnlyGrows(DomainError):
    code, status, message = "prize_stock_only_grows", 409, _("Of this prize there is no number to add to.")


class LotteryEnded(DomainError):
    code, status, message = "lottery_ended", 409, _("This lottery is over.")
