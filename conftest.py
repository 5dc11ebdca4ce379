"""Fixtures that tests of every room share."""

import pytest
from rest_framework.test import APIClient

from members.identity.models import Member
from members.identity.tests.factories import MemberFactory, client_for


@pytest.fixture
def api() -> APIClient:
    """Somebody who has not signed in."""
    return APIClient()


@pytest.fixture
def member(db: None) -> Member:
    return MemberFactory()


@pytest.fixture
def member_client(member: Member) -> APIClient:
    """`member`, signed in."""
    return client_for(member)
