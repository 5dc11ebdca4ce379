"""Which carrier takes a parcel: the cheapest under its constraints, computed on plain data."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time

from logistics.freight.engine import billed_weight_g, stepped_fen
from shop.core import clock

ANYWHERE = "*"
DAY_MINUTES = 24 * 60


@dataclass(frozen=True)
class Parcel:
    """`destination` is a province or, where it is known, the city; `ready_minute` the minute of the day at which the
    carrier can have it, None where nobody asks when it travels."""

    origin_province: str
    destination: str
    weight_g: int
    volume_cm3: int
    within_hours: float | None = None
    # What it is worth that the promise is kept.
    promise_worth_fen: int = 0
    value_fen: int = 0
    ready_minute: int | None = None
    # From when on each hour costs so much, counted as `within_hours` is: from when it is ready.
    late_after_hours: float | None = None
    late_hour_fen: int = 0


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
    # Once a day, of which `eta_hours` count; None where it comes for each parcel.
    pick_up_at: time | None = None


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
    # Cost, lateness, and the worth of the promise × the chance that it is missed: what decides.
    score_fen: int = 0
    card: int = 0
    # Until the carrier picks it up; `eta_hours` begin then.
    waits_minutes: int = 0
    late_fen: int = 0

    @property
    def hours(self) -> float:
        """From when it is ready until it is delivered."""
        return self.waits_minutes / 60 + self.eta_hours


def choose(parcel: Parcel, rates: Sequence[Rate]) -> list[Offer]:
    """All carriers' offers, the chosen one first: least cost with what lateness and a missed promise are worth, then
    soonest, then by code; the refused ones last."""
    lane = parcel.origin_province, parcel.destination
    found = lane_rates(*lane, rates)
    offers = [offer_of(parcel, rate) for rate in found]
    if offers and all(offer.rejected for offer in offers):
        # A promise that nobody can keep any more binds nobody: late is better than not at all.
        offers = [offer_of(replace(parcel, within_hours=None), rate) for rate in found]
    return sorted(offers, key=lambda o: (bool(o.rejected), o.score_fen, o.hours, o.carrier_code))


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


def minute_of_day(moment: datetime) -> int:
    """Of the Shanghai day, a begun one whole: who comes half a minute after the carrier has missed it."""
    local = moment.astimezone(clock.SHANGHAI)
    return local.hour * 60 + local.minute + (local.second > 0 or local.microsecond > 0)


def waits_minutes(ready_minute: int | None, pick_up_at: time | None) -> int:
    """Until the next pick-up of what is ready at that minute of the day."""
    if ready_minute is None or pick_up_at is None:
        return 0
    return (pick_up_at.hour * 60 + pick_up_at.minute - ready_minute) % DAY_MINUTES


def offer_of(parcel: Parcel, rate: Rate) -> Offer:
    weight = billed_weight_g(weight_g=parcel.weight_g, volume_cm3=parcel.volume_cm3, divisor=rate.volumetric_divisor)
    cost_fen = stepped_fen(
        weight,
        first=rate.first_weight_g,
        first_fen=rate.first_fen,
        step=rate.step_weight_g,
        step_fen=rate.step_fen,
    )
    waits = waits_minutes(parcel.ready_minute, rate.pick_up_at)
    hours = waits / 60 + rate.eta_hours
    rejected = ""
    if rate.max_weight_g is not None and weight > rate.max_weight_g:
        rejected = "too_heavy"
    elif rate.max_value_fen is not None and parcel.value_fen > rate.max_value_fen:
        rejected = "too_valuable"
    elif parcel.within_hours is not None and round(hours * 60) > round(parcel.within_hours * 60):
        rejected = "too_slow"
    late_hours = 0.0 if parcel.late_after_hours is None else max(hours - parcel.late_after_hours, 0.0)
    late_fen = round(late_hours * parcel.late_hour_fen)
    score_fen = cost_fen + late_fen + round(parcel.promise_worth_fen * (1 - rate.on_time))
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
        waits,
        late_fen,
    )
