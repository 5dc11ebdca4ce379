"""Places in slots: taken, left, changed for others."""

from datetime import datetime

from django.db.models import F

from points.mall.errors import NothingToBook, SlotNotFound, SlotTaken
from points.mall.models import Reward, Slot


def take_slot(*, reward: Reward, slot_id: int, places: int, now: datetime) -> Slot:
    """So many places of a slot that has not begun; inside the caller's transaction.

    Raises NothingToBook, SlotNotFound, SlotTaken.
    """
    slot = bookable(reward=reward, slot_id=slot_id, now=now)
    free = Slot.objects.filter(pk=slot.pk, is_closed=False, capacity__gte=F("booked") + places)
    if not free.update(booked=F("booked") + places):
        raise SlotTaken
    return slot


def leave_slot(*, slot_id: int, places: int) -> None:
    Slot.objects.filter(pk=slot_id).update(booked=F("booked") - places)


def bookable(*, reward: Reward, slot_id: int, now: datetime) -> Slot:
    """Raises NothingToBook, SlotNotFound."""
    if reward.resource_id is None:
        raise NothingToBook
    found = Slot.objects.filter(pk=slot_id, resource=reward.resource_id, resource__is_active=True, is_closed=False)
    slot = found.filter(starts_at__gt=now).first()
    if slot is None:
        raise SlotNotFound
    return slot
