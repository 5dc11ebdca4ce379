"""The demo's points mall: every kind is there, live, and lawful."""

import pytest

from orders.after_sales.tests.making import deliver_facts
from orders.fulfilment import reward_demo
from points.mall.models import Redemption, Reward, RewardCode, Slot, Zone
from points.mall.tests.making import assert_lawful, give_points
from promotions.redemption import demo
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_kind_is_live_and_loaded_once(member):
    for price_fen in (1000, 5000, 9000):
        SkuFactory(price_fen=price_fen, stock=50)
    now = clock.now()
    assert demo.load(size="small", now=now) == "6 rewards in 4 zones"
    assert demo.load(size="small", now=now) == "0 rewards"
    assert set(Reward.objects.filter(status="live").values_list("kind", flat=True)) == set(Reward.Kind.values)
    assert (RewardCode.objects.count(), Slot.objects.count(), Zone.objects.count()) == (30, 56, 4)
    give_points(member, 60)
    assert reward_demo.load(size="small", now=now) == "1 redemptions"
    deliver_facts()
    assert Redemption.objects.get().status == "given"
    assert reward_demo.load(size="small", now=now) == "0 redemptions"
    assert_lawful()
