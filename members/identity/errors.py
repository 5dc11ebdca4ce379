"""Why signing in, a profile or an address was refused."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class MemberBlocked(DomainError):
    code, status, message = "member_blocked", 403, _("This account is blocked. Please contact customer service.")


class PhoneCodeTooSoon(DomainError):
    code, status, message = "phone_code_too_soon", 429, _("A code was just sent. Please wait a moment.")


class PhoneCodeQuotaSpent(DomainError):
    code, status, message = "phone_code_quota_spent", 429, _("Too many codes were asked for. Please try again later.")


class PhoneCodeInvalid(DomainError):
    code, status, message = "phone_code_invalid", 400, _("This code is wrong, expired or used up. Ask for a new one.")


class SmsUnavailable(DomainError):
    code, status, message = "sms_unavailable", 503, _("The message could not be sent. Please try again.")


class WechatLoginCodeInvalid(DomainError):
    code, status, message = (
        "wechat_login_code_invalid",
        400,
        _("WeChat does not accept this sign-in. Please try again."),
    )


class WechatPhoneCodeInvalid(DomainError):
    code, status, message = "wechat_phone_code_invalid", 400, _("WeChat does not confirm this phone number. Try again.")


class WechatUnavailable(DomainError):
    code, status, message = "wechat_unavailable", 503, _("WeChat does not answer. Please try again.")


class WechatAccountConflict(DomainError):
    """The account of this WeChat has another phone, or that of the phone another WeChat; neither is changed."""

    code, status = "wechat_account_conflict", 409
    message = _(
        "This phone number is not that of your account with this WeChat. Sign in with WeChat without sharing the "
        "number, then change the phone number of your account; if the number has an account of its own, sign in to "
        "that with a code sent to it."
    )


class PhoneTaken(DomainError):
    code, status = "phone_taken", 409
    message = _(
        "Another account has this phone number. Sign in with a code sent to it to use that account, or contact "
        "customer service."
    )


class CancellationBlocked(DomainError):
    """What is still open is in `details`, one code each."""

    code, status, message = "cancellation_blocked", 409, _("Something is still open. Please finish it first.")


class SessionEnded(DomainError):
    code, status, message = "session_ended", 401, _("Your session has ended. Please sign in again.")


class BirthdayAlreadySet(DomainError):
    code, status, message = "birthday_already_set", 409, _("The birthday can be changed again on {date}.")


class TooManyAddresses(DomainError):
    code, status, message = "too_many_addresses", 409, _("At most {limit} addresses can be kept.")
