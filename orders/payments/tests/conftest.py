"""Paying in tests: real gateway process, real callbacks over HTTP."""

import pytest
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from tests.sandbox import Sandbox


@pytest.fixture
def gateway(sandbox: Sandbox, live_server: LiveServer, settings: Settings) -> Sandbox:
    """The sandbox, calling back the shop that runs in this test."""
    settings.BASE_URL = live_server.url
    return sandbox
