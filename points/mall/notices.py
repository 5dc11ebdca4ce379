"""What members are told of their vouchers; how goods travel is told by orders."""

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
from points.mall.models import Redemption, Voucher

_REWARD = Field("reward", Kind.TEXT, _("reward"), "Tea ceremony for two")
_AT = Field("at", Kind.INSTANT, _("booked for"), SAMPLE_INSTANT)
_UNTIL = Field("until", Kind.INSTANT, _("valid until"), SAMPLE_INSTANT)
_LINK = "pages/points/vouchers"
_ROUTES = ((Channel.IN_APP,), (Channel.SUBSCRIBE,))

VOUCHER_GIVEN = declare(
    NotificationEvent(
        code="voucher_given",
        label=_("Reward of the points mall given"),
        category=Category.TRANSACTIONAL,
        routes=_ROUTES,
        fields=(_REWARD,),
        link=_LINK,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("It is yours: {reward}"), body=gettext_noop("You find it among your vouchers.")
            ),
            Channel.SUBSCRIBE: Text(body=gettext_noop("thing1: {reward}\nthing2: Among your vouchers")),
        },
    )
)
BOOKING_SOON = declare(
    NotificationEvent(
        code="voucher_booking_soon",
        label=_("Booked time comes near"),
        category=Category.TRANSACTIONAL,
        routes=_ROUTES,
        fields=(_REWARD, _AT),
        link=_LINK,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("Soon: {reward}"),
                body=gettext_noop("You have booked {at}. Show your voucher in the store."),
            ),
            Channel.SUBSCRIBE: Text(body=gettext_noop("thing1: {reward}\ntime2: {at}")),
        },
    )
)
VOUCHER_EXPIRING = declare(
    NotificationEvent(
        code="voucher_expiring",
        label=_("Voucher about to expire"),
        category=Category.TRANSACTIONAL,
        routes=_ROUTES,
        fields=(_REWARD, _UNTIL),
        link=_LINK,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("Still unused: {reward}"), body=gettext_noop("Your voucher is good until {until}.")
            ),
            Channel.SUBSCRIBE: Text(body=gettext_noop("thing1: {reward}\ntime3: {until}")),
        },
    )
)
BOOKING_MISSED = declare(
    NotificationEvent(
        code="voucher_booking_missed",
        label=_("Booked time missed"),
        category=Category.TRANSACTIONAL,
        routes=_ROUTES,
        fields=(_REWARD, _AT, Field("says", Kind.TEXT, _("what follows"), "The voucher is used up")),
        link=_LINK,
        texts={
            Channel.IN_APP: Text(title=gettext_noop("You were missed: {reward}"), body=gettext_noop("{at}: {says}.")),
            Channel.SUBSCRIBE: Text(body=gettext_noop("thing1: {reward}\ntime2: {at}\nthing3: {says}")),
        },
    )
)
BOOKING_CALLED_OFF = declare(
    NotificationEvent(
        code="voucher_booking_called_off",
        label=_("Booked time called off by the shop"),
        category=Category.TRANSACTIONAL,
        routes=_ROUTES,
        fields=(_REWARD, _AT, Field("reason", Kind.TEXT, _("reason"), "The tea master is ill")),
        link=_LINK,
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("Please choose another time: {reward}"),
                body=gettext_noop("We cannot keep {at}: {reason}. Your voucher stays good."),
            ),
            Channel.SUBSCRIBE: Text(body=gettext_noop("thing1: {reward}\ntime2: {at}\nthing3: {reason}")),
        },
    )
)


def tell_given(redemption: Redemption, *, now: datetime) -> None:
    """Inside the transaction that gives it."""
    context = {"reward": redemption.reward.name}
    notify(
        event=VOUCHER_GIVEN,
        member_id=redemption.member_id,
        context=context,
        dedupe_key=str(redemption.pk),
        now=now,
    )


def tell_soon(voucher: Voucher, *, now: datetime) -> None:
    assert voucher.slot is not None
    _tell(BOOKING_SOON, voucher, {"at": voucher.slot.starts_at}, f"{voucher.pk}:{voucher.slot_id}", now)


def tell_expiring(voucher: Voucher, *, now: datetime) -> None:
    _tell(VOUCHER_EXPIRING, voucher, {"until": voucher.valid_until}, f"{voucher.pk}:{voucher.valid_until}", now)


def tell_missed(voucher: Voucher, *, starts_at: datetime, now: datetime) -> None:
    says = str(voucher.reward.get_no_show_display())
    _tell(BOOKING_MISSED, voucher, {"at": starts_at, "says": says}, f"{voucher.pk}:{voucher.no_shows}", now)


def tell_called_off(voucher: Voucher, *, slot_id: int, starts_at: datetime, reason: str, now: datetime) -> None:
    _tell(BOOKING_CALLED_OFF, voucher, {"at": starts_at, "reason": reason}, f"{voucher.pk}:{slot_id}:{now}", now)


def _tell(event: NotificationEvent, voucher: Voucher, more: dict[str, Any], key: str, now: datetime) -> None:
    context = {"reward": voucher.reward.name, **more}
    notify(event=event, member_id=voucher.member_id, context=context, dedupe_key=key, now=now)
