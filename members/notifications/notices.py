"""The events of members themselves, and the one for the staff."""

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

MEMBER_REGISTERED = declare(
    NotificationEvent(
        code="member_registered",
        label=_("Member registered"),
        category=Category.TRANSACTIONAL,
        routes=((Channel.IN_APP,),),
        link="pages/member/index",
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("Welcome"),
                body=gettext_noop("Your membership begins today. Your orders and benefits are on the member page."),
            )
        },
    )
)

PHONE_CHANGED = declare(
    NotificationEvent(
        code="phone_changed",
        label=_("Phone changed"),
        category=Category.TRANSACTIONAL,
        routes=((Channel.IN_APP,),),
        fields=(
            Field("phone", Kind.TEXT, _("new phone, masked"), "138****8000"),
            Field("at", Kind.INSTANT, _("since"), SAMPLE_INSTANT),
        ),
        link="pages/member/index",
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("Your phone number was changed"),
                body=gettext_noop(
                    "Since {at} you sign in with {phone}. If this was not you, contact customer service at once."
                ),
            )
        },
    )
)

TIER_CHANGED = declare(
    NotificationEvent(
        code="tier_changed",
        label=_("Tier changed"),
        category=Category.TRANSACTIONAL,
        routes=((Channel.IN_APP,), (Channel.SUBSCRIBE,)),
        fields=(
            Field("tier", Kind.TEXT, _("tier"), "Gold"),
            Field("since", Kind.INSTANT, _("since"), SAMPLE_INSTANT),
        ),
        link="pages/member/tier",
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("You are now {tier}"),
                body=gettext_noop("Since {since} the benefits of {tier} are yours. The member page shows them all."),
            ),
            Channel.SUBSCRIBE: Text(body=gettext_noop("thing1: {tier}\ntime2: {since}\nthing3: See your benefits")),
        },
    )
)

STAFF_ALERT = declare(
    NotificationEvent(
        code="staff_alert",
        label=_("Alert for the staff"),
        category=Category.TRANSACTIONAL,
        routes=((Channel.EMAIL,),),
        fields=(
            Field("message", Kind.TEXT, _("message"), "Refund R26112112000012345678 did not reach the payer"),
            Field("link", Kind.TEXT, _("link"), "/admin/"),
        ),
        texts={
            Channel.EMAIL: Text(
                title=gettext_noop("Please look: {message}"),
                body=gettext_noop("{message}\n\nOpen in the admin: {link}"),
            )
        },
    )
)
