"""What the buyer pays for delivery, computed on plain data: first weight, steps, free threshold, provinces."""

from collections.abc import Sequence
from dataclasses import dataclass

from logistics.freight.errors import NotDeliverable


@dataclass(frozen=True)
class Zone:
    """Rates for `provinces`; without any it serves the provinces that no other zone names."""

    name: str
    provinces: frozenset[str]
    delivers: bool
    first_weight_g: int
    first_fen: int
    step_weight_g: int
    step_fen: int
    free_shipping: bool


@dataclass(frozen=True)
class Template:
    name: str
    free_from_fen: int | None
    volumetric_divisor: int
    zones: tuple[Zone, ...]


@dataclass(frozen=True)
class FreightQuote:
    """`rule` names the zone that decided; goods worth `free_from_fen` ship free there, None for never."""

    fen: int
    rule: str
    free_from_fen: int | None = None


def quote(template: Template, *, province_code: str, weight_g: int, volume_cm3: int, goods_fen: int) -> FreightQuote:
    """Raises NotDeliverable when no zone serves the province, or the zone that does says no."""
    zone = zone_of(template.zones, province_code)
    if zone is None or not zone.delivers:
        raise NotDeliverable
    free_from = template.free_from_fen if zone.free_shipping else None
    if free_from is not None and goods_fen >= free_from:
        return FreightQuote(0, zone.name, free_from)
    billed = billed_weight_g(weight_g=weight_g, volume_cm3=volume_cm3, divisor=template.volumetric_divisor)
    fen = stepped_fen(
        billed,
        first_weight_g=zone.first_weight_g,
        first_fen=zone.first_fen,
        step_weight_g=zone.step_weight_g,
        step_fen=zone.step_fen,
    )
    return FreightQuote(fen, zone.name, free_from)


def zone_of(zones: Sequence[Zone], province_code: str) -> Zone | None:
    named = next((zone for zone in zones if province_code in zone.provinces), None)
    return named or next((zone for zone in zones if not zone.provinces), None)


def stepped_fen(weight_g: int, *, first_weight_g: int, first_fen: int, step_weight_g: int, step_fen: int) -> int:
    """The first weight at one price, every begun step above it at another."""
    steps = -(-max(0, weight_g - first_weight_g) // step_weight_g)
    return first_fen + steps * step_fen


def billed_weight_g(*, weight_g: int, volume_cm3: int, divisor: int) -> int:
    """The greater of actual and volumetric weight (cm³ ÷ divisor = kg), up to the gram; 0 bills the actual one."""
    return max(weight_g, -(-volume_cm3 * 1000 // divisor)) if divisor else weight_g
