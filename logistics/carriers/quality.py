"""How likely a carrier keeps its promise on a lane, learned from parcels whose promise has come due.

Pure. Counts fade, so that what a carrier does now weighs more than what it did. A lane on which little was sent borrows
from the carrier's parcels to that province, those from all of its parcels, and a new carrier from what is usual: each
level is a Beta whose prior is the level above (so many parcels' worth of it). Nothing is compared with the other
carriers of a parcel: who else is asked changes nobody's chances.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# What is usual, and how many parcels of it each level is worth.
USUAL = 0.9
CARRIER_PRIOR, PROVINCE_PRIOR, LANE_PRIOR = 20.0, 25.0, 25.0
HALF_LIFE_DAYS = 45.0
DAILY_FADE = 0.5 ** (1 / HALF_LIFE_DAYS)
# Two-sided 95 %.
Z = 1.96

Lane = tuple[str, str]


@dataclass(frozen=True)
class Tally:
    """Parcels whose promise has come due, and those of them that were delivered by then; faded, so not whole."""

    on_time: float = 0.0
    due: float = 0.0

    def faded(self, days: int) -> "Tally":
        share = DAILY_FADE ** max(days, 0)
        return Tally(self.on_time * share, self.due * share)

    def plus(self, other: "Tally") -> "Tally":
        return Tally(self.on_time + other.on_time, self.due + other.due)


class Quality:
    """What is known of carriers: tallies by carrier id and lane (origin and destination province)."""

    def __init__(self, tallies: Mapping[tuple[int, Lane], Tally]) -> None:
        self._lanes = dict(tallies)
        self._provinces: dict[tuple[int, str], Tally] = defaultdict(Tally)
        self._carriers: dict[int, Tally] = defaultdict(Tally)
        for (carrier_id, (_origin, destination)), tally in tallies.items():
            self._provinces[carrier_id, destination] = self._provinces[carrier_id, destination].plus(tally)
            self._carriers[carrier_id] = self._carriers[carrier_id].plus(tally)

    def on_time(self, *, carrier_id: int, origin: str, destination: str) -> float:
        """The chance that a parcel of this carrier keeps its promise on this lane."""
        carrier = _mean(self._carriers.get(carrier_id, Tally()), USUAL, CARRIER_PRIOR)
        province = _mean(self._provinces.get((carrier_id, destination), Tally()), carrier, PROVINCE_PRIOR)
        return _mean(self._lanes.get((carrier_id, (origin, destination)), Tally()), province, LANE_PRIOR)


def _mean(seen: Tally, prior: float, worth: float) -> float:
    return (seen.on_time + prior * worth) / (seen.due + worth)


def wilson(tally: Tally) -> tuple[float, float]:
    """Between what the true rate lies with 95 %: for people and alerts, never for choosing."""
    if tally.due <= 0:
        return 0.0, 1.0
    rate, n = tally.on_time / tally.due, tally.due
    middle = (rate + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(rate * (1 - rate) / n + Z * Z / (4 * n * n))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def total(tallies: Iterable[Tally]) -> Tally:
    found = Tally()
    for each in tallies:
        found = found.plus(each)
    return found
