"""A till of each test's own: its days are used by no other test, so that their bills hold only what the test does."""

from datetime import date
from itertools import count

import pytest

from members.identity.models import Member
from orders.reconciliation.tests.making import Till
from tests.sandbox import Sandbox

# In the middle of a month each, so that no test meets the end of one by chance.
_days = (date(2012 + n // 12, n % 12 + 1, 10) for n in count())


@pytest.fixture
def till(sandbox: Sandbox, member: Member) -> Till:
    return Till(sandbox, member, next(_days), sandbox.user())
