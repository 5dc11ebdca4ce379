"""What is taken at the end of a transaction: after everything else of it, undone with it, and undoing it."""

import pytest
from django.db import transaction

from shop.core.models import PreferenceValue
from shop.core.transactions import at_the_end, unit_of_work, use_case

pytestmark = pytest.mark.django_db(transaction=True)


class Refused(Exception):
    pass


@use_case
def note(said, *names, refuses=False):
    """Notes each name now and, with a star, at the end."""
    for name in names:
        said.append(name)
        at_the_end(lambda name=name: said.append(f"{name}*"))
    if refuses:
        PreferenceValue.objects.create(key="left behind", value=1)
        at_the_end(refuse)


def refuse():
    raise Refused


def test_what_is_done_at_the_end_of_a_use_case_comes_after_all_else_in_the_order_asked_for():
    said = []
    note(said, "a", "b")
    assert said == ["a", "b", "a*", "b*"]


def test_a_use_case_that_joins_a_door_ends_with_the_door():
    said = []
    with unit_of_work():
        note(said, "a")
        said.append("door")
    assert said == ["a", "door", "a*"]


def test_a_refusal_at_the_end_undoes_everything():
    said = []
    with pytest.raises(Refused):
        note(said, "a", refuses=True)
    assert said == ["a", "a*"]
    assert not PreferenceValue.objects.exists()


def test_a_transaction_that_fails_before_has_no_end_and_the_next_begins_anew():
    said = []

    def broken():
        with unit_of_work():
            note(said, "a")
            raise Refused

    with pytest.raises(Refused):
        broken()
    note(said, "b")
    assert said == ["a", "b", "b*"]


def test_where_nobody_knows_the_end_it_is_done_at_once():
    said = []
    with transaction.atomic():
        at_the_end(lambda: said.append("now"))
        said.append("later")
    assert said == ["now", "later"]
