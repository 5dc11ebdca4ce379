"""What members are told by tasks; points themselves are told by the ledger's readers."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from members.notifications.events import Category, Channel, Field, Kind, NotificationEvent, Text, declare

OCCASION = declare(
    NotificationEvent(
        code="occasion_gift",
        label=_("Birthday, anniversary or member day"),
        category=Category.TRANSACTIONAL,
        routes=((Channel.IN_APP,), (Channel.SUBSCRIBE,)),
        fields=(
            Field("occasion", Kind.TEXT, _("occasion"), "Birthday gift"),
            Field("points", Kind.NUMBER, _("points"), 100),
        ),
        link="pages/points/index",
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("{occasion}: {points} points for you"),
                body=gettext_noop("Today is a special day. {points} points are on your account; enjoy them."),
            ),
            Channel.SUBSCRIBE: Text(body=gettext_noop("thing1: {occasion}\nnumber2: {points}\nthing3: A gift for you")),
        },
    )
)
