"""Decisions on plain data; every cost is worked out by hand."""

from dataclasses import replace
from datetime import time

import pytest

from logistics.allocation.deciding import decide
from logistics.allocation.inputs import Inputs, LaneRates, Line, SiteState, Wanted, read_inputs
from logistics.allocation.terms import Rule, Terms
from logistics.carriers.engine import Rate

ZHEJIANG, GUANGDONG, XINJIANG = "330000", "440000", "650000"
TEA, CUP = 1, 2
NEAR, FAR = 11, 12
# Nothing but freight and 300 fen a parcel, unless a test says otherwise.
PLAIN = Terms(distance_fen=0, late_hour_fen=0, promise_worth_fen=0)


def rate(code: str, first_fen: int, step_fen: int = 100, hours: int = 24, **fields) -> Rate:
    given = {"origin_province": "*", "destination_province": "*", "first_weight_g": 1000, "step_weight_g": 1000}
    given |= {"carrier_id": ord(code[0]), "carrier_code": code, "volumetric_divisor": 0, "max_weight_g": None}
    return Rate(
        **{**given, **fields},
        first_fen=first_fen,
        step_fen=step_fen,
        eta_hours=hours,
    )


def site(warehouse_id: int, province_code: str, free: dict[int, int], **fields) -> SiteState:
    given = {"longitude": 120.0, "latitude": 30.0, "handling_hours": 0, "is_active": True, "free": free}
    return SiteState(warehouse_id, f"W{warehouse_id}", f"W{warehouse_id}", province_code, **{**given, **fields})


def wanted(number: int, *lines: tuple[int, int, int], to: str = ZHEJIANG) -> Wanted:
    """Lines are (SKU id, units, grams of all of them)."""
    return Wanted(number, to, None, None, tuple(Line(sku, units, grams, 0) for sku, units, grams in lines))


def inputs(*orders: Wanted, sites: tuple[SiteState, ...], lanes: dict | None = None, terms: Terms = PLAIN) -> Inputs:
    """`lanes`: rates by origin and destination; by default 800 fen within a province, 1,200 between two."""
    origins, destinations = {each.province_code for each in sites}, {each.destination for each in orders}
    known = lanes or {}
    found = [
        LaneRates(o, d, tuple(known.get((o, d), (rate("ZTO", 800 if o == d else 1200),))))
        for o in sorted(origins)
        for d in sorted(destinations)
    ]
    return Inputs(orders, sites, terms, tuple(found))


def parcels(given: Inputs) -> list[dict]:
    return [dict(each.parcels) for each in decide(given).decisions]


def test_the_record_names_every_part_of_the_cost_and_the_runner_up():
    # 1,500 g: one step. Near 800 + 100 + 300; far 1,200 + 100 + 300.
    given = inputs(wanted(1, (TEA, 1, 1500)), sites=(site(NEAR, ZHEJIANG, {TEA: 5}), site(FAR, GUANGDONG, {TEA: 5})))
    outcome = decide(given)
    record = outcome.decisions[0].record
    assert (record["rule"], record["cost_fen"], outcome.cost_fen) == ("planned", 1200, 1200)
    assert record["parcels"] == [
        {
            "warehouse": "W11",
            "carrier": "ZTO",
            "card": 0,
            "freight": 900,
            "late": 0.0,
            "missed": 0.0,
            "per_parcel": 300,
            "way": 0.0,
            "fen": 1200.0,
        }
    ]
    assert record["runner_up"] == {"cost_fen": 1600, "warehouses": ["W12"]}
    assert [(each["verdict"], each["whole"]["fen"]) for each in record["candidates"]] == [
        ("chosen", 1200.0),
        ("dearer", 1600.0),
    ]


