"""What the buyer pays for delivery, computed on plain data: the first so much, steps, thresholds, regions; templates
added up."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from msgspec import Struct

from logistics.freight.errors import NotDeliverable


class BilledBy(StrEnum):
    WEIGHT, PIECES, AMOUNT = "weight", "pieces", "amount"


# What `first_size` and `step_size` count: grams, pieces, and yuan of goods whose worth is known in fen.
SIZE_UNIT = {BilledBy.WEIGHT: 1, BilledBy.PIECES: 1, BilledBy.AMOUNT: 100}


@dataclass(frozen=True)
class Zone:
    """Rates for `regions`, provinces or cities; without any it serves those that no other zone names. Goods worth
    `cheaper_from_fen` cost `cheaper_fen` at most."""

    name: str
    regions: frozenset[str]
    delivers: bool
    first_size: int
    first_fen: int
    step_size: int
    step_fen: int
    free_shipping: bool
    cheaper_from_fen: int | None = None
    cheaper_fen: int = 0


@dataclass(frozen=True)
class Template:
    name: str
    free_from_fen: int | None
    volumetric_divisor: int
    zones: tuple[Zone, ...]
    billed_by: str = BilledBy.WEIGHT


class Goods(Struct, frozen=True):
    """What is sent by one template, together; `worth_fen` at list prices. What is not bought, but owed, earns no lower
    freight by its worth.
    """

    weight_g: int
    volume_cm3: int
    pieces: int
    worth_fen: int
    are_bought: bool = True

    def reach(self, fen: int | None) -> bool:
        """Whether so much was bought that freight is lower from `fen` on; never where that is None."""
        return fen is not None and self.are_bought and self.worth_fen >= fen


@dataclass(frozen=True)
class FreightQuote:
    """`rule` names the zone that decided; goods worth `free_from_fen` ship free there, None for never. `template` and
    `sku_ids` say what for, where several are added up."""

    fen: int
    rule: str
    free_from_fen: int | None = None
    template: str = ""
    sku_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class Freight:
    """What goods cost that are sent together: each template's part, added up."""

    parts: tuple[FreightQuote, ...] = ()

    @property
    def fen(self) -> int:
        return sum(part.fen for part in self.parts)


@dataclass(frozen=True)
class Templates:
    """`own` names the templates of SKUs that have one, by its place in `templates`; all others go by `default`, or
    free where there is none."""

    default: Template | None = None
    templates: tuple[Template, ...] = ()
    own: Mapping[int, int] = field(default_factory=dict)


def quote_all(templates: Templates, *, regions: Sequence[str], goods: Mapping[int, Goods]) -> Freight:
    """Freight of `goods` by SKU id. Those of one template are weighed together and reach its thresholds together; what
    the templates come to is added up.

    Raises NotDeliverable, which names the SKUs that cannot be sent there.
    """
    together: dict[int | None, list[int]] = {}
    for sku_id in goods:
        together.setdefault(templates.own.get(sku_id), []).append(sku_id)
    parts: list[FreightQuote] = []
    refused: list[int] = []
    for place, sku_ids in sorted(together.items(), key=lambda each: -1 if each[0] is None else each[0]):
        template = templates.default if place is None else templates.templates[place]
        if template is None:
            continue
        try:
            found = quote(template, regions=regions, goods=_together([goods[sku_id] for sku_id in sku_ids]))
        except NotDeliverable:
            refused += sku_ids
            continue
        parts.append(replace(found, template=template.name, sku_ids=tuple(sorted(sku_ids))))
    if refused:
        raise NotDeliverable(sku_ids=sorted(refused))
    return Freight(tuple(parts))


def _together(goods: Sequence[Goods]) -> Goods:
    return Goods(
        sum([each.weight_g for each in goods]),
        sum([each.volume_cm3 for each in goods]),
        sum([each.pieces for each in goods]),
        sum([each.worth_fen for each in goods]),
        all(each.are_bought for each in goods),
    )


def quote(template: Template, *, regions: Iterable[str], goods: Goods) -> FreightQuote:
    """`regions` are where it goes, the narrowest first. Raises NotDeliverable when no zone serves it, or the zone that
    does says no."""
    zone = zone_of(template.zones, regions)
    if zone is None or not zone.delivers:
        raise NotDeliverable
    free_from = template.free_from_fen if zone.free_shipping else None
    if goods.reach(free_from):
        return FreightQuote(0, zone.name, free_from)
    return FreightQuote(_fen(template, zone, goods), zone.name, free_from)


def zone_of(zones: Sequence[Zone], regions: Iterable[str]) -> Zone | None:
    """The zone that names the narrowest region, a city before its province."""
    named = {region: zone for zone in zones for region in zone.regions}
    rest = next((zone for zone in zones if not zone.regions), None)
    return next((named[region] for region in regions if region in named), rest)


def _fen(template: Template, zone: Zone, goods: Goods) -> int:
    unit = SIZE_UNIT[BilledBy(template.billed_by)]
    fen = stepped_fen(
        _size(template, goods),
        first=zone.first_size * unit,
        first_fen=zone.first_fen,
        step=zone.step_size * unit,
        step_fen=zone.step_fen,
    )
    return min(fen, zone.cheaper_fen) if goods.reach(zone.cheaper_from_fen) else fen


def _size(template: Template, goods: Goods) -> int:
    if template.billed_by == BilledBy.PIECES:
        return goods.pieces
    if template.billed_by == BilledBy.AMOUNT:
        return goods.worth_fen
    divisor = template.volumetric_divisor
    return billed_weight_g(weight_g=goods.weight_g, volume_cm3=goods.volume_cm3, divisor=divisor)


def stepped_fen(size: int, *, first: int, first_fen: int, step: int, step_fen: int) -> int:
    """The first so much at one price, every begun step above it at another."""
    steps = -(-max(0, size - first) // step)
    return first_fen + steps * step_fen


def billed_weight_g(*, weight_g: int, volume_cm3: int, divisor: int) -> int:
    """The greater of actual and volumetric weight (cm³ ÷ divisor = kg), up to the gram; 0 bills the actual one."""
    return max(weight_g, -(-volume_cm3 * 1000 // divisor)) if divisor else weight_g
