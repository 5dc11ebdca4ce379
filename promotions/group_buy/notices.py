"""What members are told about their teams, at each turn. Told twice, a member hears once."""

from collections.abc import Iterable
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
from promotions.group_buy.masks import masked_name
from promotions.group_buy.models import Seat, Team

_ORDER = Field("number", Kind.TEXT, _("order number"), "D26112110300012345678")
_TEAM = Field("team", Kind.NUMBER, _("team"), 128)
_GOODS = Field("goods", Kind.TEXT, _("goods"), "West Lake Longjing, 250 g")
_MISSING = Field("missing", Kind.NUMBER, _("missing members"), 1)
_UNTIL = Field("until", Kind.INSTANT, _("time over at"), SAMPLE_INSTANT)
_WHO = Field("who", Kind.TEXT, _("who joined"), "L***n")
_AMOUNT = Field("amount", Kind.MONEY, _("amount"), 9900)
_TEAM_PAGE = "pages/team/detail?id={team}"
_ORDER_PAGE = "pages/order/detail?number={number}"
_QUIET = ((Channel.IN_APP,), (Channel.SUBSCRIBE,))
_LOUD = ((Channel.IN_APP,), (Channel.SUBSCRIBE, Channel.SMS))


def _declare(
    code: str, label: Any, title: str, body: str, brief: str, *fields: Field, link: str = _TEAM_PAGE, sms: str = ""
) -> NotificationEvent:
    texts = {Channel.IN_APP: Text(title=title, body=body), Channel.SUBSCRIBE: Text(body=brief)}
    if sms:
        texts[Channel.SMS] = Text(body=sms)
    return declare(
        NotificationEvent(
            code=code,
            label=label,
            category=Category.TRANSACTIONAL,
            routes=_LOUD if sms else _QUIET,
            fields=(_TEAM, _GOODS, *fields),
            link=link,
            texts=texts,
        )
    )


OPENED = _declare(
    "team_opened",
    _("Team opened"),
    gettext_noop("Your team is open"),
    gettext_noop("{missing} more members by {until}, and {goods} is yours at the group price. Invite your friends."),
    gettext_noop("thing1: {goods}\nnumber2: {missing}\ntime3: {until}"),
    _MISSING,
    _UNTIL,
)
JOINED = _declare(
    "team_joined",
    _("Somebody joined the team"),
    gettext_noop("{who} has joined your team"),
    gettext_noop("{missing} more members by {until}, and {goods} is yours at the group price."),
    gettext_noop("thing1: {goods}\nnumber2: {missing}\ntime3: {until}"),
    _WHO,
    _MISSING,
    _UNTIL,
)
MISSING = _declare(
    "team_missing",
    _("Team about to be complete, or over"),
    gettext_noop("Your team is nearly there"),
    gettext_noop("Only {missing} missing for {goods}. The team's time is over at {until}: who could join you?"),
    gettext_noop("thing1: {goods}\nnumber2: {missing}\ntime3: {until}"),
    _MISSING,
    _UNTIL,
)
LEADS = _declare(
    "team_leads",
    _("The lead of a team passed on"),
    gettext_noop("You lead the team now"),
    gettext_noop("Who led it has left. {missing} more members by {until}, and {goods} is yours at the group price."),
    gettext_noop("thing1: {goods}\nnumber2: {missing}\ntime3: {until}"),
    _MISSING,
    _UNTIL,
)
CLOSED = _declare(
    "team_closed",
    _("Unpaid order closed with its team"),
    gettext_noop("Your team is over"),
    gettext_noop("Order {number} for {goods} is closed unpaid: its team was not completed. Open a team of your own?"),
    gettext_noop("thing1: {goods}\ncharacter_string2: {number}\nthing3: The team is over"),
    _ORDER,
    link=_ORDER_PAGE,
)
SUCCEEDED = _declare(
    "team_succeeded",
    _("Team succeeded"),
    gettext_noop("Your team has made it"),
    gettext_noop("{goods} is yours at the group price. We are packing order {number}."),
    gettext_noop("thing1: {goods}\ncharacter_string2: {number}\nthing3: Your team is complete"),
    _ORDER,
    link=_ORDER_PAGE,
)
FAILED = _declare(
    "team_failed",
    _("Team failed, refund on its way"),
    gettext_noop("Your team was not completed"),
    gettext_noop("{amount} of order {number} for {goods} goes back to where it came from, with points and coupons."),
    gettext_noop("thing1: {goods}\ncharacter_string2: {number}\namount3: {amount}"),
    _ORDER,
    _AMOUNT,
    link=_ORDER_PAGE,
    sms=gettext_noop("Your team for {goods} was not completed: {amount} of order {number} is refunded."),
)
MISSED = _declare(
    "team_missed",
    _("Paid after the team had ended, refund on its way"),
    gettext_noop("Your payment came after the team had ended"),
    gettext_noop("{amount} of order {number} for {goods} goes back to where it came from. Open a team of your own?"),
    gettext_noop("thing1: {goods}\ncharacter_string2: {number}\namount3: {amount}"),
    _ORDER,
    _AMOUNT,
    link=_ORDER_PAGE,
    sms=gettext_noop("Your payment for {goods} came after the team had ended: {amount} is refunded."),
)


def tell_opened(seat: Seat, *, team: Team, now: datetime) -> None:
    _tell(OPENED, seat, team, f"{team.pk}", now)


def tell_joined(seats: Iterable[Seat], *, who: Seat, team: Team, now: datetime) -> None:
    """Those who wait hear of who has paid."""
    for seat in seats:
        _tell(JOINED, seat, team, f"{team.pk}:{who.pk}", now, who=masked_name(who.member.nickname))


def tell_missing(seats: Iterable[Seat], *, team: Team, occasion: str, now: datetime) -> None:
    for seat in seats:
        _tell(MISSING, seat, team, f"{team.pk}:{occasion}", now)


def tell_leads(seat: Seat, *, team: Team, now: datetime) -> None:
    _tell(LEADS, seat, team, seat.order_number, now)


def tell_closed(seats: Iterable[Seat], *, team: Team, now: datetime) -> None:
    """Those who held a seat unpaid, and need not pay any more."""
    for seat in seats:
        _tell(CLOSED, seat, team, seat.order_number, now)


def tell_succeeded(seats: Iterable[Seat], *, team: Team, now: datetime) -> None:
    for seat in seats:
        _tell(SUCCEEDED, seat, team, seat.order_number, now)


def tell_failed(seats: Iterable[Seat], *, team: Team, now: datetime) -> None:
    for seat in seats:
        _tell(FAILED, seat, team, seat.order_number, now)


def tell_missed(seat: Seat, *, team: Team, now: datetime) -> None:
    _tell(MISSED, seat, team, seat.order_number, now)


def _tell(event: NotificationEvent, seat: Seat, team: Team, dedupe_key: str, now: datetime, **more: Any) -> None:
    known = {
        "team": team.pk,
        "goods": seat.sku.product.name,
        "number": seat.order_number,
        "missing": team.missing,
        "until": team.due_at,
        "amount": seat.paid_fen,
        **more,
    }
    context = {field.name: known[field.name] for field in event.fields}
    notify(event=event, member_id=seat.member_id, context=context, dedupe_key=dedupe_key, now=now)