def test_lateness_and_missed_promises_are_paid_for_in_fen():
    # ZTO: 800, four hours late at 50, and one promise of ten missed at 1,000: 1,100. SF: 1,050 in time, always.
    terms = replace(PLAIN, promise_hours=20, late_hour_fen=50, promise_worth_fen=1000, per_parcel_fen=0)
    lanes = {(ZHEJIANG, ZHEJIANG): (rate("SF", 1050, hours=20), rate("ZTO", 800, hours=24, on_time=0.9))}
    order = wanted(1, (TEA, 1, 500))
    given = inputs(order, sites=(site(NEAR, ZHEJIANG, {TEA: 5}),), lanes=lanes, terms=terms)
    (parcel,) = decide(given).decisions[0].record["parcels"]
    assert (parcel["carrier"], parcel["fen"]) == ("SF", 1050.0)
    cheaper = replace(terms, promise_worth_fen=400)
    (parcel,) = decide(replace(given, terms=cheaper)).decisions[0].record["parcels"]
    # 800 + 200 + 40.
    assert (parcel["carrier"], parcel["fen"], parcel["late"], parcel["missed"]) == ("ZTO", 1040.0, 200, 40.0)


def test_a_way_is_paid_by_the_hundred_kilometres():
    # One degree of latitude on the sphere of 6,371 km are 111.19 km, 20 fen a hundred of them: 22.24.
    order = Wanted(1, ZHEJIANG, 120.0, 31.0, (Line(TEA, 1, 500, 0),))
    given = inputs(order, sites=(site(NEAR, ZHEJIANG, {TEA: 5}),), terms=replace(PLAIN, distance_fen=20))
    (parcel,) = decide(given).decisions[0].record["parcels"]
    assert parcel["way"] == pytest.approx(22.24, abs=0.03)


def test_one_parcel_from_afar_is_better_than_two_and_two_are_better_than_none():
    near, far = site(NEAR, ZHEJIANG, {TEA: 1}), site(FAR, GUANGDONG, {TEA: 1, CUP: 1})
    order = wanted(1, (TEA, 1, 400), (CUP, 1, 400))
    assert parcels(inputs(order, sites=(near, far))) == [{FAR: {TEA: 1, CUP: 1}}]
    assert parcels(inputs(order, sites=(near, replace(far, free={CUP: 1})))) == [{NEAR: {TEA: 1}, FAR: {CUP: 1}}]


def test_an_order_that_cannot_be_sent_whole_waits_and_takes_nothing_from_others():
    # The first wants the only cup and tea that nobody has; the second wants the cup.
    sites = (site(NEAR, ZHEJIANG, {CUP: 1}),)
    given = inputs(wanted(1, (TEA, 1, 400), (CUP, 1, 400)), wanted(2, (CUP, 1, 400)), sites=sites)
    assert parcels(given) == [{}, {NEAR: {CUP: 1}}]


def test_who_can_never_be_served_is_in_nobodys_way():
    # Nobody has cups. Its one tea would leave the second order, which wants both, without.
    sites = (site(NEAR, ZHEJIANG, {TEA: 2}),)
    given = inputs(wanted(1, (TEA, 1, 400), (CUP, 1, 400)), wanted(2, (TEA, 2, 800)), sites=sites)
    assert parcels(given) == [{}, {NEAR: {TEA: 2}}]


def test_together_the_scarce_unit_goes_to_whom_it_saves_most():
    # One unit near. To Xinjiang the far warehouse asks 5,000 more, to Zhejiang 400.
    sites = (site(NEAR, ZHEJIANG, {TEA: 1}), site(FAR, GUANGDONG, {TEA: 1}))
    lanes = {(ZHEJIANG, XINJIANG): (rate("ZTO", 2000),), (GUANGDONG, XINJIANG): (rate("ZTO", 7000),)}
    given = inputs(wanted(1, (TEA, 1, 400)), wanted(2, (TEA, 1, 400), to=XINJIANG), sites=sites, lanes=lanes)
    outcome = decide(given)
    assert [dict(each.parcels) for each in outcome.decisions] == [{FAR: {TEA: 1}}, {NEAR: {TEA: 1}}]
    # 1,200 + 2,000 and two parcels, against 800 + 7,000 when whoever comes first takes the nearest.
    assert (outcome.cost_fen, outcome.nearest_fen) == (3800, 8400)


@pytest.mark.parametrize(("priority", "priority_fen", "served"), [(0, 1000, 1), (1, 0, 1), (1, 1000, 2), (2, 500, 2)])
def test_where_goods_lack_who_has_priority_is_served(priority, priority_fen, served):
    """One unit for two. To let either wait costs as much, the freight aside that is saved: who comes first gets it,
    unless priority is worth something."""
    lanes = {(ZHEJIANG, GUANGDONG): (rate("ZTO", 1200),)}
    orders = wanted(1, (TEA, 1, 400)), replace(wanted(2, (TEA, 1, 400), to=GUANGDONG), priority=priority)
    terms = replace(PLAIN, priority_fen=priority_fen)
    given = inputs(*orders, sites=(site(NEAR, ZHEJIANG, {TEA: 1}),), lanes=lanes, terms=terms)
    assert [bool(each) for each in parcels(given)] == [served == 1, served == 2]


