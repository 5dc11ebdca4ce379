import pytest
from django.urls import reverse

from logistics.carriers.demo import load
from logistics.carriers.engine import Parcel
from logistics.carriers.models import Carrier
from logistics.carriers.services import choose_carrier
from logistics.network.tests.factories import NOW

pytestmark = pytest.mark.django_db


def test_carriers_show_their_rates_by_province_name(admin_client):
    load(size="small", now=NOW)
    page = admin_client.get(reverse("admin:carriers_carrier_change", args=[Carrier.objects.get(code="JD").pk]))
    assert page.status_code == 200
    assert "西藏自治区" in page.content.decode()


def test_a_choice_shows_what_the_others_would_have_cost(admin_client):
    load(size="small", now=NOW)
    choose_carrier(reference="S1", parcel=Parcel("330000", "330000", 800, 0), now=NOW)
    page = admin_client.get(reverse("admin:carriers_carrierchoice_changelist")).content.decode()
    assert "¥3.20" in page
    assert "SF ¥9.00" in page
