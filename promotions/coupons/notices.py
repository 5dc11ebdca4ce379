"""What members are told about their coupons."""

from collections.abc import Sequence
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
from promotions.coupons.models import Coupon, CouponTemplate, Halt
from promotions.coupons.models.halts import HaltKind
from shop.core.clock import business_day

COUPON_GIVEN = declare(
    NotificationEvent(
        code="coupon_given",
        label=_("Coupon given"),
        category=Category.MARKETING,
        routes=((Channel.IN_APP,), (Channel.SUBSCRIBE,)),
        fields=(
            Field("coupon", Kind.TEXT, _("coupon"), "Spring tea, ¥20 off"),
            Field("until", Kind.INSTANT, _("valid until"), SAMPLE_INSTANT),
        ),
        link="pages/coupons/index",
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("A coupon for you: {coupon}"),
                body=gettext_noop("It is yours until {until}. You find it among your coupons."),
            ),
            Channel.SUBSCRIBE: Text(body=gettext_noop("thing1: {coupon}\ntime2: {until}\nthing3: Use it in time")),
        },
    )
)

COUPONS_EXPIRING = declare(
    NotificationEvent(
        code="coupons_expiring",
        label=_("Coupons about to expire"),
        category=Category.MARKETING,
        routes=((Channel.IN_APP,), (Channel.SUBSCRIBE,)),
        fields=(
            Field("count", Kind.NUMBER, _("coupons"), 2),
            Field("until", Kind.INSTANT, _("first of them valid until"), SAMPLE_INSTANT),
        ),
        link="pages/coupons/index",
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("Coupons of yours are about to expire"),
                body=gettext_noop("{count} of your coupons will soon be over, the first of them at {until}."),
            ),
            Channel.SUBSCRIBE: Text(body=gettext_noop("number1: {count}\ntime2: {until}\nthing3: Use them in time")),
        },
    )
)


_HALTED_FIELDS = (
    Field("coupon", Kind.TEXT, _("coupon"), "Spring tea, ¥20 off"),
    Field("reason", Kind.TEXT, _("reason"), "The price was printed wrong"),
)


def _halted(code: str, *, label: Any, title: str, body: str) -> NotificationEvent:
    return declare(
        NotificationEvent(
            code=code,
            label=label,
            category=Category.TRANSACTIONAL,
            routes=((Channel.IN_APP,),),
            fields=_HALTED_FIELDS,
            link="pages/coupons/index",
            texts={Channel.IN_APP: Text(title=title, body=body)},
        )
    )


HALTED = {
    HaltKind.SUSPEND: _halted(
        "coupons_suspended",
        label=_("Coupons suspended"),
        title=gettext_noop("A coupon of yours is suspended: {coupon}"),
        body=gettext_noop("It cannot be used for the moment. {reason}"),
    ),
    HaltKind.RESUME: _halted(
        "coupons_resumed",
        label=_("Coupons usable again"),
        title=gettext_noop("You can use your coupon again: {coupon}"),
        body=gettext_noop("You find it among your coupons. {reason}"),
    ),
    HaltKind.VOID: _halted(
        "coupons_voided",
        label=_("Coupons made void"),
        title=gettext_noop("A coupon of yours is void: {coupon}"),
        body=gettext_noop("It can no longer be used. {reason}"),
    ),
}


def tell_given(coupon: Coupon, *, template: CouponTemplate, now: datetime) -> None:
    """Inside the transaction that gives it, unless the member took it with their own hands."""
    notify(
        event=COUPON_GIVEN,
        member_id=coupon.member_id,
        context={"coupon": template.name, "until": coupon.valid_until},
        dedupe_key=coupon.number,
        now=now,
    )


def tell_expiring(coupons: Sequence[Coupon], *, now: datetime) -> None:
    """One message for all of a member's coupons; at most one a day."""
    notify(
        event=COUPONS_EXPIRING,
        member_id=coupons[0].member_id,
        context={"count": len(coupons), "until": min(coupon.valid_until for coupon in coupons)},
        dedupe_key=business_day(now).isoformat(),
        now=now,
    )


def tell_halted(halt: Halt, *, member_ids: Sequence[int], now: datetime) -> None:
    """Each member once, however many of the coupons they hold."""
    context = {"coupon": halt.template.name, "reason": halt.reason}
    for member_id in member_ids:
        notify(
            event=HALTED[HaltKind(halt.kind)], member_id=member_id, context=context, dedupe_key=f"{halt.pk}", now=now
        )