def test_rules_rule_out_in_order_and_say_which():
    sites = (site(NEAR, ZHEJIANG, {TEA: 5}), site(FAR, GUANGDONG, {TEA: 5}))
    only_far = Rule(1, True, (ZHEJIANG,), (), (FAR,))
    never_near = Rule(2, False, (), (7,), (NEAR,))
    terms = replace(PLAIN, version=3, rules=(only_far, never_near))
    given = inputs(wanted(1, (TEA, 1, 400)), wanted(2, (TEA, 1, 400), to=XINJIANG), sites=sites, terms=terms)
    assert parcels(given) == [{FAR: {TEA: 1}}, {NEAR: {TEA: 1}}]
    record = decide(given).decisions[0].record
    assert record["policy"] == 3
    ruled_out = next(each for each in record["candidates"] if each["warehouse"] == "W11")
    assert (ruled_out["verdict"], ruled_out["rule"]) == ("ruled_out", 1)
    of_category = Wanted(3, XINJIANG, None, None, (Line(TEA, 1, 400, 0, category_id=7),))
    assert parcels(inputs(of_category, sites=sites, terms=terms)) == [{FAR: {TEA: 1}}]


def test_a_carrier_carries_nothing_worth_more_than_it_answers_for():
    """To the fen, and what the record says of the carriers costs as much as what was planned."""
    lane = (rate("ZTO", 800, max_value_fen=300_000), rate("SF", 1500))
    places = (site(NEAR, ZHEJIANG, {TEA: 9}),)
    for value, code, fen in ((300_000, "ZTO", 1100), (300_001, "SF", 1800)):
        worth = Wanted(1, ZHEJIANG, None, None, (Line(TEA, 1, 500, 0, None, value),))
        record = decide(inputs(worth, sites=places, lanes={(ZHEJIANG, ZHEJIANG): lane})).decisions[0].record
        assert (record["parcels"][0]["carrier"], record["cost_fen"], record["parcels"][0]["fen"]) == (code, fen, fen)
    # Two orders to the same place that differ in nothing but their worth.
    both = [Wanted(n, ZHEJIANG, None, None, (Line(TEA, 1, 500, 0, None, v),)) for n, v in ((1, 300_001), (2, 5))]
    decisions = decide(inputs(*both, sites=places, lanes={(ZHEJIANG, ZHEJIANG): lane})).decisions
    assert [each.record["cost_fen"] for each in decisions] == [1800, 1100]


def test_a_city_that_carriers_bill_apart_is_a_place_of_its_own_under_the_rules_of_its_province():
    city, places = "651200", (site(NEAR, ZHEJIANG, {TEA: 9}), site(FAR, XINJIANG, {TEA: 9}))
    lanes = {(ZHEJIANG, city): (rate("ZTO", 900),), (XINJIANG, city): (rate("ZTO", 2500),)}
    asked = wanted(1, (TEA, 1, 500), to=city)
    assert parcels(inputs(asked, sites=places, lanes=lanes)) == [{NEAR: {TEA: 1}}]
    never = Rule(1, False, (XINJIANG,), (), (NEAR,))
    ruled = replace(PLAIN, rules=(never,))
    assert parcels(inputs(asked, sites=places, lanes=lanes, terms=ruled)) == [{FAR: {TEA: 1}}]


def test_a_warehouse_packs_no_more_parcels_than_it_can():
    sites = (site(NEAR, ZHEJIANG, {TEA: 9}, room=1), site(FAR, GUANGDONG, {TEA: 9}))
    given = inputs(*(wanted(number, (TEA, 1, 400)) for number in (1, 2, 3)), sites=sites)
    assert sorted(next(iter(each)) for each in parcels(given)) == [NEAR, FAR, FAR]


