"""Whether members can be told of an event at all, for any number of them at once, inside the database.

Says of each what `services.routing.obstacle` says of every channel of the event together.
"""

from django.conf import settings
from django.db.models import Case, CharField, Exists, F, OuterRef, Q, Value, When

from members.notifications.events import Channel, NotificationEvent
from members.notifications.models import NotificationPreference, SubscribeCredit
from members.notifications.queries import NOT_BY_DEFAULT, words_for

REFUSED, UNREACHABLE = "opt_out", "no_channel"


def reachability(event: NotificationEvent) -> Case:
    """Of a member, for `annotate`: `opt_out` who allows no channel of the event, `no_channel` whom none of those that
    are allowed reaches, else nothing.
    """
    words = words_for(event=event.code, language=settings.LANGUAGE_CODE)
    allowed = {channel: _allows(event, channel) for channel in event.channels if channel in words}
    any_allowed, any_reaches = Q(pk__in=[]), Q(pk__in=[])
    for channel, allows in allowed.items():
        any_allowed |= allows
        any_reaches |= allows & _has_address(channel, words[channel].provider_template)
    return Case(
        When(any_reaches, then=Value("")),
        When(any_allowed, then=Value(UNREACHABLE)),
        default=Value(REFUSED if allowed else UNREACHABLE),
        output_field=CharField(),
    )


def _allows(event: NotificationEvent, channel: Channel) -> Q:
    chosen = NotificationPreference.objects.filter(member=OuterRef("pk"), category=event.category, channel=channel)
    if (event.category, channel) in NOT_BY_DEFAULT:
        return Q(Exists(chosen.filter(allowed=True)))
    return ~Q(Exists(chosen.filter(allowed=False)))


def _has_address(channel: Channel, provider_template: str) -> Q:
    if channel == Channel.SMS:
        return Q(phone__isnull=False) & ~Q(phone="")
    if channel == Channel.SUBSCRIBE:
        left = SubscribeCredit.objects.filter(
            member=OuterRef("pk"), template=provider_template, accepted__gt=F("used")
        ).exclude(template="")
        return Q(Exists(left), openid__isnull=False) & ~Q(openid="")
    return Q(pk__isnull=False) if channel == Channel.IN_APP else Q(pk__in=[])
