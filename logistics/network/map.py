"""The network as a drawing: warehouses by what lies in them, stores, and which open warehouse is nearest to whom."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import cos, radians, sqrt

from django.db.models import Sum

from logistics.network.geography import distance_km
from logistics.network.models import Store, Warehouse, WarehouseStock
from shop.regions.queries import children

WIDTH, HEIGHT = 900, 640
# The mainland with Hainan; the projection keeps distances true at 35° north.
WEST, EAST, SOUTH, NORTH = 73.0, 136.0, 17.5, 54.0
SMALLEST, LARGEST = 6.0, 18.0


@dataclass(frozen=True)
class Spot:
    """A place on the drawing; `to_x` and `to_y` are where its line leads, `size` is a radius."""

    name: str
    x: float
    y: float
    size: float = 0.0
    note: str = ""
    is_active: bool = True
    to_x: float = 0.0
    to_y: float = 0.0

    @property
    def label_y(self) -> float:
        """Under the circle."""
        return self.y + self.size + 14


@dataclass(frozen=True)
class Map:
    warehouses: list[Spot]
    stores: list[Spot]
    provinces: list[Spot]
    width: int = WIDTH
    height: int = HEIGHT


def draw() -> Map:
    """Three queries."""
    warehouses = list(Warehouse.objects.order_by("priority", "pk"))
    held = WarehouseStock.objects.values_list("warehouse_id").annotate(units=Sum("on_hand"))
    units = dict(held)
    most = max(units.values(), default=0) or 1
    return Map(
        warehouses=[
            Spot(
                each.name,
                *project(each.longitude, each.latitude),
                size=SMALLEST + (LARGEST - SMALLEST) * sqrt(max(units.get(each.pk, 0), 0) / most),
                note=f"{units.get(each.pk, 0):,}",
                is_active=each.is_active,
            )
            for each in warehouses
        ],
        stores=[
            Spot(each.name, *project(each.longitude, each.latitude), is_active=each.is_active)
            for each in Store.objects.order_by("pk")
        ],
        provinces=_provinces([each for each in warehouses if each.is_active]),
    )


def project(longitude: float, latitude: float) -> tuple[float, float]:
    """Degrees to the drawing's units, from its upper left corner."""
    per_degree = HEIGHT / (NORTH - SOUTH)
    x = (longitude - (WEST + EAST) / 2) * cos(radians(35)) * per_degree + WIDTH / 2
    return round(x, 1), round((NORTH - latitude) * per_degree, 1)


def _provinces(warehouses: Iterable[Warehouse]) -> list[Spot]:
    found = []
    for province in children(None):
        x, y = project(province.longitude, province.latitude)
        nearest = min(
            warehouses,
            key=lambda each: distance_km(
                longitude=province.longitude,
                latitude=province.latitude,
                to_longitude=each.longitude,
                to_latitude=each.latitude,
            ),
            default=None,
        )
        to_x, to_y = (x, y) if nearest is None else project(nearest.longitude, nearest.latitude)
        found.append(Spot(_short(province.name), x, y, to_x=to_x, to_y=to_y))
    return found


def _short(name: str) -> str:
    """As on any map: 广西 for 广西壮族自治区."""
    for ending in ("壮族自治区", "回族自治区", "维吾尔自治区", "自治区", "特别行政区", "省", "市"):
        if name.endswith(ending):
            return name.removesuffix(ending)
    return name
