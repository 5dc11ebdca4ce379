"""The catalogue's cache: bytes that are valid only while the version they were read under is the current one.

Every product has a version in Redis, so has the listing (which products there are, in what order), and so has the whole
(names of categories and brands, rules that touch all prices). A change gives them a new, random version after
its commit. A reader takes the versions *before* it reads the rows and stores the bytes under them, so a reader that
read old rows cannot poison the cache. Bytes also carry the instant until which they hold: a shelf window opens and
closes without anybody writing.

A change of what is sold and for how much is also told through the outbox, so that it reaches the cache even when this
process dies between commit and Redis, or Redis is away. A change of stock goes there only when Redis refuses it:
`TTL_SECONDS` bounds the rest, and orders never trust the cache. Without Redis everything is read from the database.
"""

import struct
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import redis
import structlog
from django.conf import settings
from django.db import transaction
from redis.backoff import NoBackoff
from redis.retry import Retry

from shop.catalog.facts import CatalogChanged, StockChanged
from shop.core.outbox import publish

TTL_SECONDS = 60
VERSION_TTL_SECONDS = 24 * 3600
PATIENCE_SECONDS = 0.25
PAUSE_SECONDS = 1.0
LISTING, EVERYTHING = "listing", "everything"
VERSION_BYTES = 16
NO_VERSION = bytes(VERSION_BYTES)
_INSTANT = struct.Struct(">d")

log = structlog.get_logger(__name__)

_unavailable = (redis.RedisError, OSError)
_paused_until: dict[str, float] = {}


class Loaded(NamedTuple):
    """What a loader read from the database; `valid_until` is when it changes without anybody writing."""

    body: bytes
    valid_until: datetime | None = None


def fetch(
    *,
    kind: str,
    names: Sequence[str],
    versions: Sequence[str],
    load: Callable[[list[str]], Mapping[str, Loaded]],
    now: datetime,
    versions_of_their_own: bool = False,
) -> dict[str, bytes]:
    """The bytes of each of `names`, in their order, from the cache or else from `load`.

    They depend on the shared `versions`, and each on the version of its own name if so told. What `load` leaves out
    does not exist.
    """
    shared = [_version_key(name) for name in versions]
    own = [_version_key(name) for name in names] if versions_of_their_own else []
    payload_keys = [f"{settings.CATALOG_CACHE_PREFIX}:{kind}:{name}" for name in names]
    keys = [*shared, *own]
    answers = _ask(lambda redis_: redis_.mget([*keys, *payload_keys]))
    if answers is None:
        loaded = load(list(names))
        return {name: loaded[name].body for name in names if name in loaded}
    current, payloads = answers[: len(keys)], answers[len(keys) :]
    stamps = _stamps(current, shared=len(shared), names=len(names))
    found = {
        name: body
        for name, stamp, payload in zip(names, stamps, payloads, strict=True)
        if (body := _valid_body(payload, stamp, now)) is not None
    }
    missing = [position for position, name in enumerate(names) if name not in found]
    if missing:
        if None in current:
            stamps = _stamps(_first_versions(keys), shared=len(shared), names=len(names))
        loaded = load([names[position] for position in missing])
        _store([(payload_keys[p], stamps[p], loaded[names[p]]) for p in missing if names[p] in loaded])
        found |= {name: each.body for name, each in loaded.items()}
    return {name: found[name] for name in names if name in found}


def touch_products(product_ids: Iterable[int]) -> None:
    """Call inside the transaction that changes what the front shows of these products, or where they are listed."""
    ids = sorted(set(product_ids))
    if ids:
        _tell(ids, LISTING)


def touch_listing() -> None:
    """Call inside the transaction that changes categories, brands, collections, or a rule that touches all prices."""
    _tell([], EVERYTHING)


def touch_stock(product_ids: Iterable[int]) -> None:
    """Call inside the transaction that changes the stock or the sales of these products."""
    ids = sorted(set(product_ids))
    if ids:
        transaction.on_commit(lambda: _forget_stock(ids), robust=True)


