"""What the carriers would do for a parcel."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import product
from typing import NamedTuple

from django.db import connection

from logistics.carriers.engine import (
    ANYWHERE,
    Offer,
    Parcel,
    Rate,
    choose,
    destinations,
    lane_rates,
    province_of,
)
from logistics.carriers.models import LaneTally
from logistics.carriers.quality import Quality, Tally
from shop.core.kept import Kept
from shop.core.prepared import Prepared
from shop.regions.queries import lineage

# Columns in the order of Rate; written out, because every parcel asks.
_RATES = """
SELECT carrier.id, carrier.code, carrier.volumetric_divisor, origin_province, destination_province, first_weight_g,
    first_fen + surcharge_fen, step_weight_g, step_fen, max_weight_g, eta_hours, 1.0::float,
    coalesce((SELECT max(version) FROM carriers_ratecard card WHERE card.carrier_id = carrier.id), 0),
    carrier.max_value_fen, carrier.pick_up_at
FROM carriers_carrierrate rate JOIN carriers_carrier carrier ON carrier.id = rate.carrier_id
WHERE carrier.is_active
"""
_ON_LANE = Prepared(
    "carrier_rates",
    _RATES + " AND origin_province = ANY(%s::text[]) AND destination_province = ANY(%s::text[])",
)
Lane = tuple[str, str]


def offers_for(parcel: Parcel) -> list[Offer]:
    """Every active carrier's offer, the one to choose first and the refused ones last; one query."""
    return choose(parcel, _with_quality(parcel.origin_province, parcel.destination, _rates(parcel)))


def estimate_for(parcel: Parcel) -> list[Offer]:
    """What `offers_for` answers, as it was a few seconds ago: enough for who only promises a day."""
    return choose(parcel, known_rates(parcel.origin_province, parcel.destination))


def known_rates(origin: str, destination: str) -> list[Rate]:
    """What carriers bill from a province to a province or city, one rate each, as it was seconds ago; no query."""
    known, quality, lane = RATES.value(), QUALITY.value(), (origin, destination)
    told = known.told.get(lane)
    if told is None or told[0] is not quality:
        lanes = product((origin, ANYWHERE), destinations(destination))
        found = [rate for each in lanes for rate in known.by_lane.get(each, ())]
        rates = sorted(_with_quality(origin, destination, found), key=lambda rate: rate.carrier_code)
        told = known.told[lane] = quality, rates
    return told[1]


def every_rate() -> list[Rate]:
    """Of all active carriers, as it was seconds ago; quality aside."""
    return [rate for rates in RATES.value().by_lane.values() for rate in rates]


def destination_of(region_code: str) -> str:
    """The city where some carrier bills it apart, elsewhere the province, as it was seconds ago: orders that are
    planned together go to as few places as carriers tell apart. Empty for an unknown region."""
    city, *above = lineage(region_code)[-2:] or ("",)
    return above[0] if above and city not in RATES.value().apart else city


def _with_quality(origin: str, destination: str, rates: Sequence[Rate]) -> list[Rate]:
    """One rate for each carrier of a lane, with the chance that it keeps its promise there."""
    quality, province = QUALITY.value(), province_of(destination)
    return [
        replace(
            rate,
            on_time=round(quality.on_time(carrier_id=rate.carrier_id, origin=origin, destination=province), 4),
        )
        for rate in lane_rates(origin, destination, rates)
    ]


def _quality() -> Quality:
    rows = LaneTally.objects.values_list(
        "carrier_id", "origin_province", "destination_province", "on_time", "due", "as_of"
    )
    found = list(rows)
    latest = max((row[5] for row in found), default=date.min)
    return Quality(
        {
            (carrier_id, (origin, destination)): Tally(on_time, due).faded((latest - as_of).days)
            for carrier_id, origin, destination, on_time, due, as_of in found
        }
    )


def _rates(parcel: Parcel) -> list[Rate]:
    lanes = [[parcel.origin_province, ANYWHERE], list(destinations(parcel.destination))]
    return [Rate(*row) for row in _ON_LANE.run(lanes)]


class _Known(NamedTuple):
    """`apart` are the cities that some rate names, `told` what was answered of lanes, under which quality."""

    by_lane: Mapping[Lane, list[Rate]]
    apart: frozenset[str]
    told: dict[Lane, tuple[Quality, list[Rate]]]


def _known() -> _Known:
    found: dict[Lane, list[Rate]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_RATES)
        for row in cursor.fetchall():
            rate = Rate(*row)
            found.setdefault((rate.origin_province, rate.destination_province), []).append(rate)
    named = {destination for _origin, destination in found}
    return _Known(found, frozenset(place for place in named if place not in (ANYWHERE, province_of(place))), {})


RATES = Kept(_known)
QUALITY = Kept(_quality)
