import pytest

from shop.core.models import StaffUser
from shop.staff.tests import making


@pytest.fixture
def staff_client(db):
    StaffUser.objects.create_superuser("analyst", password=making.PASSWORD)
    return making.staff_client(StaffUser.objects.get(username="analyst"))
