"""What makes an order wait for a person, and what does not."""

from threading import Barrier

import pytest

from members.identity.models import MemberSession
from members.identity.tests.factories import AddressFactory, MemberFactory
from promotions.distribution import screening
from promotions.distribution.member_data import erase
from promotions.distribution.models import Binding, Distributor, FormerPhone, Sale
from promotions.distribution.screening import Destination
from promotions.distribution.services import selling
from promotions.distribution.services.forgetting import forget_phones
from promotions.distribution.tests.making import NOW, customer, distributor, later, prefer, product, sold, visit
from tests.concurrency.racing import run_together

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
        ({"address": "1.2.3.4"}, {"address": "1.2.3.4"}, ["network"]),
        ({"device": "d1", "address": "1.2.3.4"}, {"device": "d2", "address": "1.2.3.5"}, []),
        ({"device": ""}, {"device": ""}, []),
    ],
)
def test_the_same_device_or_network(theirs, own, signs):
    seller = distributor()
    buyer = customer(seller)
    signed_in(seller.member, **theirs)
    signed_in(buyer, **own)
    assert sold(buyer, 1000).signs == signs


HOME = Destination("110105", "朝阳路 8 号院 3-201", "+8613800138000")


@pytest.mark.parametrize(
    ("there", "signs"),
    [
        (HOME, ["address"]),
        (Destination("110105", "朝阳路８号院3－201 ", "+86 138-0013-8000"), ["address"]),
        (Destination("110106", "朝阳路 8 号院 3-201", "+8613800138000"), []),
        (Destination("110105", "朝阳路 8 号院 3-202", "+8613800138000"), []),
        (Destination("110105", "朝阳路 8 号院 3-201", "+8613800138001"), []),
        (Destination("110105", "", ""), []),
        (None, []),
    ],
)
@pytest.mark.parametrize("known_by", ["address", "order"])
def test_what_is_sent_to_where_the_distributor_receives_parcels(there, signs, known_by, settings):
    """By an address of theirs, or by something that they have ordered themselves."""
    seller = distributor()
    settings.MEMBER_DESTINATIONS = f"{__name__}.ordered_{'home' if known_by == 'order' else 'nothing'}"
    if known_by == "address":
        AddressFactory(member=seller.member, region_id=HOME.region_code, detail=HOME.detail, phone=HOME.phone)
    assert sold(customer(seller), 1000, destination=there).signs == signs


def ordered_home(*, member_id, region_code):
    return [("110105", "", ""), ("110105", HOME.detail, HOME.phone)] if region_code == "110105" else []


def ordered_nothing(*, member_id, region_code):
    return []


def test_what_distributors_send_home_for_themselves_is_no_sign():
    prefer(own_purchases="themselves")
    seller = distributor()
    AddressFactory(member=seller.member, region_id=HOME.region_code, detail=HOME.detail, phone=HOME.phone)
    assert sold(seller.member, 1000, destination=HOME, now=later(hours=1)).signs == []


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


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_orders_of_one_instant_count_each_other(guarded, monkeypatch):
    """Six at once where one a day is usual; the control counts before any of them is written."""
    prefer(sales_per_day=1)
    seller, goods = distributor(), product()
    buyers = [customer(seller) for _ in range(6)]
    if not guarded:
        counted, count = Barrier(6, timeout=60), screening._sold_on_day

        def count_when_all_look(*asked):
            found = count(*asked)
            counted.wait()
            return found

        monkeypatch.setattr(screening, "_sold_on_day", count_when_all_look)
        monkeypatch.setattr(selling, "lock_distributor", lambda pk: Distributor.objects.get(pk=pk))
    run_together(*[lambda buyer=buyer: sold(buyer, 1000, products=(goods,)) for buyer in buyers])
    reviews = sorted(Sale.objects.values_list("review", flat=True))
    assert reviews == (["clear"] + ["held"] * 5 if guarded else ["clear"] * 6)
