"""What members are told about reviews, inside the caller's transaction."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from members.notifications.events import Category, Channel, Field, Kind, NotificationEvent, Text, declare
from members.notifications.services import notify
from orders.checkout.models import Order
from orders.checkout.reviewing import why_not_reviewable
from orders.reviews.models import Review

_ORDER = Field("number", Kind.TEXT, _("order number"), "M26112110300012345678")
_GOODS = Field("goods", Kind.TEXT, _("goods"), "West Lake Longjing, 250 g")
_OWN = "pages/review/list"

INVITED = declare(
    NotificationEvent(
        code="review_invited",
        label=_("Invitation to review an order"),
        category=Category.TRANSACTIONAL,
        routes=((Channel.IN_APP,),),
        fields=(_ORDER, _GOODS),
        link="pages/review/write?number={number}",
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("How do you like it?"),
                body=gettext_noop("Tell others what you think of {goods}."),
            )
        },
    )
)
REPLIED = declare(
    NotificationEvent(
        code="review_replied",
        label=_("The shop has replied to a review"),
        category=Category.TRANSACTIONAL,
        routes=((Channel.IN_APP,),),
        fields=(_GOODS, Field("reply", Kind.TEXT, _("reply"), "Thank you, we are glad that you like it.")),
        link=_OWN,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("The shop has replied to your review"), body=gettext_noop("{goods}: {reply}")
            )
        },
    )
)
REJECTED = declare(
    NotificationEvent(
        code="review_rejected",
        label=_("A review is not shown"),
        category=Category.TRANSACTIONAL,
        routes=((Channel.IN_APP,),),
        fields=(_GOODS, Field("reason", Kind.TEXT, _("reason"), "Please leave out telephone numbers.")),
        link=_OWN,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("Your review is not shown"),
                body=gettext_noop("What you wrote about {goods} cannot be shown: {reason}. You may write it again."),
            )
        },
    )
)


def tell_invited(*, order_number: str, now: datetime) -> None:
    order = Order.objects.prefetch_related("lines").get(number=order_number)
    names = [line.product_name for line in order.lines.all() if not why_not_reviewable(order, line, now=now)]
    if names:
        context = {"number": order_number, "goods": names[0] + ("…" if len(names) > 1 else "")}
        notify(event=INVITED, member_id=order.member_id, context=context, dedupe_key=order_number, now=now)


def tell_replied(*, review_id: int, now: datetime) -> None:
    review = Review.objects.select_related("line").get(pk=review_id)
    if review.reply:
        context = {"goods": review.line.product_name, "reply": review.reply}
        notify(event=REPLIED, member_id=review.member_id, context=context, dedupe_key=str(review_id), now=now)


def tell_rejected(*, review_id: int, reason: str, now: datetime) -> None:
    review = Review.objects.select_related("line").get(pk=review_id)
    context = {"goods": review.line.product_name, "reason": reason}
    key = f"{review_id}:{now.isoformat()}"
    notify(event=REJECTED, member_id=review.member_id, context=context, dedupe_key=key, now=now)
