import pytest
from django.urls import reverse
from msgspec import structs

from logistics.freight.demo import load
from logistics.freight.engine import Goods
from logistics.freight.errors import NotDeliverable
from logistics.freight.models import FreightTemplate, ProductFreight
from logistics.freight.queries import quote_freight
from logistics.network.tests.factories import NOW
from shop.catalog.models import Product
from shop.catalog.tests.factories import make_category, make_sku

pytestmark = pytest.mark.django_db


def zone(number: int, regions: list[str], **fields) -> dict:
    row = {"name": f"zone {number}", "delivers": "on", "first_size": 1000, "step_size": 1000}
    values = {**row, "first_fen": 800, "step_fen": 200, "cheaper_fen": 0, "regions": regions, **fields}
    return {f"zones-{number}-{name}": value for name, value in values.items()}


def save(admin_client, *zones: dict):
    form = {
        "name": "t",
        "billed_by": "weight",
        "volumetric_divisor": 0,
        "zones-TOTAL_FORMS": len(zones),
        "zones-INITIAL_FORMS": 0,
    }
    for each in zones:
        form |= each
    return admin_client.post(reverse("admin:freight_freighttemplate_add"), form)


def test_provinces_and_cities_are_chosen_by_name(admin_client):
    load(size="small", now=NOW)
    page = admin_client.get(
        reverse("admin:freight_freighttemplate_change", args=[FreightTemplate.objects.get().pk])
    ).content.decode()
    assert "新疆维吾尔自治区" in page
    assert "四川省 甘孜藏族自治州" in page


def test_who_saves_a_template_is_quoted_by_it(admin_client):
    asked = {"region_code": "330106", "goods": {1: Goods(weight_g=1000, volume_cm3=0, pieces=1, worth_fen=5000)}}
    assert quote_freight(**asked).fen == 0
    assert save(admin_client, zone(0, []) | {"is_default": "on"}).status_code == 302
    assert quote_freight(**asked).fen == 80_000


def test_a_template_is_saved_with_its_zones(admin_client):
    assert save(admin_client, zone(0, []), zone(1, ["650000", "540000"])).status_code == 302
    assert list(FreightTemplate.objects.get().zones.order_by("pk").values_list("regions", flat=True)) == [
        [],
        ["650000", "540000"],
    ]


def test_a_template_by_pieces_with_a_city_apart_is_quoted(admin_client):
    zones = zone(0, [], first_size=2, step_size=1, first_fen="8.00", step_fen="2.00")
    remote = zone(1, ["513300"], first_size=2, step_size=1, first_fen="20.00", step_fen="5.00")
    remote |= {"zones-1-cheaper_from_fen": "100.00", "zones-1-cheaper_fen": "15.00"}
    form = {"is_default": "on", "billed_by": "pieces"}
    assert save(admin_client, zones, zone(2, ["510000"], delivers=""), remote | form).status_code == 302
    goods = Goods(weight_g=90_000, volume_cm3=0, pieces=3, worth_fen=9_999)
    assert quote_freight(region_code="330106", goods={1: goods}).fen == 1000
    assert quote_freight(region_code="513301", goods={1: goods}).fen == 2500
    assert quote_freight(region_code="513301", goods={1: structs.replace(goods, worth_fen=10_000)}).fen == 1500
    with pytest.raises(NotDeliverable):
        quote_freight(region_code="510107", goods={1: goods})


@pytest.mark.parametrize(
    "zones",
    [
        (),
        (zone(0, ["650000"]), zone(1, ["650000"])),
        (zone(0, []), zone(1, [])),
        (zone(0, ["999999"]),),
        (zone(0, [], step_size=0),),
    ],
)
def test_zones_that_contradict_each_other_are_refused(admin_client, zones):
    assert save(admin_client, *zones).status_code == 200
    assert not FreightTemplate.objects.exists()


def test_the_default_template_cannot_be_deleted(admin_client):
    load(size="small", now=NOW)
    template = FreightTemplate.objects.get()
    page = reverse("admin:freight_freighttemplate_delete", args=[template.pk])
    assert admin_client.post(page, {"post": "yes"}).status_code == 403
    assert FreightTemplate.objects.exists()


