"""What members are told by a plan: the merchant's own words, as marketing, which a member may refuse."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from members.notifications.events import Category, Channel, Field, Kind, NotificationEvent, Text, declare

OUTREACH = declare(
    NotificationEvent(
        code="outreach",
        label=_("Message of an outreach plan"),
        category=Category.MARKETING,
        routes=((Channel.IN_APP,), (Channel.SUBSCRIBE, Channel.SMS)),
        fields=(
            Field("title", Kind.TEXT, _("title of the message"), "We have missed you"),
            Field("text", Kind.TEXT, _("text of the message"), "Something new is waiting for you."),
            Field("link", Kind.TEXT, _("page"), "pages/index/index"),
        ),
        link="{link}",
        texts={
            Channel.IN_APP: Text(title=gettext_noop("{title}"), body=gettext_noop("{text}")),
            Channel.SUBSCRIBE: Text(body=gettext_noop("thing1: {title}\nthing2: {text}")),
            Channel.SMS: Text(body=gettext_noop("{title}: {text}")),
        },
    )
)
