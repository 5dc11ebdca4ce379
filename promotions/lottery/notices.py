"""What winners are told; how goods travel is told by orders."""

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
from promotions.lottery.models import Lottery, Win, WinStatus

_PRIZE = Field("prize", Kind.TEXT, _("prize"), "Lantern of paper")
_LOTTERY = Field("lottery", Kind.TEXT, _("lottery"), "Spring wheel")
_UNTIL = Field("until", Kind.INSTANT, _("to be claimed before"), SAMPLE_INSTANT)
_LINK = "pages/lottery/prizes"

PRIZE_WON = declare(
    NotificationEvent(
        code="prize_won",
        label=_("Prize won"),
        category=Category.TRANSACTIONAL,
        routes=((Channel.IN_APP,), (Channel.SUBSCRIBE,)),
        fields=(_PRIZE, _LOTTERY),
        link=_LINK,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("You have won: {prize}"),
                body=gettext_noop("You find it among your prizes of “{lottery}”."),
            ),
            Channel.SUBSCRIBE: Text(body=gettext_noop("thing1: {lottery}\nthing2: {prize}\nthing3: It is yours")),
        },
    )
)
PRIZE_TO_CLAIM = declare(
    NotificationEvent(
        code="prize_to_claim",
        label=_("Prize to be claimed"),
        category=Category.TRANSACTIONAL,
        routes=((Channel.IN_APP,), (Channel.SUBSCRIBE,)),
        fields=(_PRIZE, _LOTTERY, _UNTIL),
        link=_LINK,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("You have won: {prize}"),
                body=gettext_noop("Tell us before {until} where to send it. You find it among your prizes."),
            ),
            Channel.SUBSCRIBE: Text(body=gettext_noop("thing1: {lottery}\nthing2: {prize}\ntime3: {until}")),
        },
    )
)
PRIZE_EXPIRING = declare(
    NotificationEvent(
        code="prize_expiring",
        label=_("Prize about to expire"),
        category=Category.TRANSACTIONAL,
        routes=((Channel.IN_APP,), (Channel.SUBSCRIBE,)),
        fields=(_PRIZE, _LOTTERY, _UNTIL),
        link=_LINK,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("Your prize still waits: {prize}"),
                body=gettext_noop("Order it before {until}, or it goes to somebody else."),
            ),
            Channel.SUBSCRIBE: Text(body=gettext_noop("thing1: {lottery}\nthing2: {prize}\ntime3: {until}")),
        },
    )
)

PRIZE_EXPIRED = declare(
    NotificationEvent(
        code="prize_expired",
        label=_("Prize expired"),
        category=Category.TRANSACTIONAL,
        routes=((Channel.IN_APP,),),
        fields=(_PRIZE, _LOTTERY),
        link=_LINK,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("Your prize has expired: {prize}"),
                body=gettext_noop("Its time to be ordered is over, so it went back among the prizes of “{lottery}”."),
            ),
        },
    )
)


def tell_won(win: Win, *, lottery: Lottery, member_id: int, now: datetime) -> None:
    """Inside the transaction of the draw."""
    context: dict[str, Any] = {"prize": win.prize.name, "lottery": lottery.name}
    if win.status == WinStatus.WAITING:
        context |= {"until": win.due_at}
    event = PRIZE_TO_CLAIM if win.status == WinStatus.WAITING else PRIZE_WON
    notify(event=event, member_id=member_id, context=context, dedupe_key=str(win.pk), now=now)


def tell_waiting_again(win: Win, *, order_number: str, now: datetime) -> None:
    """The order that had taken it does not come about after all, though it was paid."""
    notify(
        event=PRIZE_TO_CLAIM,
        member_id=win.draw.member_id,
        context={"prize": win.prize.name, "lottery": win.draw.lottery.name, "until": win.due_at},
        dedupe_key=f"{win.pk}:{order_number}",
        now=now,
    )


def tell_expiring(win: Win, *, now: datetime) -> None:
    notify(
        event=PRIZE_EXPIRING,
        member_id=win.draw.member_id,
        context={"prize": win.prize.name, "lottery": win.draw.lottery.name, "until": win.due_at},
        dedupe_key=str(win.pk),
        now=now,
    )


def tell_expired(win: Win, *, now: datetime) -> None:
    notify(
        event=PRIZE_EXPIRED,
        member_id=win.draw.member_id,
        context={"prize": win.prize.name, "lottery": win.draw.lottery.name},
        dedupe_key=str(win.pk),
        now=now,
    )
