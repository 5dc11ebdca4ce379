"""What members are told about flash sales."""

from datetime import datetime

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
from promotions.flash_sale.models import FlashSaleReminder

# Asked for item by item, so that no general leave for advertising is needed.
FLASH_SALE_STARTING = declare(
    NotificationEvent(
        code="flash_sale_starting",
        label=_("Flash sale about to start"),
        category=Category.TRANSACTIONAL,
        routes=((Channel.IN_APP,), (Channel.SUBSCRIBE,)),
        fields=(
            Field("item", Kind.NUMBER, _("number of the goods in the sale"), 1),
            Field("product", Kind.TEXT, _("product"), "Longjing tea"),
            Field("starts_at", Kind.INSTANT, _("starts at"), SAMPLE_INSTANT),
        ),
        link="pages/flash-sale/index?item={item}",
        texts={
            Channel.IN_APP: Text(
                title=gettext_noop("{product}: the flash sale is about to start"),
                body=gettext_noop("You asked to be reminded. It starts at {starts_at}; there are only so many."),
            ),
            Channel.SUBSCRIBE: Text(
                body=gettext_noop("thing1: {product}\ntime2: {starts_at}\nthing3: Starts soon, be quick")
            ),
        },
    )
)


def tell_starting(reminder: FlashSaleReminder, *, now: datetime) -> None:
    """Inside the transaction that notes it."""
    item = reminder.item
    notify(
        event=FLASH_SALE_STARTING,
        member_id=reminder.member_id,
        context={"item": item.pk, "product": item.sku.product.name, "starts_at": item.session.starts_at},
        dedupe_key=str(item.pk),
        now=now,
    )
