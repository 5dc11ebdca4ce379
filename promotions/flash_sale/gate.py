"""The gate before a flash sale: one atomic question to Redis turns a crowd away before anything asks the database.

It sheds load and is never the truth. What it knows of an item is read from the database and kept for `SYNC_MS`, so that
it neither refuses for long what is there again nor has to be told of every unit; what it has let in meanwhile it counts
itself. Without Redis, and for a moment after it was found missing, everybody passes: the claim in the database decides.

A member's own request is let in again, so that whoever repeats it is answered as before.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import redis
import structlog
from django.conf import settings
from django.db import transaction

from shop.core.rate_limits import QUICK

SYNC_MS = 2_000
MEMBERS_MS = 10_000
TOKEN_MS = 24 * 3600 * 1000
RATE_WINDOW_MS = 10_000
PAUSE_SECONDS = 1.0

IN, AGAIN, LOAD, GONE, EARLY, OVER, LIMIT, SOLD_OUT, BUSY = range(9)

# Keys: state, members, token, tries. Arguments: member, units, now, life of a token, tries in a window, its length, and
# one more of whoever only looks: that takes nothing and is no try.
# Whoever may get as far as the database counts a try, those who are turned away at once do not.
_ADMIT = f"""
local function tried(answer)
    if ARGV[7] then return answer end
    local tries = redis.call('INCR', KEYS[4])
    if tries == 1 then redis.call('PEXPIRE', KEYS[4], ARGV[6]) end
    if tries > tonumber(ARGV[5]) then return {{{BUSY}, redis.call('PTTL', KEYS[4])}} end
    return answer
end
local state = redis.call('HMGET', KEYS[1], 'left', 'limit', 'from', 'until')
local has_members = redis.call('EXISTS', KEYS[2])
if not state[1] or has_members == 0 then return {{{LOAD}, has_members}} end
if not ARGV[7] and redis.call('EXISTS', KEYS[3]) == 1 then return tried({{{AGAIN}, 0}}) end
local left, limit, units, now = tonumber(state[1]), tonumber(state[2]), tonumber(ARGV[2]), tonumber(ARGV[3])
local had = tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or 0)
local refusal = nil
if tonumber(state[4]) == 0 then refusal = {{{GONE}, 0}}
elseif now < tonumber(state[3]) then refusal = {{{EARLY}, 0}}
elseif now >= tonumber(state[4]) then refusal = {{{OVER}, had}}
elseif limit > 0 and had + units > limit then refusal = {{{LIMIT}, had, limit}}
elseif left < units then refusal = {{{SOLD_OUT}, had}} end
if refusal then
    if refusal[2] > 0 then return tried(refusal) end
    return refusal
end
local answer = tried({{{IN}, 0}})
if answer[1] == {IN} and not ARGV[7] then
    redis.call('HINCRBY', KEYS[1], 'left', -units)
    redis.call('HINCRBY', KEYS[2], ARGV[1], units)
    redis.call('SET', KEYS[3], 1, 'PX', ARGV[4])
end
return answer
"""
# Keys: state, members, token. Arguments: member, units.
_GIVE_BACK = """
if redis.call('DEL', KEYS[3]) == 0 then return 0 end
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HINCRBY', KEYS[1], 'left', ARGV[2]) end
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1 then redis.call('HINCRBY', KEYS[2], ARGV[1], -ARGV[2]) end
return 1
"""
# Keys: state, members. Arguments: lives of both, left, limit, from, until, then members with their units.
_STORE = """
if redis.call('EXISTS', KEYS[1]) == 0 then
    redis.call('HSET', KEYS[1], 'left', ARGV[3], 'limit', ARGV[4], 'from', ARGV[5], 'until', ARGV[6])
    redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
if ARGV[7] and redis.call('EXISTS', KEYS[2]) == 0 then
    for place = 7, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[place], ARGV[place + 1]) end
    redis.call('PEXPIRE', KEYS[2], ARGV[2])
end
"""

log = structlog.get_logger(__name__)

_paused_until: dict[str, float] = {}


@dataclass(frozen=True)
class Ticket:
    """Who wants how many units of an item; `key` is the request's own."""

    item_id: int
    member_id: int
    units: int
    key: str


