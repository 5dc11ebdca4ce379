import pytest

from logistics.carriers.engine import ANYWHERE, Parcel, Rate, choose


def rate(carrier: str = "ZTO", **fields) -> Rate:
    numbers = {"ZTO": 1, "SF": 2, "YTO": 3}
    defaults = {
        "carrier_id": numbers[carrier],
        "carrier_code": carrier,
        "volumetric_divisor": 6000,
        "origin_province": ANYWHERE,
        "destination_province": ANYWHERE,
        "first_weight_g": 1000,
        "first_fen": 500,
        "step_weight_g": 1000,
        "step_fen": 200,
        "max_weight_g": None,
        "eta_hours": 48,
    }
    return Rate(**{**defaults, **fields})


def parcel(weight_g: int = 500, volume_cm3: int = 0, to: str = "110000", within_hours: int | None = None) -> Parcel:
    return Parcel("330000", to, weight_g, volume_cm3, within_hours)


@pytest.mark.parametrize(
    ("weight_g", "cost"), [(999, 500), (1000, 500), (1001, 700), (1999, 700), (2000, 700), (2001, 900)]
)
def test_cost_at_the_weight_boundaries(weight_g, cost):
    assert choose(parcel(weight_g), [rate()])[0].cost_fen == cost


@pytest.mark.parametrize(("volume_cm3", "billed"), [(5994, 999), (6000, 1000), (6001, 1001)])
def test_volume_is_billed_when_it_weighs_more(volume_cm3, billed):
    assert choose(parcel(500, volume_cm3), [rate()])[0].billed_weight_g == billed


def test_without_a_divisor_only_the_weight_counts():
    assert choose(parcel(500, 1_000_000), [rate(volumetric_divisor=0)])[0].billed_weight_g == 500


@pytest.mark.parametrize(("weight_g", "rejected"), [(29_999, ""), (30_000, ""), (30_001, "too_heavy")])
def test_nothing_above_the_maximum_weight_is_taken(weight_g, rejected):
    assert choose(parcel(weight_g), [rate(max_weight_g=30_000)])[0].rejected == rejected


def test_the_cheapest_is_first_then_the_soonest_then_by_code():
    rates = [
        rate("ZTO", first_fen=500, eta_hours=48),
        rate("SF", first_fen=500, eta_hours=24),
        rate("YTO", first_fen=499, eta_hours=90),
    ]
    assert [o.carrier_code for o in choose(parcel(), rates)] == ["YTO", "SF", "ZTO"]
    tied = [rate("ZTO"), rate("YTO"), rate("SF")]
    assert [o.carrier_code for o in choose(parcel(), tied)] == ["SF", "YTO", "ZTO"]


def test_a_rate_for_the_province_wins_over_one_for_anywhere():
    rates = [rate(), rate(destination_province="650000", first_fen=1600, eta_hours=120)]
    assert choose(parcel(to="650000"), rates)[0].cost_fen == 1600
    assert choose(parcel(to="110000"), rates)[0].cost_fen == 500
    local = rate(origin_province="330000", destination_province="110000", first_fen=300)
    assert choose(parcel(to="110000"), [*rates, local])[0].cost_fen == 300


def test_the_promise_is_a_hard_limit():
    rates = [rate("ZTO", eta_hours=49), rate("SF", first_fen=1200, eta_hours=48)]
    offers = choose(parcel(within_hours=48), rates)
    assert [(o.carrier_code, o.rejected) for o in offers] == [("SF", ""), ("ZTO", "too_slow")]


def test_a_place_that_nobody_serves_has_no_offers():
    assert choose(parcel(to="710000"), [rate(destination_province="110000")]) == []
