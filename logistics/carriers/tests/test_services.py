import pytest

from logistics.carriers.demo import load
from logistics.carriers.engine import Parcel
from logistics.carriers.models import Carrier, CarrierChoice
from logistics.carriers.queries import QUALITY, destination_of, estimate_for, offers_for
from logistics.carriers.services import choose_carrier
from logistics.network.tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def carriers(db):
    load(size="small", now=NOW)


def choice(destination: str, weight_g: int) -> CarrierChoice | None:
    parcel = Parcel("330000", destination, weight_g, 0)
    return choose_carrier(reference="S1", parcel=parcel, now=NOW)


@pytest.mark.parametrize(
    ("destination", "weight_g", "carrier", "cost_fen"),
    [
        ("330000", 800, "ZTO", 320),
        ("110000", 1000, "YTO", 450),
        ("110000", 3000, "ZTO", 780),
        ("650000", 800, "YTO", 1500),
        ("650000", 2000, "JD", 2900),
        ("650000", 3000, "JD", 4100),
        ("540000", 50_000, "JD", 70_300),
    ],
)
def test_the_demo_rates_choose_by_lane_and_weight(destination, weight_g, carrier, cost_fen):
    chosen = choice(destination, weight_g)
    assert chosen is not None
    assert (chosen.carrier.code, chosen.cost_fen) == (carrier, cost_fen)


def test_an_estimate_is_what_the_choice_would_be_and_asks_once(django_assert_num_queries):
    parcels = [Parcel("330000", there, 2000, 0) for there in ("330000", "110000", "650000", "540000", "513300")]
    # The rates, and what is known of quality.
    with django_assert_num_queries(2):
        estimates = [estimate_for(parcel) for parcel in parcels]
    assert estimates == [offers_for(parcel) for parcel in parcels]
    assert [each[0].carrier_code for each in estimates][2] == "JD"


def test_the_record_keeps_the_alternatives():
    chosen = choice("330000", 45_000)
    assert chosen is not None
    assert [(c["carrier_code"], c["rejected"]) for c in chosen.candidates] == [
        ("JD", ""),
        ("SF", ""),
        ("ZTO", "too_heavy"),
        ("YTO", "too_heavy"),
    ]


def test_nobody_takes_what_is_too_heavy_for_all():
    assert choice("330000", 60_001) is None
    assert not CarrierChoice.objects.exists()


def test_a_carrier_that_is_switched_off_is_not_asked():
    Carrier.objects.exclude(code="SF").update(is_active=False)
    chosen = choice("110000", 500)
    assert chosen is not None
    assert chosen.carrier.code == "SF"


def test_a_choice_costs_two_statements(django_assert_num_queries):
    QUALITY.value()
    with django_assert_num_queries(2):
        choice("110000", 500)


def test_orders_go_to_the_city_only_where_a_carrier_bills_it_apart():
    # Kangding in Garzê, Wuhou in Chengdu, Chaoyang in Peking, Taiwan as a whole, nowhere.
    codes = ("513301", "510107", "110105", "710000", "")
    assert [destination_of(code) for code in codes] == ["513300", "510000", "110000", "710000", ""]