def test_the_default_flag_moves_to_another_template_and_is_never_only_dropped(admin_client):
    load(size="small", now=NOW)
    first = FreightTemplate.objects.get()
    page = reverse("admin:freight_freighttemplate_change", args=[first.pk])
    row = first.zones.order_by("pk").first()
    form = {"name": "t", "billed_by": "weight", "volumetric_divisor": 0}
    form |= {"zones-TOTAL_FORMS": 1, "zones-INITIAL_FORMS": 1, **zone(0, [])}
    assert admin_client.post(page, form | {"zones-0-id": row.pk, "zones-0-template": first.pk}).status_code == 200
    assert save(admin_client, zone(0, []) | {"is_default": "on", "name": "new"}).status_code == 302
    assert list(FreightTemplate.objects.filter(is_default=True).values_list("name", flat=True)) == ["new"]


def test_a_product_s_own_template_is_chosen_on_its_page_and_taken_back_there(admin_client):
    load(size="small", now=NOW)
    assert save(admin_client, zone(0, [], first_fen="30.00")).status_code == 302
    own, sku = FreightTemplate.objects.get(name="t"), make_sku()
    asked = {"region_code": "330106", "goods": {sku.pk: Goods(weight_g=500, volume_cm3=0, pieces=1, worth_fen=100)}}
    page = reverse("admin:catalog_product_change", args=[sku.product_id])

    def choose(template: str) -> int:
        product, own = sku.product, ProductFreight.objects.first()
        form = {"code": product.code, "kind": "goods", "name": product.name, "category": product.category_id}
        form |= {"max_discount_bp": "100", "skus-TOTAL_FORMS": 1, "skus-INITIAL_FORMS": 1}
        form |= {"images-TOTAL_FORMS": 0, "images-INITIAL_FORMS": 0}
        row = {"id": sku.pk, "product": product.pk, "code": sku.code, "price_fen": "1.00", "weight_g": 0}
        row |= {"volume_cm3": 0, "position": 0, "is_active": "on"}
        form |= {f"skus-0-{name}": value for name, value in row.items()}
        form |= {"freight-TOTAL_FORMS": 1, "freight-INITIAL_FORMS": int(own is not None)}
        form |= {"freight-0-template": template, "freight-0-product": product.pk, "freight-0-id": own.pk if own else ""}
        answer = admin_client.post(page, form)
        assert answer.status_code == 302, answer.context["errors"]
        return quote_freight(**asked).fen

    assert choose("") == 800
    assert not ProductFreight.objects.exists()
    assert choose(str(own.pk)) == 3000
    assert choose("") == 800
    assert not ProductFreight.objects.exists()


def test_a_template_that_products_have_cannot_be_deleted(admin_client):
    assert save(admin_client, zone(0, [])).status_code == 302
    own = FreightTemplate.objects.get()
    ProductFreight.objects.create(product=make_sku().product, template=own)
    page = reverse("admin:freight_freighttemplate_delete", args=[own.pk])
    admin_client.post(page, {"post": "yes"})
    assert FreightTemplate.objects.filter(pk=own.pk).exists()


def test_a_category_goes_by_a_template_and_back_to_the_default_one(admin_client):
    load(size="small", now=NOW)
    assert save(admin_client, zone(0, [])).status_code == 302
    default, own = FreightTemplate.objects.order_by("pk")
    above = make_category()
    inside, below, apart = make_sku(), make_sku(), make_sku()
    Product.objects.filter(pk=inside.product_id).update(category=above)
    Product.objects.filter(pk=below.product_id).update(category=make_category("深一层", parent=above))
    for template, billed in ((own, {inside.product_id, below.product_id}), (own, None), (default, set())):
        page = reverse("admin:freight_freighttemplate_bill_category", args=[template.pk])
        assert admin_client.get(page).status_code == 200
        assert admin_client.post(page, {"category": above.pk}).status_code == 302
        if billed is not None:
            assert set(ProductFreight.objects.values_list("product_id", flat=True)) == billed
    assert admin_client.post(page, {"category": "x"}).status_code == 200
    assert apart.product_id not in ProductFreight.objects.values_list("product_id", flat=True)
