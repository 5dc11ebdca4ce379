from datetime import date, timedelta

import pytest

from logistics.carriers.engine import Parcel, choose
from logistics.carriers.learning import learn
from logistics.carriers.models import Carrier, CarrierRate, LaneTally, QualityDay
from logistics.carriers.quality import Quality, Tally, wilson
from logistics.carriers.queries import known_rates, offers_for
from logistics.carriers.scorecard import scores
from logistics.carriers.tests.test_engine import parcel, rate

LANE, OTHER = ("330000", "440000"), ("330000", "110000")
DAY = date(2026, 11, 1)


def test_what_nobody_has_seen_is_as_good_as_usual():
    assert Quality({}).on_time(carrier_id=1, origin="330000", destination="440000") == 0.9


def test_a_lane_borrows_from_its_province_and_that_from_the_carrier():
    quality = Quality({(1, LANE): Tally(10, 20), (1, OTHER): Tally(80, 80)})
    # The carrier: (90 + 0.9 × 20) / (100 + 20) = 0.9. Guangdong: (10 + 0.9 × 25) / (20 + 25) = 0.7222.
    assert quality.on_time(carrier_id=1, origin="500000", destination="440000") == pytest.approx(0.7222, abs=1e-4)
    # The lane itself: (10 + 0.7222 × 25) / (20 + 25) = 0.6235.
    assert quality.on_time(carrier_id=1, origin="330000", destination="440000") == pytest.approx(0.6235, abs=1e-4)
    # Another carrier is none the wiser.
    assert quality.on_time(carrier_id=2, origin="330000", destination="440000") == 0.9


def test_after_a_half_life_a_parcel_counts_half():
    assert Tally(8, 10).faded(45).due == pytest.approx(5)
    assert Tally(8, 10).faded(90).on_time == pytest.approx(2)


def test_wilson_bounds():
    # Worked out by hand for 90 of 100: centre 0.8852, half width 0.0597.
    low, high = wilson(Tally(90, 100))
    assert (round(low, 3), round(high, 3)) == (0.826, 0.945)
    assert wilson(Tally()) == (0.0, 1.0)


def test_a_dearer_carrier_is_chosen_when_its_promise_is_worth_it():
    sound, cheap = rate("SF", first_fen=700, on_time=0.98), rate("ZTO", first_fen=500, on_time=0.80)
    worth = Parcel("330000", "110000", 500, 0, promise_worth_fen=2000)
    # 700 + 40 against 500 + 400.
    assert [(o.carrier_code, o.score_fen) for o in choose(worth, [cheap, sound])] == [("SF", 740), ("ZTO", 900)]
    assert [o.carrier_code for o in choose(parcel(), [cheap, sound])] == ["ZTO", "SF"]


def test_a_carrier_that_is_never_chosen_changes_no_choice():
    rates = [rate("SF", first_fen=700, on_time=0.98), rate("ZTO", first_fen=500, on_time=0.9)]
    dear = rate("YTO", first_fen=9000, on_time=1.0)
    for worth in range(0, 5000, 100):
        asked = Parcel("330000", "110000", 500, 0, promise_worth_fen=worth)
        assert choose(asked, [*rates, dear])[0] == choose(asked, rates)[0]


def test_one_parcel_never_costs_more_than_two():
    rates = [rate("SF", first_fen=700, step_fen=300, on_time=0.98), rate("ZTO", on_time=0.9)]
    for weight in range(100, 5000, 333):
        for other in range(100, 5000, 457):
            scores_of = [
                choose(Parcel("330000", "110000", grams, 0, promise_worth_fen=1000), rates)[0].score_fen
                for grams in (weight, other, weight + other)
            ]
            assert scores_of[2] <= scores_of[0] + scores_of[1]


@pytest.mark.django_db(transaction=True)
def test_a_day_is_learned_once_and_fades_with_the_next():
    carrier = Carrier.objects.create(code="ZTO", name="ZTO")
    CarrierRate.objects.create(carrier=carrier, first_fen=500, step_fen=200, eta_hours=48)
    outcomes = {(carrier.pk, LANE): (6, 10)}
    assert learn(day=DAY, outcomes=outcomes)
    assert not learn(day=DAY, outcomes=outcomes)
    tally = LaneTally.objects.get()
    assert (tally.on_time, tally.due) == (6, 10)
    assert learn(day=DAY + timedelta(days=45), outcomes=outcomes)
    tally.refresh_from_db()
    assert (tally.on_time, tally.due) == (pytest.approx(9), pytest.approx(15))
    assert list(QualityDay.objects.filter(carrier=carrier).values_list("on_time", "due")) == [(6, 10), (6, 10)]
    # The carrier: (9 + 18) / (15 + 20) = 0.7714; its province, with 25 of that: 28.29 / 40 = 0.7071; the lane, with 25
    # of that: 26.68 / 40.
    (known,) = known_rates(*LANE)
    assert known.on_time == pytest.approx(0.6670, abs=1e-4)
    assert offers_for(Parcel(*LANE, 500, 0))[0].on_time == known.on_time
    (score,) = scores(today=DAY + timedelta(days=46))
    assert (score.due, score.on_time, round(score.low, 2), round(score.high, 2)) == (10, 6, 0.31, 0.83)
