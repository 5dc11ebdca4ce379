"""Inputs of a decision as the arrays of the optimiser."""

from bisect import bisect_left
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from logistics.allocation.inputs import Inputs, SiteState, Wanted
from logistics.allocation.optimiser import Batch, Tariff
from logistics.allocation.optimiser.problem import Floats
from logistics.carriers.engine import Rate, waits_minutes
from logistics.network.geography import distance_km

# A parcel that no carrier takes may still be sent, by whom a person finds: the last choice, but a choice.
NO_CARRIER_FEN = 100_000


class Place(NamedTuple):
    """Where orders go that pay the same: `above` is the highest limit of worth that theirs is above, -1 for none."""

    destination: str
    longitude: float | None
    latitude: float | None
    above: int = -1


def batch_of(inputs: Inputs) -> Batch:
    of_each = _place_of_each(inputs)
    places = _places(of_each)
    number_of = {place: number for number, place in enumerate(places)}
    skus = sorted({line.sku_id for each in inputs.wanted for line in each.lines})
    row_of = {sku_id: row for row, sku_id in enumerate(skus)}
    lines = [line for each in inputs.wanted for line in each.lines]
    place = np.array([number_of[each] for each in of_each])
    sizes = [len(each.lines) for each in inputs.wanted]
    promise = np.full(len(inputs.wanted), float(inputs.terms.promise_hours))
    weight = np.array([line.weight_g for line in lines], dtype=float)
    volume = np.array([line.volume_cm3 for line in lines], dtype=float)
    tariff, owner = _tariff(inputs, places), np.repeat(np.arange(len(sizes)), sizes)
    holds = np.array([inputs.terms.waiting_fen(each.priority) for each in inputs.wanted], dtype=float)
    alone = tariff.parcels(place[owner], promise[owner], weight, volume).min(axis=1)
    rooms = [site.room for site in inputs.sites]
    return Batch(
        place=place,
        promise_hours=promise,
        line_start=np.cumsum([0, *sizes]),
        sku=np.array([row_of[line.sku_id] for line in lines]),
        quantity=np.array([line.quantity for line in lines]),
        weight_g=weight,
        volume_cm3=volume,
        hold=alone + holds[owner],
        stock=np.array([[site.free.get(sku_id, 0) for site in inputs.sites] for sku_id in skus]),
        tariff=tariff,
        open_sites=np.array([[is_open(inputs, each, site) for site in inputs.sites] for each in inputs.wanted]),
        room=None
        if all(room is None for room in rooms)
        else np.array([len(lines) if room is None else room for room in rooms]),
    )


def is_open(inputs: Inputs, wanted: Wanted, site: SiteState) -> bool:
    return site.is_active and site.warehouse_id not in wanted.avoid and ruled_out(inputs, wanted, site) is None


def ruled_out(inputs: Inputs, wanted: Wanted, site: SiteState) -> int | None:
    if not inputs.terms.rules:
        return None
    return inputs.terms.ruled_out(
        province_code=wanted.province_code, categories=wanted.categories, warehouse_id=site.warehouse_id
    )


def kilometres(place: Place | Wanted, site: SiteState) -> float | None:
    longitude, latitude = place.longitude, place.latitude
    if longitude is None or latitude is None:
        return None
    return distance_km(longitude=longitude, latitude=latitude, to_longitude=site.longitude, to_latitude=site.latitude)


def distances(inputs: Inputs) -> Floats:
    places = _places(_place_of_each(inputs))
    return np.array([[kilometres(place, site) or 0.0 for site in inputs.sites] for place in places])


def way_fen(inputs: Inputs, km: float | None) -> float:
    return inputs.terms.distance_fen * (km or 0.0) / 100


def _place_of_each(inputs: Inputs) -> list[Place]:
    """Of each order. What it is worth as a whole decides who carries it, however it is split."""
    limits = {rate.max_value_fen for lane in inputs.lanes for rate in lane.rates}
    rising = [-1, *sorted(limit for limit in limits if limit is not None)]
    return [
        Place(each.destination, each.longitude, each.latitude, rising[bisect_left(rising, each.value_fen, lo=1) - 1])
        for each in inputs.wanted
    ]


def _places(of_each: Iterable[Place]) -> list[Place]:
    return sorted(set(of_each), key=lambda p: (p.destination, p.longitude or 0.0, p.latitude or 0.0, p.above))


def _tariff(inputs: Inputs, places: list[Place]) -> Tariff:
    by_lane = inputs.by_lane()
    carriers = sorted({rate.carrier_code for lane in inputs.lanes for rate in lane.rates})
    column = {code: number for number, code in enumerate(carriers)}
    shape = (len(places), len(inputs.sites), len(carriers) + 1)
    first, step, eta = np.full(shape, np.inf), np.zeros(shape), np.zeros(shape)
    first_weight, step_weight, heaviest = np.zeros(shape), np.ones(shape), np.full(shape, np.inf)
    missed = np.zeros(shape)
    divisor = np.zeros(shape[2])
    for number, place in enumerate(places):
        for at, site in enumerate(inputs.sites):
            way = way_fen(inputs, kilometres(place, site))
            first[number, at, -1] = NO_CARRIER_FEN + way
            for rate in by_lane.get((site.province_code, place.destination), ()):
                if rate.max_value_fen is not None and rate.max_value_fen <= place.above:
                    continue
                cell = number, at, column[rate.carrier_code]
                first[cell], step[cell] = rate.first_fen + way, rate.step_fen
                first_weight[cell], step_weight[cell] = rate.first_weight_g, rate.step_weight_g
                heaviest[cell] = np.inf if rate.max_weight_g is None else rate.max_weight_g
                waits = waits_minutes(site.ready_minute, rate.pick_up_at) / 60
                eta[cell] = site.handling_hours + waits + rate.eta_hours
                missed[cell] = missed_fen(inputs, rate)
                divisor[cell[2]] = rate.volumetric_divisor
    return Tariff(
        first=first,
        step=step,
        missed=missed,
        eta_hours=eta,
        first_weight_g=first_weight,
        step_weight_g=step_weight,
        max_weight_g=heaviest,
        divisor=divisor,
        per_parcel=float(inputs.terms.per_parcel_fen),
        late_per_hour=float(inputs.terms.late_hour_fen),
    )


def missed_fen(inputs: Inputs, rate: Rate) -> float:
    """The worth of the promise × the chance that this carrier misses it."""
    return inputs.terms.promise_worth_fen * (1 - rate.on_time)
