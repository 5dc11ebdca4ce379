import pytest

from promotions.bargaining.demo import load
from promotions.bargaining.invariants import LAWS
from promotions.bargaining.member_data import export, move
from promotions.bargaining.models import Bargain, BargainAttempt, BargainTally, Cut
from promotions.bargaining.tests.making import DAY, NOW, help_with, make_bargain, old_member, start
from shop.catalog.models import SkuStock
from shop.catalog.tests.factories import make_category, make_sku
from shop.core import clock

pytestmark = pytest.mark.django_db


def laws():
    return [sentence for law in LAWS for sentence in law()]


def test_two_accounts_become_one_with_the_limits_of_both():
    bargain, gone, kept = make_bargain(attempts_per_member=2, helps_per_day=3), old_member(), old_member()
    theirs, other = start(bargain), start(bargain)
    help_with(theirs, gone)
    help_with(theirs, kept)
    help_with(other, gone)
    mine = start(bargain, gone)
    start(bargain, kept)
    assert move(source_id=gone.pk, target_id=kept.pk, now=NOW) == {"bargains": 1, "bargain_cuts": 2}
    mine.refresh_from_db()
    assert mine.member == kept
    tally = BargainTally.objects.get(member=kept)
    assert (tally.attempts, tally.helps, tally.helps_of_day) == (2, 3, 3)
    assert not BargainTally.objects.filter(member=gone).exists()
    assert sorted(theirs.cuts.values_list("helper", flat=True), key=str) == sorted(
        [theirs.member_id, kept.pk, None], key=str
    )
    assert laws() == []


def test_a_member_takes_attempts_and_helps_along():
    bargain, member = make_bargain(), old_member()
    start(bargain, member)
    cut = help_with(start(bargain), member)
    told = export(member_id=member.pk)
    assert [(row["bargain"], row["list_fen"], row["status"]) for row in told["bargains"]] == [
        ("新春砍价", 10_000, "open")
    ]
    assert cut.fen in [row["fen"] for row in told["bargain_cuts"]]


def test_the_demo_shop_has_a_bargain_that_friends_have_helped():
    assert load(size="small", now=clock.now()) == "0 bargains"
    tea = make_sku(category_id=make_category(slug="tea").pk, price_fen=6800)
    SkuStock.objects.filter(sku=tea).update(available=9)
    for _ in range(3):
        old_member(clock.now())
    assert load(size="small", now=clock.now()) == "1 bargain"
    assert load(size="small", now=clock.now()) == "0 bargains"
    bargain, attempt = Bargain.objects.get(), BargainAttempt.objects.get()
    assert (bargain.status, bargain.floor_fen, Cut.objects.filter(attempt=attempt).count()) == ("running", 4080, 3)
    assert (attempt.expires_at > clock.now() + DAY - DAY / 24, laws()) == (True, [])
