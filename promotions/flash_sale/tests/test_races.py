"""At the door of a flash sale: the quota and the limit of a member hold however many come at once."""

from threading import Barrier

import pytest
from django.db import IntegrityError

from members.identity.tests.factories import MemberFactory
from promotions.campaigns.queries import buyer_for
from promotions.flash_sale.errors import FlashSaleLimitReached, FlashSaleSoldOut
from promotions.flash_sale.invariants import LAWS
from promotions.flash_sale.models import FlashSaleItem, FlashSaleUse
from promotions.flash_sale.services import using
from promotions.flash_sale.services.using import claim_item, reduce_item, release_item
from promotions.flash_sale.tests.making import live_item
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.prepared import Prepared
from shop.core.transactions import use_case
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)


@use_case
def guarded(*, order, member, item):
    now = clock.now()
    claim_item(
        order_number=order,
        buyer=buyer_for(member_id=member.pk, channel="", now=now),
        item_id=item.pk,
        units=1,
        discount_fen=2000,
        points=0,
        now=now,
    )


CROWD = 50


def unlimited():
    """The shop's own statement without what it asks of the quota and of the member's limit."""
    sql = using._TAKE.sql
    for condition in (
        ' AND item."left" >= %(units)s::int',
        "WHERE %(limit)s::int IS NULL OR %(units)s::int <= %(limit)s::int",
        "WHERE %(limit)s::int IS NULL OR tally.units + excluded.units <= %(limit)s::int",
    ):
        assert condition in sql
        sql = sql.replace(condition, "")
    return Prepared("flash_sale_take_unlimited", sql)


@pytest.mark.parametrize("is_guarded", [True, False])
@pytest.mark.parametrize(
    ("limits", "by_one", "refusal", "unguarded"),
    [
        ({"quota": 3, "limit_per_member": None}, False, FlashSaleSoldOut, [IntegrityError] * (CROWD - 3)),
        ({"quota": CROWD, "limit_per_member": 3}, True, FlashSaleLimitReached, []),
    ],
)
def test_a_crowd_takes_exactly_what_there_is(is_guarded, limits, by_one, refusal, unguarded, monkeypatch):
    """Without its condition the quota is held by the CHECK behind it alone, and the limit by nothing."""
    item = live_item(SkuFactory(price_fen=10_000), **limits)
    members = [MemberFactory.create()] * CROWD if by_one else MemberFactory.create_batch(CROWD)
    if not is_guarded:
        monkeypatch.setattr(using, "_TAKE", unlimited())
    answers = run_together(
        *[
            lambda number=number, member=member: guarded(order=f"D{number}", member=member, item=item)
            for number, member in enumerate(members)
        ]
    )
    refused = [type(each) for each in answers if each is not None]
    assert refused == ([refusal] * (CROWD - 3) if is_guarded else unguarded)
    assert FlashSaleUse.objects.count() == CROWD - len(refused)
    if is_guarded:
        assert FlashSaleItem.objects.get().taken == 3
        assert [sentence for law in LAWS for sentence in law()] == []


def look_and_give_back(standing):
    """The twin without the lock: both have seen the use stand before either gives it back."""
    both_have_looked = Barrier(2, timeout=60)

    def lock_standing(order_number):
        use = standing(order_number)
        both_have_looked.wait()
        return use

    return lock_standing


@pytest.mark.parametrize(("is_guarded", "taken"), [(True, 1), (False, 0)])
def test_units_that_come_back_twice_at_once_come_back_once(is_guarded, taken, monkeypatch):
    item, member = live_item(SkuFactory(price_fen=10_000), quota=4, limit_per_member=None), MemberFactory()
    for number in range(2):
        guarded(order=f"A{number}", member=member, item=item)
    if not is_guarded:
        uses = FlashSaleUse.objects.select_related("item__session")
        looks = look_and_give_back(lambda number: uses.get(order_number=number, released_at=None))
        monkeypatch.setattr(using, "_lock_standing", looks)

    @use_case
    def give_back():
        reduce_item(order_number="A0", units=0, discount_fen=0, paid_fen=0, now=clock.now())

    run_together(give_back, give_back)
    assert FlashSaleItem.objects.get().taken == taken
    assert ([sentence for law in LAWS for sentence in law()] == []) is is_guarded


def test_what_comes_back_while_others_take_is_counted_once():
    item = live_item(SkuFactory(price_fen=10_000), quota=4, limit_per_member=None)
    members = [MemberFactory() for _ in range(8)]
    for number in range(4):
        guarded(order=f"A{number}", member=members[number], item=item)

    @use_case
    def release(number):
        return release_item(order_number=f"A{number}", now=clock.now())

    released = run_together(
        *[lambda number=number: release(number % 2) for number in range(4)],
        *[lambda n=number: guarded(order=f"B{n}", member=members[n], item=item) for number in range(4, 8)],
    )
    assert sorted(each for each in released[:4] if isinstance(each, int)) == [0, 0, 1, 1]
    standing = FlashSaleUse.objects.filter(released_at=None).count()
    assert 2 <= standing <= 4
    assert FlashSaleItem.objects.get().taken == standing
    assert [sentence for law in LAWS for sentence in law()] == []
