import pytest

from logistics.network.demo import OPENING, load, load_stock
from logistics.network.invariants import LAWS
from logistics.network.models import Store, Warehouse, WarehouseStock
from logistics.network.tests.factories import NOW, make_region
from shop.catalog.tests.factories import make_sku

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_demo_network_is_loaded_once_and_new_products_get_stock_later():
    for code in ("330110", "440111", "510116", "330105", "440106"):
        make_region(code)
    first = make_sku()
    for _time in range(2):
        load(size="small", now=NOW)
        load_stock(size="small", now=NOW)
    assert (Warehouse.objects.count(), Store.objects.count()) == (3, 2)
    assert WarehouseStock.objects.filter(sku=first, on_hand__gte=80).count() == len(OPENING)
    second = make_sku()
    load_stock(size="small", now=NOW)
    assert WarehouseStock.objects.filter(sku=second).count() == len(OPENING)
    for law in LAWS:
        assert law() == []
