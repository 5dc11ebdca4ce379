"""Why an after-sale is not possible, or not any more."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class AfterSaleNotFound(DomainError):
    code, status, message = "after_sale_not_found", 404, _("This after-sale does not exist.")


class OrderLineUnknown(DomainError):
    code, status, message = "order_line_unknown", 409, _("The order has no such line.")


class OrderNotPaid(DomainError):
    code, status, message = "order_not_paid", 409, _("This order was not paid: there is nothing to give back.")


class OrderWaits(DomainError):
    """A paid order that waits for others, such as its team: it is sent or paid back without being asked."""

    code, status, message = "order_waits", 409, "{reason}"
    exposes = ("reason",)


class AfterSaleWindowOver(DomainError):
    """`data.until` is when it ended."""

    code, status, message = "after_sale_window_over", 409, _("The time in which goods may come back is over.")
    exposes = ("until",)


class NothingAsked(DomainError):
    code, status, message = "after_sale_of_nothing", 409, _("Choose what it is about, one unit at least.")


class UnitsNotLeft(DomainError):
    """Which lines, and how many units are left of them, is in the details."""

    code, status, message = "after_sale_units_not_left", 409, _("Not that many units are left for an after-sale.")


class GoodsNotShipped(DomainError):
    code, status = "after_sale_goods_not_shipped", 409
    message = _("These goods have not been shipped: ask for a refund only.")


class GoodsShipped(DomainError):
    """They were asked back while they had not left; staff can make a return of it."""

    code, status = "after_sale_goods_shipped", 409
    message = _("The goods have been shipped meanwhile: they have to come back first.")


class NothingToRefund(DomainError):
    code, status, message = "after_sale_nothing_to_refund", 409, _("Gifts alone are not refunded.")


class ReplacementNotPossible(DomainError):
    code, status = "after_sale_replacement_not_possible", 409
    message = _("Goods are exchanged for the same product at the same price.")


class ReplacementGivenUp(DomainError):
    code, status = "after_sale_replacement_given_up", 409
    message = _("The replacement was given up: refund it instead.")


class AfterSaleMovedOn(DomainError):
    """`data.status` is where it is."""

    code, status, message = "after_sale_moved_on", 409, _("This is not possible any more: the after-sale has moved on.")
    exposes = ("status",)


class NotThisKind(DomainError):
    code, status, message = "after_sale_not_this_kind", 409, _("This is not possible for this kind of after-sale.")


class SecondPersonNeeded(DomainError):
    code, status, message = "after_sale_second_person_needed", 409, _("Somebody else has to give the second approval.")


class NothingReceived(DomainError):
    code, status, message = "after_sale_nothing_received", 409, _("Say how many units came back, sound or damaged.")


class MoreReceivedThanSent(DomainError):
    code, status, message = "after_sale_more_received", 409, _("More units than were asked for cannot be received.")


class WithheldTooMuch(DomainError):
    code, status, message = "after_sale_withheld_too_much", 409, _("No more can be withheld than would be refunded.")
    exposes = ("most_fen",)
