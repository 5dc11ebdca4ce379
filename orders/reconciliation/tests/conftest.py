"""A till of each test's own: its days are used by no other test, so that their bills hold only what the test does."""

from datetime import date, timedelta
from itertools import count

import pytest

from members.identity.models import Member
from orders.reconciliation.tests.making import Till
from tests.sandbox import Sandbox

_days = (date(2024, 1, 10) + timedelta(days=10 * n) for n in count())


@pytest.fixture
def till(sandbox: Sandbox, member: Member) -> Till:
    return Till(sandbox, member, next(_days), sandbox.user())
