import pytest
from msgspec import structs

from logistics.freight.demo import load
from logistics.freight.engine import Goods
from logistics.freight.errors import NotDeliverable
from logistics.freight.models import FreightTemplate, FreightZone, ProductFreight
from logistics.freight.queries import KNOWN, quote_freight
from logistics.network.tests.factories import NOW
from shop.catalog.tests.factories import make_sku

pytestmark = pytest.mark.django_db
TEA = Goods(weight_g=1200, volume_cm3=0, pieces=1, worth_fen=5000)
GOODS = {1: TEA}
XIHU = "330106"


def test_the_default_template_decides_and_is_read_once(django_assert_num_queries):
    load(size="small", now=NOW)
    # The template, and whether any product has one of its own.
    with django_assert_num_queries(2):
        quote_freight(region_code=XIHU, goods=GOODS)
        near = quote_freight(region_code=XIHU, goods=GOODS)
    assert near.fen == 1000
    assert quote_freight(region_code="650102", goods={1: structs.replace(TEA, worth_fen=50_000)}).fen == 3800
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


def own_template(*skus, name: str = "大件", **zone) -> FreightTemplate:
    """¥30 for the first piece and ¥10 for each further, for the products of these SKUs."""
    template = FreightTemplate.objects.create(name=name, billed_by="pieces")
    rates = {"first_size": 1, "first_fen": 3000, "step_size": 1, "step_fen": 1000}
    FreightZone.objects.create(template=template, name="全国", **{**rates, **zone})
    ProductFreight.objects.bulk_create(ProductFreight(product_id=sku.product_id, template=template) for sku in skus)
    KNOWN.forget()
    return template


@pytest.mark.parametrize("binding", [True, False])
def test_what_several_templates_come_to_is_added_up(binding, django_assert_num_queries):
    """Two lots of tea by the default one: 2,400 g, ¥8 and two steps of ¥2. Three sofas: ¥30 and two of ¥10."""
    load(size="small", now=NOW)
    tea, cup, sofa, chair = (make_sku() for _ in range(4))
    own_template(sofa, chair)
    light = structs.replace(TEA, worth_fen=4000)
    goods = {
        tea.pk: light,
        sofa.pk: structs.replace(TEA, pieces=2),
        cup.pk: light,
        chair.pk: structs.replace(TEA, worth_fen=1_000_000),
    }
    quote_freight(region_code=XIHU, goods=goods)
    with django_assert_num_queries(1):
        found = quote_freight(region_code=XIHU, goods=goods, binding=binding)
    assert [(part.template, part.rule, part.sku_ids, part.fen) for part in found.parts] == [
        ("全国默认运费", "普通地区", (tea.pk, cup.pk), 1200),
        ("大件", "全国", (sofa.pk, chair.pk), 5000),
    ]
    assert found.fen == 6200


def test_a_threshold_is_reached_by_the_goods_of_its_own_template():
    """Free from ¥99 on: sofas of any worth make tea no cheaper, and tea of that worth no sofa."""
    load(size="small", now=NOW)
    tea, sofa = make_sku(), make_sku()
    own_template(sofa)
    dear = structs.replace(TEA, worth_fen=1_000_000)
    assert quote_freight(region_code=XIHU, goods={tea.pk: TEA, sofa.pk: dear}).fen == 1000 + 3000
    assert quote_freight(region_code=XIHU, goods={tea.pk: dear, sofa.pk: TEA}).fen == 0 + 3000


def test_one_template_that_does_not_deliver_names_its_goods():
    load(size="small", now=NOW)
    tea, sofa = make_sku(), make_sku()
    own_template(sofa, delivers=False)
    with pytest.raises(NotDeliverable) as refusal:
        quote_freight(region_code=XIHU, goods={tea.pk: TEA, sofa.pk: TEA})
    assert refusal.value.data["sku_ids"] == [sofa.pk]
    assert quote_freight(region_code=XIHU, goods={tea.pk: TEA}).fen == 1000


def test_without_a_default_template_goods_of_their_own_one_still_pay():
    tea, sofa = make_sku(), make_sku()
    own_template(sofa)
    assert quote_freight(region_code=XIHU, goods={tea.pk: TEA, sofa.pk: TEA}, binding=True).fen == 3000
    assert quote_freight(region_code=XIHU, goods={}, binding=True).fen == 0
