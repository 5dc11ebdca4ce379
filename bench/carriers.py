"""A simulated year of parcels: what learning about carriers is worth, in yuan a parcel.

Six carriers between six warehouses' provinces and thirty-one destinations; every carrier has a true chance of keeping
its promise on each lane, which wanders with the weeks and falls in the peak of November. Outcomes are known three days
after a parcel was due. A parcel costs its freight, and ¥20 when the promise is missed. Beside the learned quality stand
the same choice by the raw rate of the last thirty days on the lane (the carrier's where there is none), by what
carriers state once and for all, the fastest and the cheapest. `--seed` is the first of three.
"""

import math
import random
import sys
from collections import defaultdict, deque
from dataclasses import dataclass
from statistics import mean

from harness import Report, options, table
from logistics.carriers.quality import Quality, Tally

DAYS, PARCELS, QUICK_PARCELS, SEEDS = 365, 240, 80, 3
CARRIERS, ORIGINS, DESTINATIONS, REMOTE = 6, 6, 31, 4
MISSED_YUAN, KNOWN_AFTER = 20.0, 3
RAW_DAYS = 30
WAYS = ("learned", "raw 30 days", "static", "fastest", "cheapest")


@dataclass(frozen=True)
class World:
    """Freight and hours by carrier and destination; chances by carrier, origin and destination."""

    freight: dict[tuple[int, int], float]
    hours: dict[tuple[int, int], float]
    chance: dict[tuple[int, int, int], float]
    stated: dict[int, float]


@dataclass
class Account:
    yuan: float = 0.0
    missed: int = 0
    parcels: int = 0
    remote_yuan: float = 0.0
    remote_missed: int = 0
    remote: int = 0

    def book(self, freight: float, late: bool, remote: bool) -> None:
        cost = freight + MISSED_YUAN * late
        self.yuan, self.missed, self.parcels = self.yuan + cost, self.missed + late, self.parcels + 1
        if remote:
            self.remote_yuan, self.remote_missed = self.remote_yuan + cost, self.remote_missed + late
            self.remote += 1


class Memory:
    """What one way of choosing has seen: outcomes become known late, and only those of carriers that it chose."""

    def __init__(self) -> None:
        self.pending: deque[tuple[int, tuple[int, int, int], bool]] = deque()
        self.tallies: dict[tuple[int, tuple[str, str]], Tally] = {}
        self.recent: dict[int, dict[tuple[int, int, int], list[int]]] = defaultdict(dict)
        self.quality = Quality({})
        self.raw: dict[tuple[int, ...], tuple[int, int]] = {}

    def learn(self, day: int) -> None:
        self.tallies = {key: tally.faded(1) for key, tally in self.tallies.items()}
        while self.pending and self.pending[0][0] <= day:
            _due, (carrier, origin, destination), kept = self.pending.popleft()
            key = carrier, (str(origin), str(destination))
            self.tallies[key] = self.tallies.get(key, Tally()).plus(Tally(float(kept), 1.0))
            seen = self.recent[day].setdefault((carrier, origin, destination), [0, 0])
            seen[0], seen[1] = seen[0] + kept, seen[1] + 1
        self.recent.pop(day - RAW_DAYS, None)
        self.quality = Quality(self.tallies)
        self.raw = {}
        for lanes in self.recent.values():
            for (carrier, origin, destination), (kept, due) in lanes.items():
                for key in ((carrier, origin, destination), (carrier,)):
                    before = self.raw.get(key, (0, 0))
                    self.raw[key] = before[0] + kept, before[1] + due

    def chance(self, way: str, world: World, carrier: int, origin: int, destination: int) -> float:
        if way == "learned":
            return self.quality.on_time(carrier_id=carrier, origin=str(origin), destination=str(destination))
        if way == "raw 30 days":
            kept, due = self.raw.get((carrier, origin, destination)) or self.raw.get((carrier,)) or (9, 10)
            return kept / due
        return world.stated[carrier]


