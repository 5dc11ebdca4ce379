"""The catalogue keeps its cache and its counts right even when the process that changed the data died at once."""

from contextlib import suppress

from shop.catalog.cache import LISTING, forget
from shop.catalog.facts import CatalogChanged, ProductFileConfirmed, StockChanged, StockPresenceChanged
from shop.catalog.services.import_files import import_checked_file
from shop.catalog.services.stock import recount_skus_in_stock
from shop.core import clock
from shop.core.actors import Actor
from shop.core.errors import NotFound
from shop.core.events import subscribe


@subscribe(CatalogChanged, in_transaction=False)
def forget_what_changed(fact: CatalogChanged) -> None:
    forget(products=fact.product_ids, shared=[fact.shared])


@subscribe(StockChanged, in_transaction=False)
def forget_changed_stock(fact: StockChanged) -> None:
    forget(products=fact.product_ids)


@subscribe(StockPresenceChanged, in_transaction=False)
def recount_changed_presence(fact: StockPresenceChanged) -> None:
    recount_skus_in_stock(product_ids=fact.product_ids)
    forget(products=fact.product_ids, shared=[LISTING])


@subscribe(ProductFileConfirmed, in_transaction=False)
def import_confirmed_file(fact: ProductFileConfirmed) -> None:
    """Delivered twice it finds nothing left to import."""
    with suppress(NotFound):
        import_checked_file(import_id=fact.import_id, actor=Actor.staff(fact.by), now=clock.now())
