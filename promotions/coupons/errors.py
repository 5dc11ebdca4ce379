"""Why a coupon could not be claimed, used, redeemed or handed out."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class CouponTemplateNotFound(DomainError):
    code, status, message = "coupon_template_not_found", 404, _("There is no such coupon to claim.")


class CouponNotFound(DomainError):
    code, status, message = "coupon_not_found", 404, _("You do not have this coupon.")


class CouponsGone(DomainError):
    code, status, message = "coupons_gone", 409, _("All of these coupons have been claimed.")


class CouponLimitReached(DomainError):
    code, status, message = "coupon_limit_reached", 409, _("You have had as many of these coupons as you may.")


class CouponPeriodLimitReached(DomainError):
    code, status = "coupon_period_limit_reached", 409
    message = _("You have had as many of these coupons as you may for now. Come back later.")


class CouponNotGivenNow(DomainError):
    code, status, message = "coupon_not_given_now", 409, _("This coupon cannot be claimed at the moment.")


class CouponAlreadyGiven(DomainError):
    code, status, message = "coupon_already_given", 409, _("You were given this coupon already.")


class CouponNotUsable(DomainError):
    """Between the quote and the order it was used, expired or made void."""

    code, status, message = "coupon_not_usable", 409, _("This coupon cannot be used any more.")


class CouponsSwitchedOff(DomainError):
    """While all promotions are; see `promotions.campaigns.services.switch`."""

    code, status = "coupons_switched_off", 409
    message = _("Promotions are switched off for the moment; your coupons stay yours.")


class CouponNotVoidable(DomainError):
    code, status, message = "coupon_not_voidable", 409, _("Only unused coupons can be made void.")


class RedemptionCodeInvalid(DomainError):
    """One answer for codes that are wrong, used, void or expired: nobody learns which."""

    code, status, message = "redemption_code_invalid", 409, _("This code is not valid.")


class RedemptionLocked(DomainError):
    code, status, message = "redemption_locked", 429, _("Too many wrong codes. Please try again later.")


class CodeBatchNotExportable(DomainError):
    code, status, message = "code_batch_not_exportable", 409, _("The codes of a batch are exported once.")


class TemplateHasNoCodes(DomainError):
    code, status, message = "coupon_template_has_no_codes", 409, _("This coupon is not redeemed with codes.")


class HandOutToNobody(DomainError):
    code, status, message = "hand_out_to_nobody", 409, _("Nobody would get it.")


class HandOutApproverIsAuthor(DomainError):
    code, status, message = "hand_out_approver_is_author", 403, _("A second person approves, not who made it.")


class StorePassInvalid(DomainError):
    code, status = "store_pass_invalid", 409
    message = _("This number is not valid, or no longer. Ask the member to show a new one.")


class CouponNotForStores(DomainError):
    code, status, message = "coupon_not_for_stores", 409, _("This coupon is for online orders.")


class StoreThresholdNotMet(DomainError):
    code, status, message = (
        "coupon_threshold_not_met",
        409,
        _("The bill is {missing} short of what the coupon asks for."),
    )


class TotalBelowClaimed(DomainError):
    code, status, message = "coupon_total_below_claimed", 409, _("More than that have been claimed already.")


class TotalNeedsSecondPerson(DomainError):
    code, status = "coupon_total_needs_second_person", 403
    message = _("A second person raises it, not who made or published it: so many may cost more than one may give.")


class TotalBelowCodes(DomainError):
    code, status = "coupon_total_below_codes", 409
    message = _(
        "{claimed} were claimed, and {codes} codes that are about promise one more each: make a batch void first."
    )


class CodesBeyondTotal(DomainError):
    code, status = "codes_beyond_total", 409
    message = _("Of {total} coupons in all there is room for {room} more codes. Raise the total first.")


class TemplateIsForCodes(DomainError):
    code, status, message = "coupon_template_is_for_codes", 409, _("These coupons are for whoever has a code.")


class CouponSuspended(DomainError):
    code, status = "coupon_suspended", 409
    message = _("This coupon cannot be used for the moment. It stays yours.")


class NobodyHoldsCoupons(DomainError):
    code, status, message = "nobody_holds_coupons", 409, _("No coupon of this template was given to anybody yet.")
