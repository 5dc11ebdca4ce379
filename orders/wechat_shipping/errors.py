"""Why shipping is not told to WeChat."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class CarrierUnknownToWechat(DomainError):
    code, status, message = "carrier_unknown_to_wechat", 409, _("Say by which code WeChat knows {carrier}.")


class NothingToSendAgain(DomainError):
    code, status, message = "nothing_to_send_again", 409, _("Only what was refused is sent again.")


class NothingToCorrect(DomainError):
    code, status = "nothing_to_correct", 409
    message = _("Only what was sent whole can be corrected, and only once.")