@dataclass(frozen=True)
class Answer:
    """One of the outcomes; `value` is what the member has had, or for BUSY how many milliseconds to wait."""

    outcome: int
    value: int = 0
    limit: int = 0


@dataclass(frozen=True)
class State:
    """What the database says of an item; without `opens_at` and `closes_at` it is not for sale."""

    left: int = 0
    limit_per_member: int | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None


def ask(ticket: Ticket, *, tries: int, now: datetime, looks: bool = False) -> Answer | None:
    """What it says to the ticket, or to somebody who only looks; None while Redis is away."""
    keys = [*_keys(ticket.item_id), _token(ticket), f"{_prefix(ticket.item_id)}:tries:{ticket.member_id}"]
    given = [ticket.member_id, ticket.units, _ms(now), TOKEN_MS, tries, RATE_WINDOW_MS]
    found = _run(lambda scripts: scripts.admit(keys=keys, args=[*given, 1] if looks else given))
    return None if found is None else Answer(*found)


def give_back(ticket: Ticket) -> None:
    """The units of somebody who was let in and has not ordered; once."""
    keys = [*_keys(ticket.item_id), _token(ticket)]
    _run(lambda scripts: scripts.give_back(keys=keys, args=[ticket.member_id, ticket.units]))


def store(item_id: int, state: State, members: Mapping[int, int] | None) -> None:
    """What was read, unless somebody else has been faster; `members` where they were asked for."""
    limit, opens, closes = state.limit_per_member or 0, _ms(state.opens_at), _ms(state.closes_at)
    # A name of no member keeps the key alive while nobody has bought anything.
    pairs = [] if members is None else [part for pair in ({0: 0} | dict(members)).items() for part in pair]
    given = [SYNC_MS, MEMBERS_MS, state.left, limit, opens, closes, *pairs]
    _run(lambda scripts: scripts.store(keys=_keys(item_id), args=given))


def forget(item_ids: Iterable[int]) -> None:
    """Read them anew at the next question."""
    keys = [key for item_id in item_ids for key in _keys(item_id)]
    if keys:
        _run(lambda scripts: scripts.client.delete(*keys))


def forget_after_commit(item_ids: Iterable[int]) -> None:
    """Call inside the transaction that changes what the gate knows of these items."""
    ids = sorted(set(item_ids))
    transaction.on_commit(lambda: forget(ids), robust=True)


def forget_ticket(ticket: Ticket) -> None:
    """The database knew better than the gate: what was let in is neither given back nor let in again."""
    _run(lambda scripts: scripts.client.delete(_token(ticket), *_keys(ticket.item_id)))


class _Scripts:
    def __init__(self, url: str) -> None:
        self.client = redis.Redis.from_url(url, **QUICK)
        self.admit = self.client.register_script(_ADMIT)
        self.give_back = self.client.register_script(_GIVE_BACK)
        self.store = self.client.register_script(_STORE)


def _run(command: Callable[[_Scripts], Any]) -> Any | None:
    """The answer of Redis, or None while it is away: then nobody waits for it again for a moment."""
    url = settings.CACHE_URL
    if time.monotonic() < _paused_until.get(url, 0):
        return None
    try:
        return command(_scripts(url))
    except (redis.RedisError, OSError) as error:
        _paused_until[url] = time.monotonic() + PAUSE_SECONDS
        log.warning("flash_sale_gate_unavailable", error=str(error))
        return None


@lru_cache(maxsize=4)
def _scripts(url: str) -> _Scripts:
    return _Scripts(url)


def _prefix(item_id: int) -> str:
    return f"{settings.CATALOG_CACHE_PREFIX}:flash_sale:{item_id}"


def _keys(item_id: int) -> list[str]:
    return [f"{_prefix(item_id)}:state", f"{_prefix(item_id)}:members"]


def _token(ticket: Ticket) -> str:
    return f"{_prefix(ticket.item_id)}:token:{ticket.member_id}:{ticket.key}"


def _ms(instant: datetime | None) -> int:
    return 0 if instant is None else int(instant.timestamp() * 1000)
