from dataclasses import replace

import pytest

from logistics.freight.demo import load
from logistics.freight.engine import Goods
from logistics.freight.errors import NotDeliverable
from logistics.freight.models import FreightTemplate
from logistics.freight.queries import quote_freight
from logistics.network.tests.factories import NOW

pytestmark = pytest.mark.django_db
GOODS = Goods(weight_g=1200, volume_cm3=0, pieces=1, worth_fen=5000)
XIHU = "330106"


def test_the_default_template_decides_and_is_read_once(django_assert_num_queries):
    load(size="small", now=NOW)
    with django_assert_num_queries(1):
        quote_freight(region_code=XIHU, goods=GOODS)
        near = quote_freight(region_code=XIHU, goods=GOODS)
    assert near.fen == 1000
    assert quote_freight(region_code="650102", goods=replace(GOODS, worth_fen=50_000)).fen == 3800
    with pytest.raises(NotDeliverable):
        quote_freight(region_code="710000", goods=GOODS)


def test_a_city_can_be_remote_where_its_province_is_not():
    load(size="small", now=NOW)
    # Wuhou in Chengdu, and Kangding in Garzê.
    assert quote_freight(region_code="510107", goods=GOODS).fen == 1000
    assert quote_freight(region_code="513301", goods=GOODS).fen == 3800


def test_what_an_order_pays_is_never_what_was_kept():
    load(size="small", now=NOW)
    asked = {"region_code": XIHU, "goods": GOODS}
    assert quote_freight(**asked).fen == 1000
    FreightTemplate.objects.update(free_from_fen=100)
    assert quote_freight(**asked).fen == 1000
    assert quote_freight(**asked, binding=True).fen == 0
    assert quote_freight(**asked).fen == 0


def test_loading_twice_keeps_what_the_merchant_changed():
    load(size="small", now=NOW)
    FreightTemplate.objects.update(free_from_fen=100)
    load(size="small", now=NOW)
    assert FreightTemplate.objects.get().free_from_fen == 100


def test_without_a_template_delivery_is_free():
    assert quote_freight(region_code=XIHU, goods=GOODS).fen == 0