def forget(*, products: Sequence[int] = (), shared: Sequence[str] = ()) -> None:
    """Give these products and shared names a new version now; raises when Redis is away."""
    # Random instead of counted: a counter that Redis lost would come back to values that old bytes still carry.
    versions = {_version_key(name): uuid.uuid4().bytes for name in [*map(str, products), *shared]}
    if len(versions) == 1:
        # As with nearly every order: one command goes without what several need.
        [(key, version)] = versions.items()
        _client().set(key, version, ex=VERSION_TTL_SECONDS)
        return
    with _client().pipeline(transaction=False) as pipe:
        for key, version in versions.items():
            pipe.set(key, version, ex=VERSION_TTL_SECONDS)
        pipe.execute()


def _tell(product_ids: Sequence[int], shared: str) -> None:
    publish(CatalogChanged(product_ids=list(product_ids), shared=shared))
    transaction.on_commit(lambda: _try_to_forget(product_ids, [shared]), robust=True)


def _try_to_forget(product_ids: Sequence[int], shared: Sequence[str] = ()) -> bool:
    try:
        forget(products=product_ids, shared=shared)
    except _unavailable as error:
        log.warning("catalog_cache_unavailable", error=str(error))
        return False
    return True


def _forget_stock(product_ids: Sequence[int]) -> None:
    if not _try_to_forget(product_ids):
        with transaction.atomic():
            publish(StockChanged(product_ids=list(product_ids)))


def _ask(command: Callable[[redis.Redis], Any]) -> Any | None:
    """The answer of Redis, or None while it is away: then nobody waits for it again for a moment."""
    if time.monotonic() < _paused_until.get(settings.CACHE_URL, 0):
        return None
    try:
        return command(_client())
    except _unavailable as error:
        _paused_until[settings.CACHE_URL] = time.monotonic() + PAUSE_SECONDS
        log.warning("catalog_cache_unavailable", error=str(error))
        return None


def _stamps(current: Sequence[bytes | None], *, shared: int, names: int) -> list[bytes]:
    """What valid bytes of each name start with: the shared versions, then the name's own if it has one."""
    first = b"".join(version or NO_VERSION for version in current[:shared])
    return [first + (version or NO_VERSION) for version in current[shared:]] or [first] * names


def _valid_body(payload: bytes | None, stamp: bytes, now: datetime) -> bytes | None:
    if payload is None or not payload.startswith(stamp):
        return None
    start = len(stamp) + _INSTANT.size
    (valid_until,) = _INSTANT.unpack_from(payload, len(stamp))
    return payload[start:] if now.timestamp() < valid_until else None


def _first_versions(keys: Sequence[str]) -> list[bytes | None]:
    """The versions of `keys`, given now to those that have none yet."""

    def give(client: redis.Redis) -> Any:
        with client.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.set(key, uuid.uuid4().bytes, ex=VERSION_TTL_SECONDS, nx=True)
            pipe.mget(keys)
            return pipe.execute()[-1]

    return _ask(give) or [None] * len(keys)


def _store(entries: Sequence[tuple[str, bytes, Loaded]]) -> None:
    def put(client: redis.Redis) -> Any:
        with client.pipeline(transaction=False) as pipe:
            for key, stamp, loaded in entries:
                if NO_VERSION not in stamp:
                    until = loaded.valid_until.timestamp() if loaded.valid_until else float("inf")
                    pipe.set(key, stamp + _INSTANT.pack(until) + loaded.body, ex=TTL_SECONDS)
            return pipe.execute()

    if entries:
        _ask(put)


def _version_key(name: str) -> str:
    return f"{settings.CATALOG_CACHE_PREFIX}:version:{name}"


def _client() -> redis.Redis:
    return _client_of(settings.CACHE_URL)


@lru_cache(maxsize=4)
def _client_of(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS, retry=Retry(NoBackoff(), 1)
    )
