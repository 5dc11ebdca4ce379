"""A carrier, and a WeChat that hears of parcels."""

import pytest

from logistics.shipments.tests.factories import make_carrier


@pytest.fixture
def carrier(db):
    return make_carrier()


@pytest.fixture
def outside(sandbox, settings, live_server):
    settings.BASE_URL = live_server.url
    return sandbox
