"""Refusals of paying and refunding."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class PaymentNotFound(DomainError):
    code, status, message = "payment_not_found", 404, _("This payment does not exist.")


class PaymentMethodUnavailable(DomainError):
    code, status, message = "payment_method_unavailable", 409, _("This order cannot be paid in this way.")


class OrderNotPayable(DomainError):
    code, status, message = "order_not_payable", 409, _("This order no longer waits for payment.")


class OrderExpired(DomainError):
    code, status, message = "order_expired", 409, _("The time to pay for this order is over.")


class BalanceNotDue(DomainError):
    """The deposit is paid; the rest can be from `balance_from` on."""

    code, status, message = "balance_not_due", 409, _("The balance cannot be paid yet.")
    exposes = ("balance_from",)


class DepositStays(DomainError):
    """Cancelling would lose the deposit; the front asks the member and sends `give_up_deposit`."""

    code, status = "deposit_stays", 409
    message = _("The deposit does not come back when you cancel this order.")
    exposes = ("deposit_fen", "balance_until")


class WechatOpenidRequired(DomainError):
    """The payer is known by phone only; the front sends `login_code`, fresh from `wx.login`, to pay with WeChat."""

    code, status, message = "wechat_openid_required", 409, _("Please open WeChat to pay.")


class PaymentGatewayUnavailable(DomainError):
    """No answer, or none that can be believed: nothing is known about what the gateway did."""

    code, status, message = "payment_gateway_unavailable", 503, _("The payment service does not answer. Please retry.")


class PaymentRefused(DomainError):
    """The gateway understood and said no; `gateway_code` is its word for it."""

    code, status, message = "payment_refused", 409, _("The payment service refused the request ({gateway_code}).")


class RefundNotByHand(DomainError):
    """It would be paid twice: the gateway has paid it, is paying it, or has not refused it yet."""

    code, status, message = "refund_not_by_hand", 409, _("The payment service has paid this refund or is about to.")


class RefundNotElsewhere(DomainError):
    code, status, message = "refund_not_elsewhere", 409, _("This refund was not made outside the shop.")


class RefundExceedsPayment(DomainError):
    code, status, message = "refund_exceeds_payment", 409, _("Less than that is left of what was paid.")
    exposes = ("left_fen",)


class NotificationRefused(DomainError):
    """A notification that is forged, altered, stale or not for this shop; nothing was changed."""

    code, status, message = "notification_refused", 401, _("The notification was refused.")


class NotificationMismatch(DomainError):
    """A genuine message whose facts are not those of the payment or refund it names; nothing was changed."""

    code, status, message = "notification_mismatch", 409, _("The notification does not match the payment.")


# Why a gateway could not be asked, or not be believed, this time: nothing was changed, and it is asked again.
GATEWAY_ERRORS = (PaymentGatewayUnavailable, PaymentMethodUnavailable, PaymentRefused, NotificationMismatch)


class BillUnreadable(DomainError):
    """The gateway's bill has not the shape that its description promises."""

    code, status, message = "bill_unreadable", 503, _("The bill of {day} cannot be read.")
