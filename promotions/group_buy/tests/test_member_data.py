import pytest

from members.identity.tests.factories import MemberFactory
from orders.fulfilment.tests.test_parcels import pay
from promotions.group_buy.demo import load
from promotions.group_buy.invariants import LAWS
from promotions.group_buy.masks import masked_name
from promotions.group_buy.member_data import export, move
from promotions.group_buy.models import GroupBuy, MemberTally, Seat
from promotions.group_buy.services.ending import sweep_teams
from promotions.group_buy.tests.making import make_group_buy, seated, team_of
from shop.catalog.tests.factories import SkuFactory, make_sku
from shop.core import clock

pytestmark = pytest.mark.django_db(transaction=True)


def laws():
    return [sentence for law in LAWS for sentence in law()]


def test_two_accounts_become_one_with_both_seats_and_one_limit():
    tea = SkuFactory(price_fen=10_000, stock=9)
    group, (gone, kept) = make_group_buy((tea, 7000), limit_per_member=2), MemberFactory.create_batch(2)
    first = pay(seated(group, tea, member=gone))
    team = team_of(first)
    pay(seated(group, tea, team=team, member=kept))
    assert move(source_id=gone.pk, target_id=kept.pk, now=clock.now()) == {"team_seats": 1}
    assert (MemberTally.objects.get().orders, Seat.objects.filter(member=kept).count()) == (2, 2)
    [seat, _other] = export(member_id=kept.pk)["teams"]
    assert (seat["group_buy"], seat["order_number"], seat["led"], seat["team"]) == (
        "三人团",
        first.number,
        True,
        "open",
    )
    sweep_teams(now=team.due_at)
    assert (MemberTally.objects.get().orders, laws()) == (0, [])


def test_the_demo_shop_has_a_group_buy():
    sku = make_sku(price_fen=8800, code="TEA")
    sku.product.category.slug = "tea"
    sku.product.category.save()
    assert load(size="small", now=clock.now()) == "1 group buy"
    assert load(size="small", now=clock.now()) == "0 group buys"
    group = GroupBuy.objects.get()
    item = group.items.get()
    assert (group.status, item.price_fen, item.leader_price_fen) == ("running", 6100, 5490)


@pytest.mark.parametrize(("name", "shown"), [("林小满", "林***满"), ("Jo", "J***"), (" 林 ", "林***"), ("", "***")])
def test_names_are_masked(name, shown):
    assert masked_name(name) == shown
