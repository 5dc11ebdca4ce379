import pytest

from logistics.freight.engine import FreightQuote, Template, Zone, quote
from logistics.freight.errors import NotDeliverable

REST = Zone("rest", frozenset(), True, 1000, 800, 1000, 300, True)
FAR = Zone("far", frozenset({"650000", "540000"}), True, 1000, 2000, 500, 900, False)
ABROAD = Zone("abroad", frozenset({"710000"}), False, 1000, 0, 1000, 0, False)
TEMPLATE = Template("standard", 9900, 0, (REST, FAR, ABROAD))


def fen(province: str = "330000", weight_g: int = 500, goods_fen: int = 1000, volume_cm3: int = 0) -> int:
    return quote(TEMPLATE, province_code=province, weight_g=weight_g, volume_cm3=volume_cm3, goods_fen=goods_fen).fen


@pytest.mark.parametrize(
    ("weight_g", "expected"),
    [(0, 800), (999, 800), (1000, 800), (1001, 1100), (2000, 1100), (2001, 1400), (10_000, 3500)],
)
def test_every_begun_step_above_the_first_weight_costs(weight_g, expected):
    assert fen(weight_g=weight_g) == expected


@pytest.mark.parametrize(("goods_fen", "expected"), [(9899, 800), (9900, 0), (1_000_000, 0)])
def test_goods_worth_the_threshold_ship_free(goods_fen, expected):
    assert fen(goods_fen=goods_fen) == expected


def test_a_remote_zone_has_its_own_rates_and_no_threshold():
    assert fen("650000", weight_g=1501, goods_fen=1_000_000) == 2000 + 2 * 900


def test_the_quote_names_the_zone_and_what_ships_free():
    answer = quote(TEMPLATE, province_code="110000", weight_g=1, volume_cm3=0, goods_fen=0)
    assert answer == FreightQuote(800, "rest", 9900)


def test_a_province_that_is_not_served_is_refused():
    with pytest.raises(NotDeliverable):
        fen("710000")


def test_a_province_in_no_zone_is_refused_where_no_zone_serves_the_rest():
    with pytest.raises(NotDeliverable):
        quote(Template("t", None, 0, (FAR,)), province_code="110000", weight_g=1, volume_cm3=0, goods_fen=0)


@pytest.mark.parametrize(("volume_cm3", "expected"), [(6000, 800), (6001, 1100)])
def test_light_and_bulky_parcels_are_billed_by_volume(volume_cm3, expected):
    template = Template("bulky", None, 6000, (REST,))
    assert quote(template, province_code="330000", weight_g=10, volume_cm3=volume_cm3, goods_fen=0).fen == expected
