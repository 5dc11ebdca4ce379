import io

import pytest
from PIL import Image

from shop.catalog.demo.loader import load
from shop.catalog.demo.pictures import MOTIFS, draw_product
from shop.catalog.models import Category, Collection, Product, Sku
from shop.core import clock

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_small_demo_loads_once():
    assert load(size="small", now=clock.now()) == "16 products"
    assert load(size="small", now=clock.now()) == "0 products"
    assert Category.objects.count() == 8
    assert Product.objects.filter(on_shelf=True, min_price_fen__gt=0).count() == 16
    assert Sku.objects.get(code="FG-MOON-2").options == {"规格": "十二饼装"}
    assert Sku.objects.get(code="FG-MOON-2").price_fen == 32800
    assert Product.objects.get(code="FG-MOON").images.count() == 2
    assert Collection.objects.count() == 4


def test_pictures_are_drawn_alike_every_time():
    picture = draw_product("teapot", 140)
    assert picture == draw_product("teapot", 140)
    assert Image.open(io.BytesIO(picture)).size == (800, 800)
    assert len(MOTIFS) == 33
