"""Why a reward cannot be redeemed, a slot not be booked, a voucher not be used or given back."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class RewardNotFound(DomainError):
    code, status, message = "reward_not_found", 404, _("This reward does not exist or is no longer offered.")


class RewardNotForTier(DomainError):
    code, status, message = "reward_not_for_tier", 409, _("This reward is for other tiers.")


class RewardNotForSegment(DomainError):
    code, status, message = "reward_not_for_segment", 409, _("This reward is for chosen members.")


class MembersZoneClosed(DomainError):
    code, status = "reward_members_zone", 409
    message = _("The members' zone opens with a higher tier.")


class RewardNotStarted(DomainError):
    code, status, message = "reward_not_started", 409, _("Redeemed from {starts_at} on.")
    exposes = ("starts_at",)


class RewardOver(DomainError):
    code, status, message = "reward_over", 409, _("The time to redeem this is over.")


class NotExchangeDay(DomainError):
    code, status, message = "reward_not_exchange_day", 409, _("Redeemed on exchange days only, next on {next_day}.")
    exposes = ("next_day",)


class RewardSoldOut(DomainError):
    code, status, message = "reward_sold_out", 409, _("All of these are taken.")


class RewardLimitReached(DomainError):
    code, status, message = "reward_limit_reached", 409, _("At most {limit} for each member.")
    exposes = ("limit",)


class RewardPeriodLimitReached(DomainError):
    code, status = "reward_period_limit_reached", 409
    message = _("At most {limit} for each member in the period; more later.")
    exposes = ("limit",)


class RewardIncomplete(DomainError):
    code, status, message = "reward_incomplete", 409, _("This cannot go live yet: {reasons}")


class SlotNotFound(DomainError):
    code, status, message = "slot_not_found", 409, _("This time does not exist or cannot be booked any more.")


class SlotTaken(DomainError):
    code, status, message = "slot_taken", 409, _("No place is left at this time. Choose another one.")


class NothingToBook(DomainError):
    code, status, message = "reward_nothing_to_book", 409, _("This is used without a booking.")


class TooLateToMove(DomainError):
    code, status = "booking_too_late_to_move", 409
    message = _("A booking is moved {hours} hours before its start at the latest.")
    exposes = ("hours",)


class TooLateToCancel(DomainError):
    code, status = "booking_too_late_to_cancel", 409
    message = _("A booking is cancelled {hours} hours before its start at the latest.")
    exposes = ("hours",)


class VoucherNotFound(DomainError):
    code, status, message = "voucher_not_found", 404, _("This voucher does not exist.")


class VoucherNotUsable(DomainError):
    """`state` is what it is instead, in the reader's language."""

    code, status, message = "voucher_not_usable", 409, _("This voucher cannot be used: {state}.")
    exposes = ("state",)


class VoucherHasNoCode(DomainError):
    code, status, message = "voucher_has_no_code", 409, _("This voucher is shown in a store; it has no code.")


class VoucherNotThisDay(DomainError):
    code, status, message = "voucher_not_this_time", 409, _("This voucher is booked for {slot}.")
    exposes = ("slot",)


class VoucherNotBooked(DomainError):
    code, status, message = "voucher_not_booked", 409, _("Book a time first.")


class UsedAlready(DomainError):
    """A reward whose code was seen, whose service was used, or whose coupon is gone: nothing is paid back for it."""

    code, status = "reward_used_already", 409
    message = _("Codes that were seen, services that were used and coupons that are gone are not taken back.")


class RewardStillComing(DomainError):
    code, status, message = "reward_still_coming", 409, _("This is just being given to you. Ask again in a moment.")


class NotACodeReward(DomainError):
    code, status, message = "reward_has_no_codes", 409, _("Only rewards of codes have codes.")


class SlotsTooMany(DomainError):
    code, status, message = "slots_too_many", 409, _("These are more than {limit} slots: choose fewer days.")
