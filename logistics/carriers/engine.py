"""Which carrier takes a parcel: the cheapest under its constraints, computed on plain data."""

from collections.abc import Sequence
from dataclasses import dataclass

from logistics.freight.engine import billed_weight_g, stepped_fen

ANYWHERE = "*"


@dataclass(frozen=True)
class Parcel:
    """`destination` is a province or, where it is known, the city."""

    origin_province: str
    destination: str
    weight_g: int
    volume_cm3: int
    within_hours: int | None = None
    # What it is worth that the promise is kept.
    promise_worth_fen: int = 0
    value_fen: int = 0


@dataclass(frozen=True)
class Rate:
    carrier_id: int
    carrier_code: str
    volumetric_divisor: int
    origin_province: str
    destination_province: str
    first_weight_g: int
    first_fen: int
    step_weight_g: int
    step_fen: int
    max_weight_g: int | None
    eta_hours: int
    # The chance that the carrier keeps its promise on this lane, as far as is known.
    on_time: float = 1.0
    # The version of the carrier's rate card that says so; 0 for what was so before any was kept.
    card: int = 0
    # Goods worth more are not taken.
    max_value_fen: int | None = None


@dataclass(frozen=True)
class Offer:
    """What a carrier would do for the parcel; `rejected` is a reason code, empty for those that can be chosen."""

    carrier_id: int
    carrier_code: str
    cost_fen: int
    eta_hours: int
    billed_weight_g: int
    rejected: str = ""
    on_time: float = 1.0
    # Cost and the worth of the promise × the chance that it is missed: what decides.
    score_fen: int = 0
    card: int = 0


def choose(parcel: Parcel, rates: Sequence[Rate]) -> list[Offer]:
    """All carriers' offers, the chosen one first: least cost with what a missed promise is worth, then soonest, then by
    code; the refused ones last."""
    lane = parcel.origin_province, parcel.destination
    offers = [offer_of(parcel, rate) for rate in lane_rates(*lane, rates)]
    return sorted(offers, key=lambda o: (bool(o.rejected), o.score_fen, o.eta_hours, o.carrier_code))


def lane_rates(origin: str, destination: str, rates: Sequence[Rate]) -> list[Rate]:
    """One rate per carrier: the narrowest destination wins, a city before its province and that before anywhere, then
    the rate that names the origin."""
    best: dict[int, Rate] = {}
    there = destinations(destination)
    for rate in rates:
        if rate.origin_province not in (origin, ANYWHERE) or rate.destination_province not in there:
            continue
        known = best.get(rate.carrier_id)
        if known is None or _precision(rate) > _precision(known):
            best[rate.carrier_id] = rate
    return list(best.values())


def destinations(place: str) -> tuple[str, ...]:
    """What rates for a province or a city may name, the narrowest first."""
    return tuple(dict.fromkeys((place, province_of(place), ANYWHERE)))


def province_of(place: str) -> str:
    return f"{place[:2]}0000"


def _precision(rate: Rate) -> tuple[int, bool]:
    to = rate.destination_province
    level = 0 if to == ANYWHERE else 1 if to == province_of(to) else 2
    return level, rate.origin_province != ANYWHERE


def offer_of(parcel: Parcel, rate: Rate) -> Offer:
    weight = billed_weight_g(weight_g=parcel.weight_g, volume_cm3=parcel.volume_cm3, divisor=rate.volumetric_divisor)
    cost_fen = stepped_fen(
        weight,
        first=rate.first_weight_g,
        first_fen=rate.first_fen,
        step=rate.step_weight_g,
        step_fen=rate.step_fen,
    )
    rejected = ""
    if rate.max_weight_g is not None and weight > rate.max_weight_g:
        rejected = "too_heavy"
    elif rate.max_value_fen is not None and parcel.value_fen > rate.max_value_fen:
        rejected = "too_valuable"
    elif parcel.within_hours is not None and rate.eta_hours > parcel.within_hours:
        rejected = "too_slow"
    score_fen = cost_fen + round(parcel.promise_worth_fen * (1 - rate.on_time))
    return Offer(
        rate.carrier_id,
        rate.carrier_code,
        cost_fen,
        rate.eta_hours,
        weight,
        rejected,
        rate.on_time,
        score_fen,
        rate.card,
    )
