"""What members are told about their after-sales, at each turn that matters to them. Told twice, a member hears once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from members.notifications.events import (
    SAMPLE_INSTANT,
    Category,
    Channel,
    Field,
    Kind,
    NotificationEvent,
    Text,
    declare,
)
from members.notifications.services import notify
from orders.after_sales.models import AfterSale, Reason, Status

_NUMBER = Field("number", Kind.TEXT, _("after-sale number"), "S26112110300012345678")
_ORDER = Field("order", Kind.TEXT, _("order number"), "D26112110300012345678")
_AMOUNT = Field("amount", Kind.MONEY, _("amount"), 12800)
_POINTS = Field("points", Kind.NUMBER, _("points"), 200)
_ANSWER = Field("answer", Kind.TEXT, _("answer"), "Please send it back within a week.")
_BEFORE = Field("before", Kind.INSTANT, _("to be done before"), SAMPLE_INSTANT)
_PAGE = "pages/after-sale/detail?number={number}"
_SEVERAL = ((Channel.IN_APP,), (Channel.SUBSCRIBE, Channel.SMS))
_ONE = ((Channel.IN_APP,), (Channel.SUBSCRIBE,))


def _declare(
    code: str, label: Any, title: str, body: str, brief: str, *fields: Field, sms: str | None = None
) -> NotificationEvent:
    texts = {Channel.IN_APP: Text(title=title, body=body), Channel.SUBSCRIBE: Text(body=brief)}
    if sms is not None:
        texts[Channel.SMS] = Text(body=sms)
    return declare(
        NotificationEvent(
            code=code,
            label=label,
            category=Category.TRANSACTIONAL,
            routes=_ONE if sms is None else _SEVERAL,
            fields=(_NUMBER, _ORDER, *fields),
            link=_PAGE,
            texts=texts,
        )
    )


REQUESTED = _declare(
    "after_sale_requested",
    _("After-sale requested"),
    gettext_noop("We have your request"),
    gettext_noop("Your after-sale {number} for order {order} is being looked at. You hear of us before {before}."),
    gettext_noop("character_string1: {number}\ncharacter_string2: {order}\ntime3: {before}"),
    _BEFORE,
)
APPROVED = _declare(
    "after_sale_approved",
    _("After-sale approved: goods awaited"),
    gettext_noop("Please send the goods back"),
    gettext_noop("After-sale {number} is approved. Send the goods before {before} and tell us the tracking number."),
    gettext_noop("character_string1: {number}\ncharacter_string2: {order}\ntime3: {before}"),
    _BEFORE,
    sms=gettext_noop("After-sale {number} is approved: send the goods back before {before}."),
)
REFUNDING = _declare(
    "after_sale_refunding",
    _("After-sale: refund on its way"),
    gettext_noop("Your refund is on its way"),
    gettext_noop("{amount} and {points} points of order {order} go back to where they came from."),
    gettext_noop("character_string1: {number}\namount2: {amount}\nnumber3: {points}"),
    _AMOUNT,
    _POINTS,
)
REFUSED = _declare(
    "after_sale_refused",
    _("After-sale refused"),
    gettext_noop("Your request was refused"),
    gettext_noop("After-sale {number} was refused: {answer} You may ask again and show us more."),
    gettext_noop("character_string1: {number}\nthing2: {answer}"),
    _ANSWER,
    sms=gettext_noop("After-sale {number} was refused. Open the shop to see why."),
)
DISPUTED = _declare(
    "after_sale_disputed",
    _("After-sale: goods not accepted"),
    gettext_noop("We could not accept the goods"),
    gettext_noop("What came back for after-sale {number} cannot be accepted: {answer}"),
    gettext_noop("character_string1: {number}\nthing2: {answer}"),
    _ANSWER,
    sms=gettext_noop("What came back for after-sale {number} cannot be accepted. Open the shop to see why."),
)
RECEIVED = _declare(
    "after_sale_received",
    _("After-sale: goods received"),
    gettext_noop("Your goods are back with us"),
    gettext_noop("We have received what you sent for after-sale {number}."),
    gettext_noop("character_string1: {number}\ncharacter_string2: {order}"),
)
REPLACED = _declare(
    "after_sale_replacement_sent",
    _("After-sale: replacement sent"),
    gettext_noop("Your replacement is on its way"),
    gettext_noop("The replacement of after-sale {number} has left. You find the parcel with order {order}."),
    gettext_noop("character_string1: {number}\ncharacter_string2: {order}"),
    sms=gettext_noop("The replacement for your after-sale {number} is on its way."),
)
COMPLETED = _declare(
    "after_sale_refunded",
    _("After-sale: refunded"),
    gettext_noop("Your refund is done"),
    gettext_noop("{amount} and {points} points of order {order} are back with you."),
    gettext_noop("character_string1: {number}\namount2: {amount}\nnumber3: {points}"),
    _AMOUNT,
    _POINTS,
    sms=gettext_noop("{amount} of order {order} has been refunded to you."),
)
CLOSED = _declare(
    "after_sale_closed",
    _("After-sale closed: goods not sent"),
    gettext_noop("Your after-sale was closed"),
    gettext_noop("The goods of after-sale {number} were not sent in time, so that it was closed."),
    gettext_noop("character_string1: {number}\ncharacter_string2: {order}"),
)

EVENTS: Mapping[str, NotificationEvent] = {
    Status.REQUESTED: REQUESTED,
    Status.AWAITING_GOODS: APPROVED,
    Status.REFUNDING: REFUNDING,
    Status.REFUSED: REFUSED,
    Status.DISPUTED: DISPUTED,
    Status.RECEIVED: RECEIVED,
    Status.REPLACEMENT_SENT: REPLACED,
    Status.COMPLETED: COMPLETED,
    Status.CLOSED: CLOSED,
}


def tell_member(*, number: str, status: str, now: datetime) -> None:
    """Of what has come about, inside the caller's transaction; an exchange that has arrived tells of itself."""
    event = EVENTS.get(status)
    row = AfterSale.objects.select_related("order").get(number=number)
    # Who calls an order off tells of the refund; this tells when it has come.
    announced = row.reason == Reason.CALLED_OFF and status == Status.REFUNDING
    if event is None or announced or (status == Status.COMPLETED and not (row.refund_fen or row.refund_points)):
        return
    known = {
        "number": row.number,
        "order": row.order.number,
        "amount": row.refund_fen,
        "points": row.refund_points,
        "answer": row.answer,
        "before": row.due_at or now,
    }
    context = {field.name: known[field.name] for field in event.fields}
    notify(event=event, member_id=row.member_id, context=context, dedupe_key=f"{number}:{status}", now=now)
