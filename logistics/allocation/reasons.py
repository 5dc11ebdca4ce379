"""What a decision says for itself: every warehouse with its cost in parts, or why it was none.

Computed line by line on plain data, without the optimiser, so that its costs are counted twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from logistics.allocation.arrays import NO_CARRIER_FEN, is_open, kilometres, missed_fen, ruled_out, way_fen
from logistics.allocation.inputs import Inputs, Line, SiteState, Wanted
from logistics.carriers.engine import Parcel, Rate, offer_of

Items = Mapping[int, int]


@dataclass(frozen=True)
class Lookup:
    """Inputs with what is looked up in them for each order."""

    inputs: Inputs
    sites: Mapping[int, SiteState]
    rates: Mapping[tuple[str, str], Sequence[Rate]]

    @classmethod
    def of(cls, inputs: Inputs) -> "Lookup":
        rates = {lane: sorted(found, key=lambda rate: rate.carrier_code) for lane, found in inputs.by_lane().items()}
        return cls(inputs, {site.warehouse_id: site for site in inputs.sites}, rates)


def parcels_cost(known: Lookup, wanted: Wanted, parcels: Mapping[int, Items]) -> list[dict[str, Any]]:
    """Each planned parcel with the parts of its cost."""
    return [
        {
            "warehouse": known.sites[warehouse_id].code,
            **parcel_cost(known, wanted, known.sites[warehouse_id], _packed(wanted, items)),
        }
        for warehouse_id, items in sorted(parcels.items())
    ]


def candidates_of(known: Lookup, wanted: Wanted, parcels: Mapping[int, Items]) -> list[dict[str, Any]]:
    """All warehouses, the nearest first, with what they send, what they lack, and what all from there would cost."""
    found = []
    for site in known.inputs.sites:
        km = kilometres(wanted, site)
        found.append(
            {
                "warehouse": site.code,
                "name": site.name,
                "distance_km": None if km is None else round(km, 1),
                **_verdict(known, wanted, site, parcels),
                "items": {str(sku_id): units for sku_id, units in parcels.get(site.warehouse_id, {}).items()},
            }
        )
    return sorted(found, key=lambda each: each["distance_km"] or 0.0)


def _packed(wanted: Wanted, items: Items) -> list[Line]:
    """The lines of a parcel; of one that comes from several warehouses its own units."""
    return [_part(line, items[line.sku_id]) for line in wanted.lines if line.sku_id in items]


def _part(line: Line, units: int) -> Line:
    if units == line.quantity:
        return line
    each = {name: getattr(line, name) * units // line.quantity for name in ("weight_g", "volume_cm3", "value_fen")}
    return replace(line, quantity=units, **each)


def _verdict(known: Lookup, wanted: Wanted, site: SiteState, parcels: Mapping[int, Items]) -> dict[str, Any]:
    missing = {
        str(line.sku_id): line.quantity - site.free.get(line.sku_id, 0)
        for line in wanted.lines
        if site.free.get(line.sku_id, 0) < line.quantity
    }
    rule = ruled_out(known.inputs, wanted, site)
    closed = rule is not None or not is_open(known.inputs, wanted, site)
    whole = {} if missing or closed else parcel_cost(known, wanted, site, wanted.lines)
    if site.warehouse_id in parcels:
        verdict = "chosen"
    elif not site.is_active:
        verdict = "closed"
    elif site.warehouse_id in wanted.avoid:
        verdict = "turned_down"
    elif rule is not None:
        return {"verdict": "ruled_out", "rule": rule, "missing": missing, "whole": whole}
    elif not any(site.free.get(line.sku_id, 0) for line in wanted.lines):
        verdict = "no_stock"
    elif site.room is not None and site.room <= 0:
        verdict = "full"
    else:
        verdict = "incomplete" if missing else "dearer"
    return {"verdict": verdict, "missing": missing, "whole": whole}


def parcel_cost(known: Lookup, wanted: Wanted, site: SiteState, lines: Sequence[Line]) -> dict[str, Any]:
    """The cheapest carrier for these lines from there and what each part comes to, in fen."""
    inputs, terms = known.inputs, known.inputs.terms
    weight, volume = sum(line.weight_g for line in lines), sum(line.volume_cm3 for line in lines)
    parcel = Parcel(
        site.province_code,
        wanted.destination,
        weight,
        volume,
        value_fen=wanted.value_fen,
        ready_minute=site.ready_minute,
    )
    way = way_fen(inputs, kilometres(wanted, site))
    best = {"carrier": "", "card": 0, "freight": NO_CARRIER_FEN, "late": 0.0, "missed": 0.0}
    least = float(NO_CARRIER_FEN)
    for rate in known.rates.get((site.province_code, wanted.destination), ()):
        offer = offer_of(parcel, rate)
        if offer.rejected:
            continue
        late = max(site.handling_hours + offer.hours - terms.promise_hours, 0.0) * terms.late_hour_fen
        missed = missed_fen(inputs, rate)
        total = offer.cost_fen + late + missed
        if total < least:
            least = total
            best = {"carrier": rate.carrier_code, "card": rate.card, "freight": offer.cost_fen}
            best["late"], best["missed"] = round(late, 2), round(missed, 2)
    parts = {**best, "per_parcel": terms.per_parcel_fen, "way": round(way, 2)}
    return {**parts, "fen": round(least + terms.per_parcel_fen + way, 2)}
