"""What members hear of their invoices."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from members.notifications.events import Category, Channel, Field, Kind, NotificationEvent, Text, declare
from members.notifications.services import notify
from orders.invoices.models import Invoice

_ORDER = Field("number", Kind.TEXT, _("order number"), "M26112110300012345678")
_AMOUNT = Field("amount", Kind.MONEY, _("amount"), 12800)
_REASON = Field("reason", Kind.TEXT, _("reason"), "Tax number does not match the title")
_PAGE = "pages/order/invoice?number={number}"

INVOICE_ISSUED = declare(
    NotificationEvent(
        code="invoice_issued",
        label=_("Invoice issued"),
        category=Category.TRANSACTIONAL,
        routes=((Channel.IN_APP,), (Channel.SUBSCRIBE,)),
        fields=(_ORDER, _AMOUNT),
        link=_PAGE,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("Your invoice is ready"),
                body=gettext_noop("The invoice of order {number} over {amount} can be downloaded."),
            ),
            Channel.SUBSCRIBE: Text(body=gettext_noop("character_string1: {number}\namount2: {amount}")),
        },
    )
)

INVOICE_REFUSED = declare(
    NotificationEvent(
        code="invoice_refused",
        label=_("Invoice refused"),
        category=Category.TRANSACTIONAL,
        routes=((Channel.IN_APP,), (Channel.SUBSCRIBE,)),
        fields=(_ORDER, _REASON),
        link=_PAGE,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("Your invoice could not be issued"),
                body=gettext_noop("Order {number}: {reason}. You may ask for it again."),
            ),
            Channel.SUBSCRIBE: Text(body=gettext_noop("character_string1: {number}\nthing2: {reason}")),
        },
    )
)


def tell_issued(*, invoice: Invoice, now: datetime) -> None:
    context = {"number": invoice.order.number, "amount": invoice.amount_fen}
    notify(event=INVOICE_ISSUED, member_id=invoice.member_id, context=context, dedupe_key=str(invoice.pk), now=now)


def tell_refused(*, invoice: Invoice, now: datetime) -> None:
    context = {"number": invoice.order.number, "reason": invoice.reason}
    notify(event=INVOICE_REFUSED, member_id=invoice.member_id, context=context, dedupe_key=str(invoice.pk), now=now)
