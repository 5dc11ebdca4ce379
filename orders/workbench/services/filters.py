"""Saving, changing and deleting filters, and choosing the one to begin with."""

from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from orders.workbench.criteria import given_of
from orders.workbench.errors import FilterIsNotYours, FilterNameTaken, NothingToFilter, TooManyFilters
from orders.workbench.models import FirstFilter, SavedFilter
from shop.core.errors import NotFound
from shop.core.transactions import use_case

MOST_FILTERS = 20


def visible_filters(*, staff_id: int) -> QuerySet[SavedFilter]:
    """One's own and those that colleagues share."""
    return SavedFilter.objects.filter(Q(owner=staff_id) | Q(is_shared=True)).order_by("pk")


@use_case
def save_filter(
    *, staff_id: int, name: str, parameters: Mapping[str, str], shared: bool, first: bool, now: datetime
) -> SavedFilter:
    """Keep what an address asks for. Raises NothingToFilter, FilterNameTaken, TooManyFilters."""
    given = given_of(parameters)
    if not given:
        raise NothingToFilter
    if SavedFilter.objects.filter(owner=staff_id).count() >= MOST_FILTERS:
        raise TooManyFilters(most=MOST_FILTERS)
    saved = SavedFilter(owner_id=staff_id, name=name, given=given, is_shared=shared, created_at=now)
    _write(saved)
    _begin_with(staff_id, saved, first)
    return saved


@use_case
def change_filter(*, filter_id: int, staff_id: int, name: str, shared: bool, first: bool) -> SavedFilter:
    """Another name, other readers; of a colleague's filter only whether one begins with it.

    Raises NotFound, FilterIsNotYours, FilterNameTaken.
    """
    saved = _visible(filter_id, staff_id)
    if saved.owner_id == staff_id:
        saved.name, saved.is_shared = name, shared
        _write(saved)
    elif (name, shared) != (saved.name, saved.is_shared):
        raise FilterIsNotYours
    if not saved.is_shared:
        FirstFilter.objects.filter(filter=saved).exclude(staff=saved.owner_id).delete()
    _begin_with(staff_id, saved, first)
    return saved


@use_case
def delete_filter(*, filter_id: int, staff_id: int) -> None:
    """Raises NotFound, FilterIsNotYours."""
    saved = _visible(filter_id, staff_id)
    if saved.owner_id != staff_id:
        raise FilterIsNotYours
    saved.delete()


def _visible(filter_id: int, staff_id: int) -> SavedFilter:
    saved = visible_filters(staff_id=staff_id).filter(pk=filter_id).first()
    if saved is None:
        raise NotFound
    return saved


def _write(saved: SavedFilter) -> None:
    try:
        with transaction.atomic():
            saved.save()
    except IntegrityError as error:
        raise FilterNameTaken from error


def _begin_with(staff_id: int, saved: SavedFilter, first: bool) -> None:
    if first:
        FirstFilter.objects.update_or_create(staff_id=staff_id, defaults={"filter": saved})
    else:
        FirstFilter.objects.filter(staff=staff_id, filter=saved).delete()
