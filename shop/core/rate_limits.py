"""Rate limits in Redis: they protect, they are never the truth, so they fail open with a log line.

One-time codes must not fail open: they are counted in Postgres by `members.identity`.
"""

from typing import Any

import redis
import structlog
from django.conf import settings
from django.http import HttpRequest
from redis.backoff import NoBackoff
from redis.retry import Retry

from shop.core.client_address import client_address
from shop.core.errors import RateLimited

log = structlog.get_logger(__name__)

# A Redis that is away or hangs must not be waited for, so there are no retries either.
QUICK: dict[str, Any] = {"socket_timeout": 0.25, "socket_connect_timeout": 0.25, "retry": Retry(NoBackoff(), 0)}

_client: redis.Redis | None = None

# One round trip: count the hit, start the window with the first, answer (hits, seconds left).
_HIT = """
local hits = redis.call('INCR', KEYS[1])
if hits == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return {hits, redis.call('TTL', KEYS[1])}
"""


def limit(*, key: str, rate: int, per_seconds: int) -> None:
    """Count one use of `key`; raises RateLimited (with Retry-After) beyond `rate` uses in a window of `per_seconds`."""
    try:
        hits, left = _connection().eval(_HIT, 1, f"lantern:rate:{key}", per_seconds)
    except (redis.RedisError, OSError) as error:
        log.warning("rate_limit_unavailable", key=key, error=str(error))
        return
    if hits > rate:
        raise RateLimited(retry_after=max(int(left), 1))


def limit_address(*, request: HttpRequest, what: str, per_minute: int) -> None:
    """Count one `what` of the request's address, where it has one; raises RateLimited."""
    address = client_address(request)
    if address is not None:
        limit(key=f"{what}:{address}", rate=per_minute, per_seconds=60)


def _connection() -> redis.Redis:
    global _client
    if _client is None:
        _client = redis.Redis.from_url(settings.CACHE_URL, **QUICK)
    return _client
