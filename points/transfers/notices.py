"""What the two sides of a transfer are told."""

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

_POINTS = Field("points", Kind.NUMBER, _("points"), 200)
_PAGE = "pages/points/transfers"

OFFERED = declare(
    NotificationEvent(
        code="transfer_offered",
        label=_("Points offered by another member"),
        category=Category.TRANSACTIONAL,
        routes=((Channel.IN_APP,), (Channel.SUBSCRIBE, Channel.SMS)),
        fields=(
            Field("sender", Kind.TEXT, _("sender"), "L*** (138****8000)"),
            _POINTS,
            Field("accept_before", Kind.INSTANT, _("to be accepted before"), SAMPLE_INSTANT),
        ),
        link=_PAGE,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("{points} points for you"),
                body=gettext_noop("{sender} gives you {points} points. Accept them before {accept_before}."),
            ),
            Channel.SUBSCRIBE: Text(body=gettext_noop("thing1: {sender}\nnumber2: {points}\ntime3: {accept_before}")),
            Channel.SMS: Text(body=gettext_noop("{sender} gives you {points} points. Accept before {accept_before}.")),
        },
    )
)

ACCEPTED = declare(
    NotificationEvent(
        code="transfer_accepted",
        label=_("Points that were given have been accepted"),
        category=Category.TRANSACTIONAL,
        routes=((Channel.IN_APP,), (Channel.SUBSCRIBE,)),
        fields=(Field("recipient", Kind.TEXT, _("recipient"), "138****8000"), _POINTS),
        link=_PAGE,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("Your points were accepted"),
                body=gettext_noop("{recipient} has accepted the {points} points that you gave."),
            ),
            Channel.SUBSCRIBE: Text(
                body=gettext_noop("thing1: {recipient}\nnumber2: {points}\nthing3: Your points were accepted")
            ),
        },
    )
)

GIVEN_BACK = declare(
    NotificationEvent(
        code="transfer_given_back",
        label=_("Points that were given have come back"),
        category=Category.TRANSACTIONAL,
        routes=((Channel.IN_APP,), (Channel.SUBSCRIBE,)),
        fields=(
            Field("recipient", Kind.TEXT, _("recipient"), "138****8000"),
            _POINTS,
            Field("reason", Kind.TEXT, _("reason"), "Not accepted in time"),
        ),
        link=_PAGE,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("{points} points have come back"),
                body=gettext_noop("The {points} points for {recipient} are yours again: {reason}."),
            ),
            Channel.SUBSCRIBE: Text(body=gettext_noop("thing1: {recipient}\nnumber2: {points}\nthing3: {reason}")),
        },
    )
)
