from datetime import UTC, datetime, time

import pytest

from logistics.carriers.engine import ANYWHERE, Parcel, Rate, choose, minute_of_day


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


def parcel(weight_g: int = 500, volume_cm3: int = 0, to: str = "110000", **fields) -> Parcel:
    return Parcel("330000", to, weight_g, volume_cm3, **fields)


# Cards as carriers print them; first and step prices include what a remote place costs more.
KILO = {"first_weight_g": 1000, "first_fen": 500, "step_weight_g": 1000, "step_fen": 200}
HALF = {"first_weight_g": 500, "first_fen": 1800, "step_weight_g": 500, "step_fen": 700}
HEAVY = {"first_weight_g": 3000, "first_fen": 2200, "step_weight_g": 1000, "step_fen": 90, "volumetric_divisor": 8000}


@pytest.mark.parametrize(
    ("card", "boundaries"),
    [
        # What it costs up to and with so many grams.
        (KILO, {1000: 500, 2000: 700, 3000: 900, 10_000: 2300, 20_000: 4300}),
        (HALF, {500: 1800, 1000: 2500, 1500: 3200, 2000: 3900, 5000: 8100}),
        (HEAVY, {3000: 2200, 4000: 2290, 5000: 2380, 30_000: 4630, 50_000: 6430}),
    ],
)
def test_cost_a_gram_before_at_and_a_gram_behind_each_boundary(card, boundaries):
    given = rate(**card)
    for grams, cost in boundaries.items():
        found = [choose(parcel(grams + more), [given])[0].cost_fen for more in (-1, 0, 1)]
        assert found == [cost, cost, cost + card["step_fen"]]
        # The same by volume, where that weighs more.
        cubic = grams * given.volumetric_divisor // 1000
        found = [choose(parcel(1, cubic + more), [given])[0].cost_fen for more in (-1, 0, 1)]
        assert found == [cost, cost, cost + card["step_fen"]]


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


def test_a_rate_for_the_city_wins_over_one_for_its_province():
    province = rate(destination_province="510000", first_fen=700)
    city = rate(destination_province="513300", first_fen=1900, eta_hours=110)
    for rates in ([rate(), province, city], [city, province, rate()]):
        assert choose(parcel(to="513300"), rates)[0].cost_fen == 1900
        assert choose(parcel(to="510100"), rates)[0].cost_fen == 700
        assert choose(parcel(to="330100"), rates)[0].cost_fen == 500
    # A province as such is none of its cities.
    assert choose(parcel(to="510000"), [city]) == []
    # The destination counts before the origin.
    near = rate(origin_province="330000", destination_province="510000", first_fen=100)
    assert choose(parcel(to="513300"), [near, city])[0].cost_fen == 1900


@pytest.mark.parametrize(("value_fen", "rejected"), [(0, ""), (300_000, ""), (300_001, "too_valuable")])
def test_nothing_worth_more_than_a_carrier_answers_for_is_taken(value_fen, rejected):
    rates = [rate("ZTO", max_value_fen=300_000), rate("SF", first_fen=1200)]
    offers = choose(parcel(value_fen=value_fen), rates)
    assert {offer.carrier_code: offer.rejected for offer in offers} == {"ZTO": rejected, "SF": ""}
    assert offers[0].carrier_code == ("SF" if rejected else "ZTO")


def test_the_promise_is_a_hard_limit():
    rates = [rate("ZTO", eta_hours=49), rate("SF", first_fen=1200, eta_hours=48)]
    offers = choose(parcel(within_hours=48), rates)
    assert [(o.carrier_code, o.rejected) for o in offers] == [("SF", ""), ("ZTO", "too_slow")]


def test_a_place_that_nobody_serves_has_no_offers():
    assert choose(parcel(to="710000"), [rate(destination_province="110000")]) == []


SIX = 18 * 60


@pytest.mark.parametrize(
    ("ready", "waits"), [(SIX - 1, 1), (SIX, 0), (SIX + 1, 24 * 60 - 1), (0, SIX), (24 * 60, SIX), (None, 0)]
)
def test_what_is_ready_after_the_pick_up_travels_from_the_next_day(ready, waits):
    daily, always = choose(parcel(ready_minute=ready), [rate("ZTO", pick_up_at=time(18)), rate("SF", first_fen=900)])
    assert (daily.waits_minutes, daily.hours) == (waits, waits / 60 + 48)
    assert (always.waits_minutes, always.hours) == (0, 48)


@pytest.mark.parametrize(
    ("hour", "second", "minute"), [(9, 59, 17 * 60 + 60), (10, 0, SIX), (10, 1, SIX + 1), (16, 0, 0), (15, 59, 24 * 60)]
)
def test_the_minute_of_the_day_is_that_of_shanghai_a_begun_one_whole(hour, second, minute):
    moment = datetime(2026, 11, 20, hour, 59 if second == 59 else 0, second, tzinfo=UTC)
    assert minute_of_day(moment) == minute


def test_who_has_just_been_there_loses_to_who_comes_for_the_parcel():
    """500 fen and 48 hours against 1,000 fen and 48; from 50 hours on each costs 30 fen."""
    rates = [rate("ZTO", pick_up_at=time(18)), rate("SF", first_fen=1000)]
    asked = {"late_after_hours": 50, "late_hour_fen": 30}
    # Six hours until the pick-up: four of them late, 120 fen. A minute too late: 23 h 59 m, 21 h 59 m late, 659.5 fen.
    for ready, chosen, late_fen in ((SIX - 360, "ZTO", 120), (SIX + 1, "SF", 660)):
        offers = choose(parcel(ready_minute=ready, **asked), rates)
        assert offers[0].carrier_code == chosen
        by_code = {offer.carrier_code: offer for offer in offers}
        assert (by_code["ZTO"].late_fen, by_code["ZTO"].score_fen) == (late_fen, 500 + late_fen)
        assert (by_code["SF"].late_fen, by_code["SF"].score_fen) == (0, 1000)


def test_of_two_that_cost_the_same_the_sooner_one_is_who_delivers_first():
    rates = [rate("ZTO", eta_hours=40, pick_up_at=time(18)), rate("SF", eta_hours=48)]
    assert choose(parcel(ready_minute=SIX), rates)[0].carrier_code == "ZTO"
    assert choose(parcel(ready_minute=SIX - 481), rates)[0].carrier_code == "SF"


def test_waiting_for_the_pick_up_may_break_the_promise():
    rates = [rate("ZTO", pick_up_at=time(18)), rate("SF", first_fen=1200)]
    for ready, expected in ((SIX - 120, ["ZTO", "SF"]), (SIX - 121, ["SF", "ZTO"])):
        offers = choose(parcel(ready_minute=ready, within_hours=50), rates)
        assert [offer.carrier_code for offer in offers] == expected
        assert offers[-1].rejected == ("too_slow" if expected[0] == "SF" else "")


def test_a_promise_that_nobody_can_keep_any_more_binds_nobody():
    heavy = rate("YTO", first_fen=100, max_weight_g=400)
    offers = choose(parcel(within_hours=-3), [rate("ZTO"), rate("SF", first_fen=1200), heavy])
    assert [(o.carrier_code, o.rejected) for o in offers] == [("ZTO", ""), ("SF", ""), ("YTO", "too_heavy")]
