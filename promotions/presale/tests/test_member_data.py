import pytest

from members.identity.tests.factories import MemberFactory
from promotions.presale.invariants import LAWS
from promotions.presale.member_data import export, move
from promotions.presale.models import PresaleTally, PresaleUse
from promotions.presale.services import claim_presale, release_presale
from promotions.presale.tests.making import make_item
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.transactions import unit_of_work

pytestmark = pytest.mark.django_db(transaction=True)


def claim(item, member, number, units):
    with unit_of_work():
        claim_presale(
            order_number=number,
            member_id=member.pk,
            item_id=item.pk,
            units=units,
            discount_fen=0,
            now=clock.now(),
        )


def test_two_accounts_become_one_with_the_units_of_both():
    item = make_item(SkuFactory(price_fen=9800), limit_per_member=3)
    gone, kept = MemberFactory.create_batch(2)
    claim(item, gone, "D1", 2)
    claim(item, kept, "D2", 3)
    assert move(source_id=gone.pk, target_id=kept.pk, now=clock.now()) == {"presale_orders": 1}
    tally = PresaleTally.objects.get()
    assert (tally.member, tally.units) == (kept, 5)
    assert [sentence for law in LAWS for sentence in law()] == []
    with unit_of_work():
        release_presale(order_number="D1", now=clock.now())
    assert (PresaleTally.objects.get().units, PresaleUse.objects.get(order_number="D1").member) == (3, kept)


def test_a_member_takes_their_presales_along():
    item, member = make_item(SkuFactory(price_fen=9800)), MemberFactory.create()
    claim(item, member, "D1", 1)
    [row] = export(member_id=member.pk)["presales"]
    assert (row["order_number"], row["units"], row["released_at"]) == ("D1", 1, None)


def test_the_laws_notice_what_does_not_add_up():
    item, member = make_item(SkuFactory(price_fen=9800)), MemberFactory.create()
    claim(item, member, "D1", 2)
    assert [bool(law()) for law in LAWS] == [False, False, False]
    PresaleUse.objects.update(units=1)
    assert [bool(law()) for law in LAWS] == [True, True, False]
