"""Reads of the administrative divisions, from memory: they change only with a release."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from shop.regions.source import rows


@dataclass(frozen=True)
class RegionInfo:
    """`path_name` is the way from the province down, such as `广东省 深圳市 南山区`; degrees for the coordinates.

    Goods can be sent to a `is_leaf` region only: a district, or a city or province that has none.
    """

    code: str
    name: str
    level: str
    parent_code: str | None
    province_code: str
    path_name: str
    longitude: float
    latitude: float
    is_leaf: bool


def region(code: str) -> RegionInfo | None:
    return _by_code().get(code)


def children(parent_code: str | None) -> Sequence[RegionInfo]:
    """The divisions directly below `parent_code`, or the provinces; empty for a leaf and for an unknown code."""
    return _by_parent().get(parent_code, ())


def lineage(code: str) -> tuple[str, ...]:
    """The region and those that it lies in, the province last; empty for an unknown code."""
    place = region(code)
    if place is None:
        return ()
    return code, *(lineage(place.parent_code) if place.parent_code else ())


def city_of(code: str) -> str:
    """What lies directly below the province: a city, or a municipality's district; the province where nothing does."""
    return (*lineage(code)[-2:], code)[0]


@cache
def places_of_rates() -> tuple[tuple[str, str], ...]:
    """Provinces and what lies directly below them, with their names: what rates are made for."""
    return tuple(
        (each.code, each.path_name) for province in children(None) for each in (province, *children(province.code))
    )


@cache
def _by_code() -> dict[str, RegionInfo]:
    parents = {row.parent_code for row in rows()}
    found: dict[str, RegionInfo] = {}
    for row in rows():
        above = found[row.parent_code] if row.parent_code else None
        found[row.code] = RegionInfo(
            code=row.code,
            name=row.name,
            level=row.level,
            parent_code=row.parent_code,
            province_code=above.province_code if above else row.code,
            path_name=f"{above.path_name} {row.name}" if above else row.name,
            longitude=row.longitude,
            latitude=row.latitude,
            is_leaf=row.code not in parents,
        )
    return found


@cache
def _by_parent() -> dict[str | None, tuple[RegionInfo, ...]]:
    groups: dict[str | None, list[RegionInfo]] = defaultdict(list)
    for each in _by_code().values():
        groups[each.parent_code].append(each)
    return {parent: tuple(group) for parent, group in groups.items()}
