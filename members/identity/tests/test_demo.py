import pytest

from members.identity.demo import PEOPLE, load
from members.identity.models import Address, Member
from shop.core import clock
from shop.regions.queries import children, region


@pytest.mark.django_db(transaction=True)
def test_the_demo_members_sign_in_once(sandbox):
    assert load(size="small", now=clock.now()) == "6 members"
    assert load(size="small", now=clock.now()) == "0 members"
    lin = Member.objects.get(nickname="小满")
    assert (lin.phone, bool(lin.openid)) == ("+8613800001000", True)
    assert Address.objects.get(member=lin).is_default


@pytest.mark.django_db
def test_every_demo_address_is_in_a_district():
    assert [person[2] for person in PEOPLE if region(person[2]) is None or children(person[2])] == []
