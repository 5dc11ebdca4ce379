"""Keyset pages: `{"items": […], "next_cursor": null | "…"}`, as fast on the last page as on the first."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from shop.core.api.serializers import StrictSerializer
from shop.core.errors import InvalidCursor

DEFAULT_LIMIT, MAX_LIMIT = 20, 100


class PageQuery(StrictSerializer):
    cursor = serializers.CharField(required=False, allow_blank=False, max_length=400)
    limit = serializers.IntegerField(required=False, min_value=1, max_value=MAX_LIMIT, default=DEFAULT_LIMIT)


def page(
    queryset: QuerySet[Any], request: Request, *, ordering: Sequence[str], present: Callable[[Any], Any]
) -> dict[str, Any]:
    """One page of `queryset` (instances or `.values()` rows) ordered by `ordering`.

    `ordering` holds non-null columns, all in one direction, and ends with a unique one. Raises InvalidCursor.
    """
    return page_together(queryset, request, ordering=ordering, present=lambda rows: [present(row) for row in rows])


def page_together(
    queryset: QuerySet[Any], request: Request, *, ordering: Sequence[str], present: Callable[[list[Any]], list[Any]]
) -> dict[str, Any]:
    """The same for rows that are presented together, so that what belongs to them is read once for all."""
    query = PageQuery(data={k: v for k, v in request.query_params.items() if k in ("cursor", "limit")})
    query.is_valid(raise_exception=True)
    limit, cursor = query.validated_data["limit"], query.validated_data.get("cursor")
    rows, following = slice_page(queryset, ordering=ordering, cursor=cursor, limit=limit)
    return {"items": present(rows), "next_cursor": following}


def slice_page(
    queryset: QuerySet[Any], *, ordering: Sequence[str], cursor: str | None, limit: int
) -> tuple[list[Any], str | None]:
    """The rows of the page that starts at `cursor`, and the cursor of the next; `ordering` as for `page`."""
    names = [name.lstrip("-") for name in ordering]
    queryset = queryset.order_by(*ordering)
    if cursor:
        try:
            queryset = queryset.filter(_after(ordering, decode_cursor(cursor, len(names))))
        except (ValueError, TypeError, ValidationError) as error:
            raise InvalidCursor from error
    rows = list(queryset[: limit + 1])
    following = encode_cursor([_value(rows[limit - 1], name) for name in names]) if len(rows) > limit else None
    return rows[:limit], following


def encode_cursor(values: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(list(values), default=str)).decode().rstrip("=")


def decode_cursor(cursor: str, length: int) -> list[Any]:
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        raise InvalidCursor from error
    if not isinstance(values, list) or len(values) != length or any(isinstance(v, list | dict) for v in values):
        raise InvalidCursor
    return values


def _value(row: Any, name: str) -> Any:
    return row[name] if isinstance(row, Mapping) else getattr(row, name)


def _after(ordering: Sequence[str], values: Sequence[Any]) -> Q:
    # (a, b) after (x, y)  ⇔  a beyond-or-at x, and a beyond x or b beyond y: the first term lets an index range start.
    condition = Q()
    for position in range(len(ordering)):
        equal = {ordering[i].lstrip("-"): values[i] for i in range(position)}
        condition |= Q(**equal, **_beyond(ordering[position], values[position], ""))
    return Q(**_beyond(ordering[0], values[0], "e")) & condition


def _beyond(name: str, value: Any, or_equal: str) -> dict[str, Any]:
    return {f"{name.lstrip('-')}__{'lt' if name.startswith('-') else 'gt'}{or_equal}": value}
