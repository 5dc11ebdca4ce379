import pytest

from logistics.freight.demo import load
from logistics.freight.errors import NotDeliverable
from logistics.freight.models import FreightTemplate
from logistics.freight.queries import quote_freight
from logistics.network.tests.factories import NOW

pytestmark = pytest.mark.django_db


def test_the_default_template_decides_and_is_read_once(django_assert_num_queries):
    load(size="small", now=NOW)
    with django_assert_num_queries(1):
        quote_freight(province_code="330000", weight_g=1200, volume_cm3=0, goods_fen=5000)
        near = quote_freight(province_code="330000", weight_g=1200, volume_cm3=0, goods_fen=5000)
    assert near.fen == 1000
    assert quote_freight(province_code="650000", weight_g=1200, volume_cm3=0, goods_fen=50_000).fen == 3800
    with pytest.raises(NotDeliverable):
        quote_freight(province_code="710000", weight_g=1200, volume_cm3=0, goods_fen=5000)


def test_what_an_order_pays_is_never_what_was_kept():
    load(size="small", now=NOW)
    asked = {"province_code": "330000", "weight_g": 1200, "volume_cm3": 0, "goods_fen": 5000}
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
    assert quote_freight(province_code="330000", weight_g=1200, volume_cm3=0, goods_fen=5000).fen == 0