def main() -> int:
    asked = options(__doc__).parse_args()
    parcels = QUICK_PARCELS if asked.quick else PARCELS
    report = Report("carriers", asked.seed)
    rows, per_parcel = [], defaultdict(list)
    for seed in range(asked.seed, asked.seed + SEEDS):
        accounts = year(seed, parcels)
        for way, account in accounts.items():
            per_parcel[way].append(account.yuan / account.parcels)
            rows.append(shown(seed, way, account))
        learned = accounts["learned"].yuan / accounts["learned"].parcels
        for way in ("raw 30 days", "static"):
            other = accounts[way].yuan / accounts[way].parcels
            report.figure(
                f"seed_{seed}_learned_beside_{way.split()[0]}", learned, reference=other, target=1, better="lower"
            )
    headers = ("seed", "way", "¥ a parcel", "missed %", "remote: ¥ a parcel", "missed %")
    table([headers, *rows])
    for way, found in per_parcel.items():
        report.figure(f"yuan_a_parcel_{way.replace(' ', '_')}", mean(found), better="lower")
    return report.finish()


def year(seed: int, parcels: int) -> dict[str, Account]:
    """Every way of choosing sees the same parcels, and the same luck where it chooses the same carrier."""
    dice = random.Random(seed)
    world = _world(dice)
    memories = {way: Memory() for way in WAYS}
    accounts = {way: Account() for way in WAYS}
    for day in range(DAYS):
        _wander(world, dice, day)
        for memory in memories.values():
            memory.learn(day)
        for _parcel in range(parcels):
            origin, destination = dice.randrange(ORIGINS), dice.randrange(DESTINATIONS)
            luck = [dice.random() for _carrier in range(CARRIERS)]
            for way in WAYS:
                chosen = _chosen(way, world, memories[way], origin, destination)
                kept = luck[chosen] < world.chance[chosen, origin, destination]
                accounts[way].book(world.freight[chosen, destination], not kept, destination < REMOTE)
                known = day + KNOWN_AFTER + math.ceil(world.hours[chosen, destination] / 24)
                memories[way].pending.append((known, (chosen, origin, destination), kept))
        for memory in memories.values():
            memory.pending = deque(sorted(memory.pending, key=lambda each: each[0]))
    return accounts


def _chosen(way: str, world: World, memory: Memory, origin: int, destination: int) -> int:
    if way == "fastest":
        return min(range(CARRIERS), key=lambda carrier: (world.hours[carrier, destination], carrier))
    if way == "cheapest":
        return min(range(CARRIERS), key=lambda carrier: (world.freight[carrier, destination], carrier))
    return min(
        range(CARRIERS),
        key=lambda carrier: (
            world.freight[carrier, destination]
            + MISSED_YUAN * (1 - memory.chance(way, world, carrier, origin, destination)),
            carrier,
        ),
    )


def _world(dice: random.Random) -> World:
    """Dear carriers are faster and better on the whole, but every lane is its own."""
    freight, hours, chance, stated = {}, {}, {}, {}
    for carrier in range(CARRIERS):
        level = carrier / (CARRIERS - 1)
        own = 0.84 + 0.12 * level + dice.uniform(-0.04, 0.04)
        stated[carrier] = min(own + 0.03, 0.99)
        for destination in range(DESTINATIONS):
            remote = destination < REMOTE
            freight[carrier, destination] = (5.0 + 5.0 * level + dice.uniform(0, 1.5)) * (2.2 if remote else 1.0)
            hours[carrier, destination] = (80 - 40 * level + dice.uniform(-8, 8)) * (1.6 if remote else 1.0)
            there = own + dice.gauss(0, 0.06) - (0.06 if remote else 0.0)
            for origin in range(ORIGINS):
                chance[carrier, origin, destination] = _bounded(there + dice.gauss(0, 0.03))
    return World(freight, hours, chance, stated)


def _wander(world: World, dice: random.Random, day: int) -> None:
    """Each week every carrier drifts a little to each province; in the peak some break down."""
    if day % 7:
        return
    peak = 305 <= day < 330
    for carrier in range(CARRIERS):
        shift = -0.03 if peak and carrier % 2 else 0.0
        for destination in range(DESTINATIONS):
            step = dice.gauss(0, 0.008) + shift
            for origin in range(ORIGINS):
                lane = carrier, origin, destination
                world.chance[lane] = _bounded(world.chance[lane] + step)


def _bounded(chance: float) -> float:
    return min(max(chance, 0.4), 0.995)


def shown(seed: int, way: str, account: Account) -> tuple[str, ...]:
    return (
        str(seed),
        way,
        f"{account.yuan / account.parcels:.3f}",
        f"{account.missed / account.parcels * 100:.1f}",
        f"{account.remote_yuan / account.remote:.3f}",
        f"{account.remote_missed / account.remote * 100:.1f}",
    )


if __name__ == "__main__":
    sys.exit(main())
