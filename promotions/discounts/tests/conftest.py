"""Whoever looks at the screens of discounts, and when."""

import pytest

from promotions.discounts.tests.making import NOW
from shop.core import clock
from shop.core.models import StaffUser


@pytest.fixture
def _at_noon():
    with clock.fixed(NOW):
        yield


@pytest.fixture
def owner(client):
    client.force_login(StaffUser.objects.create_superuser("author"))
    return client
