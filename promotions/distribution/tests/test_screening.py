"""What makes an order wait for a person, and what does not."""

import pytest

from members.identity.models import MemberSession
from members.identity.tests.factories import MemberFactory
from promotions.distribution.member_data import erase
from promotions.distribution.models import Binding, FormerPhone
from promotions.distribution.services.forgetting import forget_phones
from promotions.distribution.tests.making import NOW, customer, distributor, later, prefer, sold, visit

pytestmark = pytest.mark.django_db


def signed_in(member, **where):
    MemberSession.objects.create(
        member=member,
        key_hash=f"{member.pk}-{MemberSession.objects.count()}",
        secret_hash="-",
        created_at=NOW,
        refreshed_at=NOW,
        expires_at=later(days=30),
        **where,
    )


@pytest.mark.parametrize(
    ("theirs", "own", "signs"),
    [
        ({"device": "d1"}, {"device": "d1"}, ["device"]),
        ({"address": "1.2.3.4"}, {"address": "1.2.3.4"}, ["address"]),
        ({"device": "d1", "address": "1.2.3.4"}, {"device": "d2", "address": "1.2.3.5"}, []),
        ({"device": ""}, {"device": ""}, []),
    ],
)
def test_the_same_device_or_address(theirs, own, signs):
    seller = distributor()
    buyer = customer(seller)
    signed_in(seller.member, **theirs)
    signed_in(buyer, **own)
    assert sold(buyer, 1000).signs == signs


def test_one_payer_behind_several_customers():
    seller = distributor(MemberFactory(openid="seller"))
    one, two, three = (customer(seller) for _ in range(3))
    assert sold(one, 1000, payer="mother").signs == []
    assert sold(one, 1000, payer="mother").signs == []
    assert sold(two, 1000, payer="mother").signs == ["payer"]
    assert sold(three, 1000, payer="seller").signs == ["payer"]
    other = distributor()
    assert sold(customer(other), 1000, payer="mother").signs == []


def test_two_who_sell_to_each_other():
    first = distributor()
    second_member = customer(first)
    second = distributor(second_member)
    # The first was a customer of the second before either sold anything.
    Binding.objects.create(member=first.member, distributor=second, came_by="visit", bound_at=NOW, until=later(days=30))
    prefer(own_purchases="recruiter")
    assert sold(second_member, 1000).signs == ["circle"]


def test_who_comes_back_with_the_phone_of_a_closed_account():
    seller = distributor()
    gone = customer(seller)
    phone = gone.phone
    erase(member_id=gone.pk, now=NOW)
    gone.phone = None
    gone.save()
    back = MemberFactory(phone=phone)
    visit(back, seller, now=later(days=1))
    assert sold(back, 1000, now=later(days=1)).signs == ["rejoined"]
    assert phone not in FormerPhone.objects.get().digest
    assert sold(back, 1000, now=later(days=181)).signs == []
    assert (forget_phones(before=NOW), forget_phones(before=later(days=1))) == (0, 1)


def test_who_sold_and_bought_nothing_leaves_no_trace(member):
    assert not any(erase(member_id=member.pk, now=NOW).values())
    assert not FormerPhone.objects.exists()
