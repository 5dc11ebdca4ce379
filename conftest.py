"""Fixtures that tests of every room share."""

import uuid
from collections.abc import Iterator

import hypothesis
import pytest
from django.test import TransactionTestCase
from pytest_django.fixtures import Settings
from pytest_django.plugin import DjangoDbBlocker
from rest_framework.test import APIClient

from members.identity import ended_sessions
from members.identity.models import Member
from members.identity.tests.factories import MemberFactory, client_for
from shop.core import kept, preferences
from tests.left_behind import Baseline, may_pass_over_triggers
from tests.sandbox import sandbox, sandbox_process

# How fast examples are made says something about the machine, nothing about the code.
hypothesis.settings.register_profile(
    "any machine", suppress_health_check=[hypothesis.HealthCheck.too_slow], deadline=None
)
hypothesis.settings.load_profile("any machine")

__all__ = ["sandbox", "sandbox_process"]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Tests that commit are cleared away by what they wrote, where the database lets us."""
    with pytest.MonkeyPatch.context() as patch:
        with django_db_blocker.unblock():
            if may_pass_over_triggers():
                baseline = Baseline.take()
                patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: baseline.restore())
        yield


@pytest.fixture(autouse=True)
def _own_cache(settings: Settings) -> None:
    """Each test caches under a prefix of its own, so that none sees what another left in Redis."""
    settings.CATALOG_CACHE_PREFIX = f"test:{uuid.uuid4().hex}"


@pytest.fixture(autouse=True)
def _fresh_preferences(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test reads the merchant's settings from its own database, once, however slow the machine is."""
    monkeypatch.setattr(preferences, "REFRESH_SECONDS", float("inf"))
    monkeypatch.setattr(kept, "REFRESH_SECONDS", float("inf"))
    preferences.forget_cached()
    kept.forget_all()


@pytest.fixture(autouse=True)
def _no_ended_sessions() -> None:
    """No test pays for another's look at ended sessions; those about them set the time of the last look themselves."""
    ended_sessions.keep_as_read(at=float("inf"))


@pytest.fixture
def api() -> APIClient:
    """Somebody who has not signed in."""
    return APIClient()


@pytest.fixture
def member(db: None) -> Member:
    return MemberFactory.create()


@pytest.fixture
def member_client(member: Member) -> APIClient:
    """`member`, signed in."""
    return client_for(member)
