"""Who may pass which door of the API: rooms list theirs in `tests/access.py`, `tests/test_access.py` tries them."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import Model
from django.urls import URLPattern, URLResolver

from members.identity.models import Member

API = "/api/v1/"
METHODS = ("get", "post", "put", "patch", "delete")


class Who(StrEnum):
    ANYBODY = "anybody"
    MEMBER = "member"
    GATEWAY = "gateway"  # proves itself by a signature
    STAFF = "staff"


@dataclass(frozen=True)
class Thing:
    """Something that a door leads to: the parts of its address, and the row that must stay as it is."""

    address: Mapping[str, Any]
    row: Model


@dataclass(frozen=True)
class Door:
    """One method of one route, written as in the URL map.

    `thing` makes what the door leads to, belonging to the member it is given; `body` is what its owner would send.
    `not_yours` tells that another member's thing is no thing of yours (404). `read_only` are fields of the answer that
    a body must not write; None where the endpoint reads no body. `roles` are those of the staff who may pass a door of
    theirs; None lets in everybody of the staff.
    """

    method: str
    route: str
    who: Who = Who.MEMBER
    thing: Callable[[Member], Thing] | None = None
    body: bytes = b"{}"
    not_yours: bool = True
    read_only: tuple[str, ...] | None = None
    roles: tuple[str, ...] | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.route}"

    def address(self, thing: Thing | None) -> str:
        parts = thing.address if thing else {}
        return API + re.sub(r"<(?:\w+:)?(\w+)>", lambda part: str(parts[part[1]]), self.route)


def routes(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """The (METHOD, route) pairs that a URL map answers."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            view = pattern.callback.cls
            yield from ((method.upper(), route) for method in METHODS if hasattr(view, method))
