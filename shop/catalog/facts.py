"""What comes true in the catalogue."""

from shop.core.events import Fact


class ProductsChanged(Fact):
    """Something that the front shows of these products changed: text, price, images, shelf state."""

    product_ids: list[int]


class StockChanged(Fact):
    """The sellable stock or the sales of these products changed while the cache could not be told."""

    product_ids: list[int]


class StockPresenceChanged(Fact):
    """A SKU of these products came in or out of stock."""

    product_ids: list[int]
