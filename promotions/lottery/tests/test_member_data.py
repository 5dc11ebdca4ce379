import pytest

from members.identity.tests.factories import MemberFactory
from promotions.lottery.demo import load
from promotions.lottery.errors import DrawsUsedToday
from promotions.lottery.invariants import LAWS
from promotions.lottery.member_data import export, move
from promotions.lottery.models import ChanceAccount, Draw, Lottery
from promotions.lottery.queries import wins_of
from promotions.lottery.tests.making import DAY, NOW, draw_once, give, given_and_drawn, make_lottery, sure
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock

pytestmark = pytest.mark.django_db(transaction=True)


def laws():
    return [sentence for law in LAWS for sentence in law()]


def test_two_accounts_become_one_with_the_chances_draws_and_prizes_of_both():
    lottery, other = make_lottery(*sure(), draws_per_day=2), make_lottery(*sure())
    gone, kept = MemberFactory.create_batch(2)
    give(lottery, gone, 4)
    draw_once(lottery, gone)
    draw_once(lottery, gone)
    given_and_drawn(lottery, kept, now=NOW + DAY)
    given_and_drawn(other, gone)
    assert move(source_id=gone.pk, target_id=kept.pk, now=NOW) == {"lottery_draws": 3, "lottery_chances": 5}
    account = ChanceAccount.objects.get(lottery=lottery)
    assert (account.member, account.balance, account.draws, account.draws_of_day) == (kept, 2, 3, 1)
    numbers = Draw.objects.filter(lottery=lottery, member=kept).values_list("number", flat=True)
    assert (sorted(numbers), wins_of(member_id=kept.pk).count(), laws()) == ([1, 2, 3], 4, [])
    assert draw_once(lottery, kept, now=NOW + DAY).number == 4
    with pytest.raises(DrawsUsedToday):
        draw_once(lottery, kept, now=NOW + DAY)


def test_a_member_takes_their_draws_and_chances_along():
    lottery, member = make_lottery(*sure()), MemberFactory.create()
    given_and_drawn(lottery, member)
    found = export(member_id=member.pk)
    [drawn], [came, went] = found["lottery_draws"], found["lottery_chances"]
    assert (drawn["prize"], drawn["paid_with"], len(drawn["odds_sha256"])) == ("50 积分", "chance", 64)
    assert [(each["from"], each["chances"]) for each in (came, went)] == [("gift", 1), ("draw", -1)]


def test_the_demo_shop_has_a_wheel_that_members_have_drawn():
    MemberFactory.create_batch(2)
    SkuFactory(price_fen=30_000, stock=9)
    assert load(size="small", now=clock.now()) == "1 lottery with 2 draws"
    assert load(size="small", now=clock.now()) == "0 lotteries"
    lottery = Lottery.objects.get()
    kinds = set(lottery.prizes.values_list("kind", flat=True))
    assert (lottery.status, kinds) == ("running", {"goods", "points", "coupon", "code", "none"})
    assert (Draw.objects.count(), laws()) == (2, [])
