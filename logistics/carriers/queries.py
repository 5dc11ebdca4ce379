"""What the carriers would do for a parcel."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import product

from django.db import connection

from logistics.carriers.engine import ANYWHERE, Offer, Parcel, Rate, choose, lane_rates
from logistics.carriers.models import LaneTally
from logistics.carriers.quality import Quality, Tally
from shop.core.kept import Kept
from shop.core.prepared import Prepared

# Columns in the order of Rate; written out, because every parcel asks.
_RATES = """
SELECT carrier.id, carrier.code, carrier.volumetric_divisor, origin_province, destination_province, first_weight_g,
    first_fen + surcharge_fen, step_weight_g, step_fen, max_weight_g, eta_hours, 1.0::float,
    coalesce((SELECT max(version) FROM carriers_ratecard card WHERE card.carrier_id = carrier.id), 0)
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
    return choose(parcel, _with_quality(parcel.origin_province, parcel.destination_province, _rates(parcel)))


def estimate_for(parcel: Parcel) -> list[Offer]:
    """What `offers_for` answers, as it was a few seconds ago: enough for who only promises a day."""
    return choose(parcel, known_rates(parcel.origin_province, parcel.destination_province))


def known_rates(origin: str, destination: str) -> list[Rate]:
    """What carriers bill from one province to another, one rate each, as it was a few seconds ago; no query."""
    known = RATES.value()
    found = [rate for lane in product((origin, ANYWHERE), (destination, ANYWHERE)) for rate in known.get(lane, ())]
    return sorted(_with_quality(origin, destination, found), key=lambda rate: rate.carrier_code)


def _with_quality(origin: str, destination: str, rates: Sequence[Rate]) -> list[Rate]:
    """One rate for each carrier of a lane, with the chance that it keeps its promise there."""
    quality = QUALITY.value()
    return [
        replace(
            rate,
            on_time=round(quality.on_time(carrier_id=rate.carrier_id, origin=origin, destination=destination), 4),
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
    lanes = [[parcel.origin_province, ANYWHERE], [parcel.destination_province, ANYWHERE]]
    return [Rate(*row) for row in _ON_LANE.run(lanes)]


def _by_lane() -> Mapping[Lane, list[Rate]]:
    found: dict[Lane, list[Rate]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_RATES)
        for row in cursor.fetchall():
            rate = Rate(*row)
            found.setdefault((rate.origin_province, rate.destination_province), []).append(rate)
    return found


RATES = Kept(_by_lane)
QUALITY = Kept(_quality)