def test_a_parcel_that_no_carrier_takes_is_sent_by_whoever_is_found():
    heavy = {(ZHEJIANG, ZHEJIANG): (rate("ZTO", 800, max_weight_g=1000),)}
    given = inputs(wanted(1, (TEA, 1, 1001)), sites=(site(NEAR, ZHEJIANG, {TEA: 1}),), lanes=heavy)
    (parcel,) = decide(given).decisions[0].record["parcels"]
    assert (parcel["carrier"], parcel["freight"]) == ("", 100_000)


def rate_of_a_dear_carrier() -> Rate:
    return rate("DEAR", 90_000, step_fen=900)


def random_inputs(seed: int) -> Inputs:
    numbers = [(seed * 37 + n * 17) % 23 for n in range(40)]
    sites = tuple(
        site(number, province, {TEA: numbers[number] % 4, CUP: numbers[number + 9] % 3}, room=None)
        for number, province in ((11, ZHEJIANG), (12, GUANGDONG), (13, XINJIANG))
    )
    orders = [
        wanted(n, (TEA, 1, 300 + 90 * numbers[n]), *([(CUP, 1, 500)] if numbers[n] % 2 else []), to=to)
        for n, to in zip(range(8), (ZHEJIANG, XINJIANG, GUANGDONG) * 3, strict=False)
    ]
    return inputs(*orders, sites=sites)


@pytest.mark.parametrize("seed", range(5))
def test_what_was_kept_gives_the_same_decisions_again(seed):
    given = random_inputs(seed)
    first = decide(given)
    again = decide(read_inputs(given.kept()))
    assert read_inputs(given.kept()) == given
    assert again == first
    assert again.fingerprint() == first.fingerprint()
    fewer = replace(given, wanted=given.wanted[1:])
    assert decide(fewer).fingerprint() != first.fingerprint()


@pytest.mark.parametrize("seed", range(5))
def test_a_carrier_that_is_never_chosen_changes_nothing(seed):
    given = random_inputs(seed)
    more = replace(
        given, lanes=tuple(replace(lane, rates=(*lane.rates, rate_of_a_dear_carrier())) for lane in given.lanes)
    )
    assert decide(more).fingerprint() == decide(given).fingerprint()


@pytest.mark.parametrize("seed", range(5))
def test_the_parts_of_all_parcels_are_what_the_optimiser_counted(seed):
    outcome = decide(random_inputs(seed))
    for decision in outcome.decisions:
        if decision.parcels:
            parts = sum(parcel["fen"] for parcel in decision.record["parcels"])
            assert decision.record["cost_fen"] == pytest.approx(parts, abs=1)


def test_the_wait_for_a_carrier_counts_as_its_transit_does():
    """Ready at 20:00 in the near warehouse: two hours after the pick-up, 22 hours until the next, then 24 on the road.
    Above 30 hours each costs 50 fen: 16 of them 800. From afar, ready at 17:00, one and 24 hours: none."""
    terms = replace(PLAIN, promise_hours=30, late_hour_fen=50)
    near, far = site(NEAR, ZHEJIANG, {TEA: 5}, ready_minute=1200), site(FAR, GUANGDONG, {TEA: 5}, ready_minute=1020)
    lanes = {(o, ZHEJIANG): (rate("ZTO", fen, pick_up_at=time(18)),) for o, fen in ((ZHEJIANG, 800), (GUANGDONG, 1200))}
    given = inputs(wanted(1, (TEA, 1, 1000)), sites=(near, far), lanes=lanes, terms=terms)
    outcome = decide(given)
    (decision,) = outcome.decisions
    assert (decision.parcels, outcome.cost_fen) == ({FAR: {TEA: 1}}, 1500)
    assert [
        (each["verdict"], each["whole"]["late"], each["whole"]["fen"]) for each in decision.record["candidates"]
    ] == [
        ("dearer", 800.0, 1900.0),
        ("chosen", 0.0, 1500.0),
    ]
    # What is kept of it decides the same again; without a pick-up the near one does.
    assert decide(read_inputs(given.kept())).decisions == outcome.decisions
    always = {lane: (replace(rates[0], pick_up_at=None),) for lane, rates in lanes.items()}
    assert parcels(inputs(wanted(1, (TEA, 1, 1000)), sites=(near, far), lanes=always, terms=terms)) == [
        {NEAR: {TEA: 1}}
    ]
