import pytest
from django.urls import reverse

from logistics.freight.demo import load
from logistics.freight.models import FreightTemplate
from logistics.freight.queries import quote_freight
from logistics.network.tests.factories import NOW

pytestmark = pytest.mark.django_db


def zone(number: int, provinces: list[str], **fields) -> dict:
    row = {"name": f"zone {number}", "delivers": "on", "first_weight_g": 1000, "step_weight_g": 1000}
    values = {**row, "first_fen": 800, "step_fen": 200, "provinces": provinces, **fields}
    return {f"zones-{number}-{name}": value for name, value in values.items()}


def save(admin_client, *zones: dict):
    form = {"name": "t", "volumetric_divisor": 0, "zones-TOTAL_FORMS": len(zones), "zones-INITIAL_FORMS": 0}
    for each in zones:
        form |= each
    return admin_client.post(reverse("admin:freight_freighttemplate_add"), form)


def test_provinces_are_chosen_by_name(admin_client):
    load(size="small", now=NOW)
    page = admin_client.get(
        reverse("admin:freight_freighttemplate_change", args=[FreightTemplate.objects.get().pk])
    ).content.decode()
    assert "新疆维吾尔自治区" in page


def test_who_saves_a_template_is_quoted_by_it(admin_client):
    asked = {"province_code": "330000", "weight_g": 1000, "volume_cm3": 0, "goods_fen": 5000}
    assert quote_freight(**asked).fen == 0
    assert save(admin_client, zone(0, []) | {"is_default": "on"}).status_code == 302
    assert quote_freight(**asked).fen == 80_000


def test_a_template_is_saved_with_its_zones(admin_client):
    assert save(admin_client, zone(0, []), zone(1, ["650000", "540000"])).status_code == 302
    assert list(FreightTemplate.objects.get().zones.order_by("pk").values_list("provinces", flat=True)) == [
        [],
        ["650000", "540000"],
    ]


@pytest.mark.parametrize(
    "zones",
    [
        (),
        (zone(0, ["650000"]), zone(1, ["650000"])),
        (zone(0, []), zone(1, [])),
        (zone(0, ["999999"]),),
        (zone(0, [], step_weight_g=0),),
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
