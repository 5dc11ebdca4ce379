"""What members are told of their points."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from members.notifications.events import Category, Channel, Field, Kind, NotificationEvent, Text, declare

_POINTS = Field("points", Kind.NUMBER, _("points"), 88)
_REASON = Field("reason", Kind.TEXT, _("reason"), "Earned: Purchase")
_AVAILABLE = Field("available", Kind.NUMBER, _("available points"), 1288)
_PAGE = "pages/points/index"


def _change(code: str, label: object, *, title: str, body: str, short: str) -> NotificationEvent:
    """Told in the inbox, and by a subscribe message or else by SMS, as the member wishes."""
    return declare(
        NotificationEvent(
            code=code,
            label=label,
            category=Category.POINTS,
            routes=((Channel.IN_APP,), (Channel.SUBSCRIBE, Channel.SMS)),
            fields=(_POINTS, _REASON, _AVAILABLE),
            link=_PAGE,
            texts={
                Channel.IN_APP: Text(title=title, body=body),
                Channel.SUBSCRIBE: Text(body=gettext_noop("thing1: {reason}\nnumber2: {points}\nnumber3: {available}")),
                Channel.SMS: Text(body=short),
            },
        )
    )


CAME = _change(
    "points_came",
    _("Points came"),
    title=gettext_noop("{points} points came"),
    body=gettext_noop("{reason}. You have {available} points now."),
    short=gettext_noop("{points} points came ({reason}). You have {available}."),
)
RIPE = _change(
    "points_ripe",
    _("Points can be spent"),
    title=gettext_noop("{points} points can be spent now"),
    body=gettext_noop("They were pending until now. You have {available} points."),
    short=gettext_noop("{points} points can be spent now. You have {available}."),
)
WENT = _change(
    "points_went",
    _("Points went"),
    title=gettext_noop("{points} points went off"),
    body=gettext_noop("{reason}. You have {available} points left."),
    short=gettext_noop("{points} points went off ({reason}). You have {available} left."),
)
EXPIRED = _change(
    "points_expired",
    _("Points expired"),
    title=gettext_noop("{points} points have expired"),
    body=gettext_noop("They were not spent in time. You have {available} points left."),
    short=gettext_noop("{points} points have expired. You have {available} left."),
)
EXPIRING = declare(
    NotificationEvent(
        code="points_expiring",
        label=_("Points are about to expire"),
        category=Category.TRANSACTIONAL,
        routes=((Channel.IN_APP,), (Channel.SUBSCRIBE, Channel.SMS)),
        fields=(
            _POINTS,
            Field("last_valid_at", Kind.TEXT, _("last valid second"), "2026-12-31 23:59:59"),
            Field("days", Kind.NUMBER, _("days ahead"), 7),
        ),
        link=_PAGE,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("{points} points are about to expire"),
                body=gettext_noop(
                    "{points} of your points can be spent until {last_valid_at} and are gone afterwards."
                ),
            ),
            Channel.SUBSCRIBE: Text(
                body=gettext_noop("number1: {points}\ntime2: {last_valid_at}\nthing3: Spend them in time")
            ),
            Channel.SMS: Text(body=gettext_noop("{points} of your points can be spent until {last_valid_at} only.")),
        },
    )
)
