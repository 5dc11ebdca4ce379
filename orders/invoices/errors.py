"""Why an invoice cannot be asked for, issued or read."""

from django.utils.translation import gettext_lazy as _

from shop.core.errors import DomainError


class InvoiceNotFound(DomainError):
    code, status, message = "invoice_not_found", 404, _("This order has no invoice.")


class InvoiceTitleNotFound(DomainError):
    code, status, message = "invoice_title_not_found", 404, _("This invoice title does not exist.")


class TooManyTitles(DomainError):
    code, status, message = "too_many_invoice_titles", 409, _("At most {limit} invoice titles can be kept.")


class InvoiceAskedFor(DomainError):
    code, status, message = "invoice_asked_for", 409, _("An invoice of this order was asked for or issued already.")


class NothingToInvoice(DomainError):
    code, status, message = "nothing_to_invoice", 409, _("Nothing was paid in money for this order that is still kept.")


class NothingSold(DomainError):
    """A deposit that the shop has kept is damages for a sale that did not come about: no goods, no invoice."""

    code, status, message = (
        "nothing_sold",
        409,
        _("Nothing was sold with this order. There is no invoice for a deposit."),
    )


class InvoiceTooEarly(DomainError):
    code, status, message = "invoice_too_early", 409, _("An invoice can be asked for once the order is paid.")


class InvoiceTooLate(DomainError):
    code, status, message = "invoice_too_late", 409, _("An invoice can be asked for within {days} days after payment.")


class InvoiceNotOpen(DomainError):
    code, status, message = "invoice_not_open", 409, _("This invoice is not waiting to be issued.")


class InvoiceNotIssued(DomainError):
    code, status, message = "invoice_not_issued", 409, _("Only an invoice that stands can be reversed.")


class InvoiceAmountDiffers(DomainError):
    code, status, message = (
        "invoice_amount_differs",
        409,
        _("The PDF is made out for {amount}, but {left} of the payment is kept. Have it made out for that."),
    )


class InvoiceNumberUsed(DomainError):
    code, status, message = "invoice_number_used", 409, _("Another invoice has this number.")
