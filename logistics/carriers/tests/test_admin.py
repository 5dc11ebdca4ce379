import pytest
from django.urls import reverse

from logistics.carriers.demo import load
from logistics.carriers.engine import Parcel
from logistics.carriers.models import Carrier, QualityDay
from logistics.carriers.services import choose_carrier
from logistics.network.tests.factories import NOW
from shop.core import clock

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


def test_the_page_of_a_choice_is_a_table_and_no_code(admin_client):
    load(size="small", now=NOW)
    too_slow = Parcel("330000", "330000", 800, 0, within_hours=25)
    choice = choose_carrier(reference="S1", parcel=too_slow, now=NOW)
    page = admin_client.get(
        reverse("admin:carriers_carrierchoice_change", args=[choice.pk]), headers={"Accept-Language": "en"}
    ).content.decode()
    names = {offer["carrier_code"]: offer for offer in choice.candidates}
    assert len(names) > 1
    for carrier in Carrier.objects.filter(code__in=names):
        assert f">{carrier.name}<" in page.replace("\n", "").replace("  ", "")
    assert "too slow" in page
    assert [raw for raw in ("carrier_id", "too_slow", "cost_fen", "&#x27;", "&quot;rejected") if raw in page] == []


def test_the_scorecard_shows_what_carriers_kept(admin_client):
    carrier = Carrier.objects.create(code="ABC", name="准时达")
    QualityDay.objects.create(day=clock.business_day(clock.now()), carrier=carrier, on_time=9, due=10)
    page = admin_client.get(reverse("admin:carriers_carrier_scorecard")).content.decode()
    for words in ("准时达", "90.0", "59.6 – 98.2"):
        assert words in page
