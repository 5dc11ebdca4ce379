from datetime import time

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from logistics.carriers.cards import keep_card
from logistics.carriers.demo import load
from logistics.carriers.engine import Parcel
from logistics.carriers.models import Carrier, CarrierRate, QualityDay, RateCard
from logistics.carriers.queries import offers_for
from logistics.carriers.services import choose_carrier
from logistics.network.tests.factories import NOW
from shop.core import clock
from shop.core.actors import Actor

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


def test_each_change_of_rates_is_a_version_that_choices_name(admin_client):
    carrier = Carrier.objects.create(code="ZTO", name="中通")
    page = reverse("admin:carriers_carrier_change", args=[carrier.pk])
    form = {
        "code": "ZTO",
        "name": "中通",
        "name_en": "",
        "volumetric_divisor": "6000",
        "is_active": "on",
        "rates-TOTAL_FORMS": "1",
        "rates-INITIAL_FORMS": "0",
        "rates-0-origin_province": "*",
        "rates-0-destination_province": "650000",
        "rates-0-first_weight_g": "1000",
        "rates-0-first_fen": "5.00",
        "rates-0-step_weight_g": "1000",
        "rates-0-step_fen": "2.00",
        "rates-0-surcharge_fen": "3.00",
        "rates-0-eta_hours": "48",
        "cards-TOTAL_FORMS": "0",
        "cards-INITIAL_FORMS": "0",
    }
    assert admin_client.post(page, form).status_code == 302
    rate = CarrierRate.objects.get()
    again = {**form, "rates-INITIAL_FORMS": "1", "rates-0-id": rate.pk, "rates-0-carrier": carrier.pk}
    assert admin_client.post(page, again).status_code == 302
    assert admin_client.post(page, {**again, "rates-0-first_fen": "6.00"}).status_code == 302
    cards = [(each.version, each.rates["rates"][0]["first_fen"], each.made_by) for each in carrier.cards.order_by("pk")]
    assert cards == [(1, 500, "staff:admin"), (2, 600, "staff:admin")]
    (offer,) = offers_for(Parcel("330000", "650000", 1001, 0))
    # The first weight, a step, and the surcharge.
    assert (offer.cost_fen, offer.card) == (600 + 200 + 300, 2)
    with pytest.raises(DatabaseError), transaction.atomic():
        RateCard.objects.update(rates={})
    assert "¥6.00 / 1,000 g" in admin_client.get(page).content.decode()
    last = {**again, "rates-0-first_fen": "6.00", "pick_up_at": "18:00"}
    assert admin_client.post(page, last).status_code == 302
    assert [each.rates["pick_up_at"] for each in carrier.cards.order_by("pk")] == [None, None, "18:00"]


def test_what_was_not_asked_yet_when_a_card_was_kept_makes_no_new_version():
    carrier = Carrier.objects.create(code="ZTO", name="中通")
    rates = {"volumetric_divisor": 6000, "rates": []}
    RateCard.objects.create(carrier=carrier, version=1, rates=rates, made_by="-", made_at=NOW)
    assert keep_card(carrier_id=carrier.pk, actor=Actor.system("test"), now=NOW) is None
    Carrier.objects.update(pick_up_at=time(18))
    assert keep_card(carrier_id=carrier.pk, actor=Actor.system("test"), now=NOW).version == 2
