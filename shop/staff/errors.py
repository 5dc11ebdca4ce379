"""Why staff may not sign in to the API."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class CredentialsWrong(DomainError):
    code, status, message = "credentials_wrong", 401, _("The username or the password is wrong.")


class SignInLocked(DomainError):
    code, status, message = "sign_in_locked", 429, _("Too many wrong passwords. Please try again later.")


class OneTimeCodeNotUsed(DomainError):
    """Accepted silently, a code would let its sender believe that a second factor guards the account."""

    code, status, message = "otp_not_used", 400, _("This shop asks for no one-time code. Sign in without one.")


class StaffSessionEnded(DomainError):
    code, status = "staff_session_ended", 401
    message = _("Your sign-in has ended. Please sign in again.")
