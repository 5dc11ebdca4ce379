"""The catalogue's cache: bytes that are valid only while the version they were read under is the current one.

Every product has a version in Redis, and so has the listing (which products exist, and in what order). A change gives
the product a new, random version after its commit; a reader takes the version *before* it reads the rows and stores
the bytes under it, so a reader that read old rows cannot poison the cache. Bytes also carry the instant until which
they hold (a shelf window may open or close without anybody writing).

A change of what is sold and for how much is also told through the outbox, so that it reaches the cache even when this
process dies between commit and Redis, or Redis is away. A change of stock goes there only when Redis refuses it:
`TTL_SECONDS` bounds the rest, and orders never trust the cache. Without Redis everything is read from the database.
"""

import uuid
from collections.abc import Iterable, Sequence
from functools import lru_cache

import redis
import structlog
from django.conf import settings
from django.db import transaction
from redis.backoff import NoBackoff
from redis.retry import Retry

from shop.catalog.facts import ProductsChanged, StockChanged
from shop.core.outbox import publish

TTL_SECONDS = 60
VERSION_TTL_SECONDS = 24 * 3600
PATIENCE_SECONDS = 0.25
PAUSE_SECONDS = 1.0
LISTING = "listing"

log = structlog.get_logger(__name__)

_unavailable = (redis.RedisError, OSError)
_paused_until = 0.0


def touch_products(product_ids: Iterable[int]) -> None:
    """Call inside the transaction that changes what the front shows of these products, or where they are listed."""
    ids = sorted(set(product_ids))
    publish(ProductsChanged(product_ids=ids))
    transaction.on_commit(lambda: forget(products=ids, listing=True), robust=True)


def touch_listing() -> None:
    """Call inside the transaction that changes categories, brands or collections."""
    touch_products([])


def touch_stock(product_ids: Iterable[int]) -> None:
    """Call inside the transaction that changes the stock or the sales of these products."""
    ids = sorted(set(product_ids))
    if ids:
        transaction.on_commit(lambda: _forget_stock(ids), robust=True)


def forget(*, products: Sequence[int], listing: bool) -> None:
    """Give these products, and the listing, a new version now; raises when Redis is away."""
    names = [str(product_id) for product_id in products] + ([LISTING] if listing else [])
    # Random instead of counted: a counter that Redis lost would come back to values that old bytes still carry.
    with _client().pipeline(transaction=False) as pipe:
        for name in names:
            pipe.set(_version_key(name), uuid.uuid4().bytes, ex=VERSION_TTL_SECONDS)
        pipe.execute()


def _forget_stock(product_ids: Sequence[int]) -> None:
    try:
        forget(products=product_ids, listing=False)
    except _unavailable as error:
        log.warning("catalog_cache_unavailable", error=str(error))
        with transaction.atomic():
            publish(StockChanged(product_ids=list(product_ids)))


def _version_key(name: str) -> str:
    return f"{settings.CATALOG_CACHE_PREFIX}:version:{name}"


def _client() -> redis.Redis:
    return _client_of(settings.CACHE_URL)


@lru_cache(maxsize=4)
def _client_of(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS, retry=Retry(NoBackoff(), 1)
    )
