"""The `Idempotency-Key` header: a request that comes twice takes effect once and is answered alike.

The key is written in the transaction of the effect, so there is never one without the other. A concurrent duplicate
waits for the first on the unique index (409 when that takes too long). A refusal rolls everything back, the key
included: nothing happened, so the client may try again with the same key.

An endpoint that must talk to the network cannot hold a transaction open meanwhile: it is `resumable`. Its key is
committed first and leased; when the process dies in between, a retry runs the view again, whose services are
idempotent by their own database keys.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

import orjson
from django.db import OperationalError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from shop.core import clock
from shop.core.errors import (
    Detail,
    IdempotencyInProgress,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    InvalidInput,
    MalformedBody,
)
from shop.core.models import IdempotencyKey
from shop.core.prepared import Prepared
from shop.core.transactions import unit_of_work

HEADER = "Idempotency-Key"
_IN_META = "HTTP_IDEMPOTENCY_KEY"
LEASE = timedelta(seconds=60)

# Written out, because every order and payment passes here and the ORM would cost more than Postgres.
_CLAIM = Prepared(
    "claim_key",
    """
INSERT INTO core_idempotencykey (principal, key, request_hash, created_at, locked_until) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (principal, key) DO NOTHING RETURNING id
""",
)
_LEASE_KEY = Prepared("lease_key", "UPDATE core_idempotencykey SET locked_until = %s WHERE id = %s")
_KEEP = Prepared(
    "keep_answer", "UPDATE core_idempotencykey SET status = %s, body = %s, locked_until = NULL WHERE id = %s"
)

View = Callable[..., Response]


def idempotent(view: View | None = None, *, resumable: bool = False) -> Any:
    """Decorate an API view method whose `request.principal` names who asks."""

    def decorate(method: View) -> Callable[..., Response | HttpResponse]:
        @wraps(method)
        def run(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response | HttpResponse:
            key = _read_key(request)
            run_once = _run_resumable if resumable else _run_in_one_transaction
            return run_once(request, key, lambda: method(self, request, *args, **kwargs))

        run.requires_idempotency_key = True  # type: ignore[attr-defined]
        return run

    return decorate(view) if view is not None else decorate


def is_known(*, principal: str, key: str) -> bool:
    """Whether a request of `principal` with this key has taken effect, so that it would be replayed."""
    return IdempotencyKey.objects.filter(principal=principal, key=key).exists()


def forget_keys(*, before: datetime) -> int:
    """Delete keys older than `before`; a replay of so old a request is a new request."""
    return IdempotencyKey.objects.filter(created_at__lt=before).delete()[0]


def forget_keys_of(*, principal: str) -> int:
    """Delete everything that was answered to `principal`; returns how many keys."""
    return IdempotencyKey.objects.filter(principal=principal).delete()[0]


def move_keys(*, source: str, target: str) -> int:
    """Let `target` replay what `source` has asked for, where it has no such key itself; returns how many keys."""
    taken = IdempotencyKey.objects.filter(principal=target).values("key")
    return IdempotencyKey.objects.filter(principal=source).exclude(key__in=taken).update(principal=target)


def sent_key(request: HttpRequest | Request) -> str:
    """What stands in the header; empty without it."""
    return request.META.get(_IN_META, "").strip()


def _read_key(request: Request) -> str:
    key = sent_key(request)
    if not key:
        raise IdempotencyKeyRequired
    if len(key) > 80 or not key.isprintable():
        raise InvalidInput(details=[Detail(HEADER, "invalid", _("Use at most 80 printable characters."))])
    return key


def _run_in_one_transaction(request: Request, key: str, answer: Callable[[], Response]) -> Response | HttpResponse:
    with unit_of_work():
        claimed, row = _claim(request, key)
        if not claimed:
            return _replay(row)
        response = answer()
        _keep(row.pk, response)
        return response


def _run_resumable(request: Request, key: str, answer: Callable[[], Response]) -> Response | HttpResponse:
    now = clock.now()
    with transaction.atomic(durable=True):
        claimed, row = _claim(request, key, locked_until=now + LEASE)
        if row.body is not None:
            return _replay(row)
        if not claimed:
            if row.locked_until is not None and row.locked_until > now:
                raise IdempotencyInProgress(retry_after=1)
            _LEASE_KEY.run([now + LEASE, row.pk])
    try:
        response = answer()
    except BaseException:
        IdempotencyKey.objects.filter(pk=row.pk).delete()
        raise
    _keep(row.pk, response)
    return response


def _claim(request: Request, key: str, *, locked_until: datetime | None = None) -> tuple[bool, IdempotencyKey]:
    principal, request_hash = request.principal, _hash(request)  # type: ignore[attr-defined]
    row = IdempotencyKey(principal=principal, key=key, request_hash=request_hash, created_at=clock.now())
    try:
        inserted = _CLAIM.run([row.principal, row.key, row.request_hash, row.created_at, locked_until])
    except OperationalError as error:
        raise IdempotencyInProgress(retry_after=1) from error
    if inserted:
        row.pk = inserted[0][0]
        return True, row
    existing = IdempotencyKey.objects.select_for_update(no_key=True).get(principal=principal, key=key)
    if existing.request_hash != request_hash:
        raise IdempotencyKeyReused
    return False, existing


def _hash(request: Request) -> str:
    try:
        said = orjson.dumps(request.data, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:
        # What can be read can be nested more deeply than what can be written; no request of ours is.
        raise MalformedBody from error
    return hashlib.sha256(b"\n".join([(request.method or "").encode(), request.path.encode(), said])).hexdigest()


def _keep(pk: int, response: Response) -> None:
    _KEEP.run([response.status_code, orjson.dumps(response.data, default=str), pk])


def _replay(row: IdempotencyKey) -> HttpResponse:
    if row.body is None or row.status is None:
        raise IdempotencyInProgress(retry_after=1)
    return HttpResponse(
        bytes(row.body),
        status=row.status,
        content_type="application/json",
        headers={"Idempotent-Replayed": "true"},
    )
