"""Members who want to hear before a session starts."""

from datetime import datetime, timedelta

from promotions.campaigns.errors import ActivityNotFound
from promotions.campaigns.models import PUBLISHED
from promotions.campaigns.queries import buyer_for
from promotions.flash_sale.errors import RemindingTooLate
from promotions.flash_sale.live import live
from promotions.flash_sale.models import FlashSaleReminder
from promotions.flash_sale.notices import tell_starting
from promotions.flash_sale.preferences import REMIND_MINUTES
from shop.core.transactions import use_case

BATCH = 500


@use_case
def ask_to_be_reminded(*, item_id: int, member_id: int, channel: str, now: datetime) -> FlashSaleReminder:
    """Asking twice is asking once. Raises ActivityNotFound, RemindingTooLate, what says that it is for others."""
    buyer = buyer_for(member_id=member_id, channel=channel, now=now)
    item = live(buyer.stamp).items.get(item_id)
    if item is None or now < item.shown_from:
        raise ActivityNotFound
    refusal = item.sale.audience.refusal(buyer)
    if refusal is not None:
        raise refusal
    if now >= item.starts_at:
        raise RemindingTooLate
    reminder, _is_new = FlashSaleReminder.objects.get_or_create(
        item_id=item_id, member_id=member_id, defaults={"asked_at": now}
    )
    return reminder


@use_case
def forget_reminder(*, item_id: int, member_id: int) -> int:
    """Returns how many: none where nobody was to be reminded."""
    return FlashSaleReminder.objects.filter(item=item_id, member=member_id, told_at=None).delete()[0]


def remind_of_starting(*, now: datetime) -> int:
    """Tell those who asked of the sessions that start soon, batch by batch. Returns how many."""
    told = 0
    while batch := _remind_batch(now=now):
        told += batch
    return told


@use_case
def _remind_batch(*, now: datetime) -> int:
    """Two sweeps at the same time share the work. Who asks when it has nearly started is told at once."""
    soon = now + timedelta(minutes=REMIND_MINUTES.value())
    due = FlashSaleReminder.objects.filter(
        told_at=None,
        item__session__starts_at__gt=now,
        item__session__starts_at__lte=soon,
        item__session__sale__status__in=PUBLISHED,
    )
    rows = list(
        due.select_related("item__session__sale", "item__sku__product")
        .order_by("pk")
        .select_for_update(no_key=True, of=("self",), skip_locked=True)[:BATCH]
    )
    for reminder in rows:
        tell_starting(reminder, now=now)
    return FlashSaleReminder.objects.filter(pk__in=[row.pk for row in rows]).update(told_at=now)
