"""What is done because a refusal undid a transaction."""

import pytest
from django.db import transaction

from shop.core.errors import Busy
from shop.core.models import PreferenceValue
from shop.core.transactions import after_rollback, unit_of_work, use_case

pytestmark = pytest.mark.django_db(transaction=True)


@use_case
def remember(key, refuses=False):
    PreferenceValue.objects.create(key=key, value=1)
    after_rollback(lambda: remember_apart(f"{key} undone"))
    if refuses:
        raise Busy


@use_case
def remember_apart(key):
    PreferenceValue.objects.create(key=key, value=1)


def stored():
    return set(PreferenceValue.objects.values_list("key", flat=True))


def test_it_is_done_after_the_rollback_and_only_then():
    remember("kept")
    assert stored() == {"kept"}
    with pytest.raises(Busy):
        remember("lost", refuses=True)
    assert stored() == {"kept", "lost undone"}


def test_a_door_that_is_undone_does_it_for_the_use_cases_inside():
    def through_a_door():
        with unit_of_work():
            remember("first")
            remember("second", refuses=True)

    with pytest.raises(Busy):
        through_a_door()
    assert stored() == {"first undone", "second undone"}


def test_what_fails_then_hides_neither_the_refusal_nor_the_rest():
    @use_case
    def refuse():
        after_rollback(lambda: 1 / 0)
        after_rollback(lambda: remember_apart("done"))
        raise Busy

    with pytest.raises(Busy):
        refuse()
    assert stored() == {"done"}


def test_it_needs_a_unit_of_work():
    with transaction.atomic(), pytest.raises(RuntimeError):
        after_rollback(lambda: None)
