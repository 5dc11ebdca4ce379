import pytest

from members.identity.models import Member
from members.identity.tests.factories import MemberFactory


@pytest.fixture
def other(db: None) -> Member:
    return MemberFactory.create()
