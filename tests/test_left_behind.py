"""A test that commits leaves nothing behind: what it wrote goes, what it changed of the seeds comes back."""

import pytest
from django.db import connection

from members.identity.models import Member
from members.identity.tests.factories import MemberFactory
from shop.regions.models import Region
from tests.left_behind import Baseline, may_pass_over_triggers

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def baseline() -> Baseline:
    assert may_pass_over_triggers()
    return Baseline.take()


def rows_of(table: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{table}" ORDER BY 1')
        return cursor.fetchall()


def test_what_was_written_goes(baseline):
    MemberFactory.create_batch(3)

    baseline.restore()

    assert Member.objects.count() == 0


@pytest.mark.parametrize("change", ["update", "delete", "both"])
def test_a_changed_seed_comes_back(baseline, change):
    seeded = rows_of("regions_region")
    assert len(seeded) > 3_000
    if change != "update":
        Region.objects.filter(parent__parent__isnull=False).delete()
    if change != "delete":
        Region.objects.filter(parent=None).update(name="elsewhere")
    assert rows_of("regions_region") != seeded

    baseline.restore()
    baseline.restore()

    assert rows_of("regions_region") == seeded


def test_a_seed_that_nobody_touched_is_not_written_again(baseline):
    before = dict(baseline.seeded)
    MemberFactory.create()

    baseline.restore()

    assert baseline.seeded == before
