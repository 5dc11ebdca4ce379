"""What comes true in the catalogue."""

from datetime import datetime

from shop.core.events import Fact


class CatalogChanged(Fact, frozen=True):
    """What the front shows of these products changed (text, price, images, shelf state), and what `shared` names."""

    product_ids: list[int]
    shared: str


class StockChanged(Fact, frozen=True):
    """The sellable stock or the sales of these products changed while the cache could not be told."""

    product_ids: list[int]


class StockPresenceChanged(Fact, frozen=True):
    """A SKU of these products came in or out of stock."""

    product_ids: list[int]


class ProductFileConfirmed(Fact):
    """A file that was checked is to be imported; the outbox brings this again when the worker was killed."""

    import_id: int
    by: str
    at: datetime
