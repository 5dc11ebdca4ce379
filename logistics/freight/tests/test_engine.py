from dataclasses import replace

import pytest
from msgspec import structs

from logistics.freight.engine import BilledBy, FreightQuote, Goods, Template, Zone, quote
from logistics.freight.errors import NotDeliverable

REST = Zone("rest", frozenset(), True, 1000, 800, 1000, 300, True)
FAR = Zone("far", frozenset({"650000", "540000"}), True, 1000, 2000, 500, 900, False)
ABROAD = Zone("abroad", frozenset({"710000"}), False, 1000, 0, 1000, 0, False)
TEMPLATE = Template("standard", 9900, 0, (REST, FAR, ABROAD))
GOODS = Goods(weight_g=500, volume_cm3=0, pieces=1, worth_fen=1000)


def fen(*regions: str, template: Template = TEMPLATE, **goods: int) -> int:
    return quote(template, regions=regions or ("330000",), goods=structs.replace(GOODS, **goods)).fen


@pytest.mark.parametrize(
    ("grams", "near", "far"),
    [
        # Each boundary of either card, a gram before and a gram behind.
        (0, 800, 2000),
        (999, 800, 2000),
        (1000, 800, 2000),
        (1001, 1100, 2900),
        (1499, 1100, 2900),
        (1500, 1100, 2900),
        (1501, 1100, 3800),
        (1999, 1100, 3800),
        (2000, 1100, 3800),
        (2001, 1400, 4700),
        (2999, 1400, 5600),
        (3000, 1400, 5600),
        (3001, 1700, 6500),
        (10_000, 3500, 18_200),
        (10_001, 3800, 19_100),
    ],
)
def test_every_begun_step_above_the_first_weight_costs(grams, near, far):
    assert fen(weight_g=grams) == near
    assert fen("650000", weight_g=grams) == far


@pytest.mark.parametrize(("worth_fen", "expected"), [(9899, 800), (9900, 0), (1_000_000, 0)])
def test_goods_worth_the_threshold_ship_free(worth_fen, expected):
    assert fen(worth_fen=worth_fen) == expected


def test_a_remote_zone_has_its_own_rates_and_no_threshold():
    assert fen("650000", weight_g=1501, worth_fen=1_000_000) == 2000 + 2 * 900


def test_the_quote_names_the_zone_and_what_ships_free():
    assert quote(TEMPLATE, regions=["110000"], goods=GOODS) == FreightQuote(800, "rest", 9900)


def test_a_province_that_is_not_served_is_refused():
    with pytest.raises(NotDeliverable):
        fen("710000")


def test_a_province_in_no_zone_is_refused_where_no_zone_serves_the_rest():
    with pytest.raises(NotDeliverable):
        fen("110000", template=Template("t", None, 0, (FAR,)))


def test_the_zone_of_a_city_wins_over_that_of_its_province():
    city = replace(REST, name="city", regions=frozenset({"653100"}), first_fen=3300)
    for zones in ((FAR, city, REST), (REST, city, FAR)):
        template = Template("t", None, 0, zones)
        assert fen("653101", "653100", "650000", template=template) == 3300
        assert fen("650102", "650100", "650000", template=template) == 2000
    closed = replace(city, delivers=False)
    with pytest.raises(NotDeliverable):
        fen("653101", "653100", "650000", template=Template("t", None, 0, (FAR, closed)))


@pytest.mark.parametrize(("volume_cm3", "expected"), [(5999, 800), (6000, 800), (6001, 1100), (12_001, 1400)])
def test_light_and_bulky_parcels_are_billed_by_volume(volume_cm3, expected):
    assert fen(weight_g=10, volume_cm3=volume_cm3, template=Template("bulky", None, 6000, (REST,))) == expected


@pytest.mark.parametrize(("pieces", "expected"), [(1, 800), (2, 800), (3, 1100), (5, 1100), (6, 1400)])
def test_pieces_are_counted_whatever_they_weigh(pieces, expected):
    template = Template("pieces", None, 6000, (replace(REST, first_size=2, step_size=3),), BilledBy.PIECES)
    assert fen(pieces=pieces, weight_g=90_000, volume_cm3=900_000, template=template) == expected


@pytest.mark.parametrize(("worth_fen", "expected"), [(1, 800), (5000, 800), (5001, 1100), (8000, 1100), (8001, 1400)])
def test_the_worth_of_the_goods_is_counted_in_whole_yuan(worth_fen, expected):
    template = Template("worth", None, 0, (replace(REST, first_size=50, step_size=30),), BilledBy.AMOUNT)
    assert fen(worth_fen=worth_fen, weight_g=90_000, pieces=9, template=template) == expected


@pytest.mark.parametrize(
    ("worth_fen", "weight_g", "expected"), [(4899, 3000, 1400), (4900, 3000, 1000), (4900, 500, 800), (9900, 3000, 0)]
)
def test_from_some_worth_on_it_costs_so_much_at_most_and_then_nothing(worth_fen, weight_g, expected):
    zone = replace(REST, cheaper_from_fen=4900, cheaper_fen=1000)
    template = Template("t", 9900, 0, (zone,))
    assert fen(worth_fen=worth_fen, weight_g=weight_g, template=template) == expected
