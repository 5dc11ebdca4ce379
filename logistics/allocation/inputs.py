"""Everything that a decision of allocation depends on, as plain data that can be kept and read again."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from logistics.allocation.terms import Terms
from logistics.carriers.engine import Rate, province_of


@dataclass(frozen=True)
class Line:
    """Units of a SKU; weight, volume and worth are those of all of them."""

    sku_id: int
    quantity: int
    weight_g: int
    volume_cm3: int
    category_id: int | None = None
    value_fen: int = 0


@dataclass(frozen=True)
class Wanted:
    """An order to decide on; without coordinates every warehouse counts as equally near. `destination` is a province,
    or a city that some carrier bills apart."""

    request_id: int
    destination: str
    longitude: float | None
    latitude: float | None
    lines: tuple[Line, ...]
    # Warehouses that have turned it down.
    avoid: tuple[int, ...] = ()
    # Higher is served first where goods lack.
    priority: int = 0

    @property
    def province_code(self) -> str:
        return province_of(self.destination)

    @property
    def value_fen(self) -> int:
        return sum(line.value_fen for line in self.lines)

    @property
    def categories(self) -> frozenset[int]:
        return frozenset(line.category_id for line in self.lines if line.category_id is not None)


@dataclass(frozen=True)
class SiteState:
    """A warehouse with its free units by SKU id, in order. `room` is how many more parcels it sends today, None for any
    number; `handling_hours` are those until a parcel leaves, the wait until picking begins included; `ready_minute` the
    minute of the day at which that is."""

    warehouse_id: int
    code: str
    name: str
    province_code: str
    longitude: float
    latitude: float
    handling_hours: int
    is_active: bool
    free: Mapping[int, int]
    room: int | None = None
    ready_minute: int | None = None


@dataclass(frozen=True)
class LaneRates:
    """What carriers bill from a province to a province or city, one rate for each carrier that goes there."""

    origin: str
    destination: str
    rates: tuple[Rate, ...]


@dataclass(frozen=True)
class Inputs:
    """`sites` in the order in which ties are decided. Read again by `read_inputs`, they are equal."""

    wanted: tuple[Wanted, ...]
    sites: tuple[SiteState, ...]
    terms: Terms
    lanes: tuple[LaneRates, ...]

    def by_lane(self) -> dict[tuple[str, str], tuple[Rate, ...]]:
        return {(lane.origin, lane.destination): lane.rates for lane in self.lanes}

    def kept(self) -> bytes:
        return msgspec.json.encode(self)

    def digest(self) -> str:
        return _digest(self)

    def rates_digest(self) -> str:
        return _digest(self.lanes)


def read_inputs(kept: bytes) -> Inputs:
    return msgspec.json.decode(kept, type=Inputs)


def _digest(value: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(value)).hexdigest()[:16]
