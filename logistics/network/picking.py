"""When warehouses pick: as orders come, or once a day from their cut-off on."""

from datetime import datetime, time, timedelta

from shop.core import clock


def last_cut_off(pick_cut_off: time, now: datetime) -> datetime:
    """When such a warehouse last began to pick: what was allocated there since may still move."""
    local = now.astimezone(clock.SHANGHAI)
    today = local.replace(hour=pick_cut_off.hour, minute=pick_cut_off.minute, second=0, microsecond=0)
    return today if today <= local else today - timedelta(days=1)


def picking_begins(pick_cut_off: time | None, now: datetime) -> datetime:
    """When what is allocated now is picked: its handling begins then."""
    return now if pick_cut_off is None else last_cut_off(pick_cut_off, now) + timedelta(days=1)
