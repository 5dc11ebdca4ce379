"""What members are told about their bargains, each inside the transaction that makes it true."""

from datetime import datetime

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
from promotions.bargaining.models import BargainAttempt, Cut
from promotions.bargaining.queries import shown_name

BARGAIN = Field("bargain", Kind.TEXT, _("bargain"), "Spring tea bargain")
ATTEMPT = Field("attempt", Kind.NUMBER, _("attempt"), 7)
PRICE = Field("price", Kind.MONEY, _("price now"), 5900)
UNTIL = Field("until", Kind.INSTANT, _("until"), SAMPLE_INSTANT)
LINK = "pages/bargains/attempt?id={attempt}"

BARGAIN_HELPED = declare(
    NotificationEvent(
        code="bargain_helped",
        label=_("Somebody helped with a bargain"),
        category=Category.TRANSACTIONAL,
        routes=((Channel.IN_APP,),),
        fields=(
            BARGAIN,
            ATTEMPT,
            Field("helper", Kind.TEXT, _("helper"), "L***"),
            Field("cut", Kind.MONEY, _("cut off"), 350),
            PRICE,
        ),
        link=LINK,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("{helper} took {cut} off"),
                body=gettext_noop("“{bargain}” costs you {price} now."),
            ),
        },
    )
)

BARGAIN_AT_FLOOR = declare(
    NotificationEvent(
        code="bargain_at_floor",
        label=_("Bargain at its floor"),
        category=Category.TRANSACTIONAL,
        routes=((Channel.IN_APP,), (Channel.SUBSCRIBE,)),
        fields=(BARGAIN, ATTEMPT, PRICE, UNTIL),
        link=LINK,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("The price is at its floor: {price}"),
                body=gettext_noop("“{bargain}”: buy it until {until}."),
            ),
            Channel.SUBSCRIBE: Text(
                body=gettext_noop("thing1: {bargain}\namount2: {price}\ntime3: {until}\nthing4: At its floor")
            ),
        },
    )
)

BARGAIN_ENDING = declare(
    NotificationEvent(
        code="bargain_ending",
        label=_("Bargain soon over"),
        category=Category.TRANSACTIONAL,
        routes=((Channel.IN_APP,), (Channel.SUBSCRIBE,)),
        fields=(BARGAIN, ATTEMPT, PRICE, UNTIL),
        link=LINK,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("Your bargain is soon over"),
                body=gettext_noop("“{bargain}” is at {price}; its time ends at {until}."),
            ),
            Channel.SUBSCRIBE: Text(
                body=gettext_noop("thing1: {bargain}\namount2: {price}\ntime3: {until}\nthing4: Soon over")
            ),
        },
    )
)

BARGAIN_EXPIRED = declare(
    NotificationEvent(
        code="bargain_expired",
        label=_("Bargain over"),
        category=Category.TRANSACTIONAL,
        routes=((Channel.IN_APP,),),
        fields=(BARGAIN, ATTEMPT, PRICE),
        link=LINK,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("Your bargain is over"),
                body=gettext_noop("“{bargain}” had come down to {price}."),
            ),
        },
    )
)


def tell_helped(cut: Cut, *, now: datetime) -> None:
    """To whom the attempt belongs; the cut that reaches the floor is told by that."""
    attempt = cut.attempt
    notify(
        event=BARGAIN_HELPED,
        member_id=attempt.member_id,
        context={
            "bargain": attempt.bargain.name,
            "attempt": attempt.pk,
            "helper": shown_name(cut.helper),
            "cut": cut.fen,
            "price": attempt.price_fen,
        },
        dedupe_key=f"{attempt.pk}:{cut.position}",
        now=now,
    )


def tell_at_floor(attempt: BargainAttempt, *, now: datetime) -> None:
    _tell(BARGAIN_AT_FLOOR, attempt, now, until=attempt.expires_at)


def tell_ending(attempt: BargainAttempt, *, now: datetime) -> None:
    _tell(BARGAIN_ENDING, attempt, now, until=attempt.expires_at)


def tell_expired(attempt: BargainAttempt, *, now: datetime) -> None:
    _tell(BARGAIN_EXPIRED, attempt, now)


def _tell(event: NotificationEvent, attempt: BargainAttempt, now: datetime, **more: datetime) -> None:
    context = {"bargain": attempt.bargain.name, "attempt": attempt.pk, "price": attempt.price_fen, **more}
    notify(event=event, member_id=attempt.member_id, context=context, dedupe_key=str(attempt.pk), now=now)
