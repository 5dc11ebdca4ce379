"""Requests, answers, refusals and the table that leads from a path to its handler."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from functools import cached_property
from typing import Any, TypeAlias
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class Request:
    """One HTTP request. `target` is the path and query exactly as sent, which is what signatures cover.

    Header names match in any case, which is why the headers are a message and not a dict.
    """

    method: str
    target: str
    headers: Message
    body: bytes

    @cached_property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @cached_property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    @cached_property
    def data(self) -> dict[str, Any]:
        """The body as a JSON object; an empty body is an empty object."""
        try:
            data = json.loads(self.body or b"{}")
        except ValueError:
            raise refused(400, "INVALID_JSON", "The body is not valid JSON.") from None
        if not isinstance(data, dict):
            raise refused(400, "INVALID_JSON", "The body must be a JSON object.")
        return data


@dataclass(frozen=True)
class Response:
    """One HTTP answer."""

    status: int
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


def answer(data: object, *, status: int = 200) -> Response:
    """Answer with JSON."""
    return Response(status, json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode())


class Refused(Exception):
    """A request that is turned down with an answer of its protocol."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.body.decode())
        self.response = response


def refused(status: int, code: str, message: str, **more: object) -> Refused:
    """Build the refusal `{"code", "message", …}` that WeChat Pay, the couriers and the control paths share."""
    return Refused(answer({"code": code, "message": message, **more}, status=status))


class HungUp(Exception):
    """The connection is to be dropped without an answer."""


Handler: TypeAlias = Callable[..., Response]


@dataclass(frozen=True)
class Route:
    """A path and its handler; `faults` names the fault targets that may strike it, or tells them for a request."""

    method: str
    path: str
    handler: Handler
    faults: tuple[str, ...] | Callable[[Request], tuple[str, ...]] = ()

    def fault_targets(self, request: Request) -> tuple[str, ...]:
        return self.faults(request) if callable(self.faults) else self.faults


class Router:
    """Finds the route of a request: exact paths by table, paths with `{names}` by pattern."""

    def __init__(self, routes: list[Route]) -> None:
        self._exact: dict[str, dict[str, Route]] = {}
        patterns: dict[str, dict[str, Route]] = {}
        for route in routes:
            table = patterns if "{" in route.path else self._exact
            table.setdefault(route.path, {})[route.method] = route
        self._patterns = [(_compiled(path), methods) for path, methods in patterns.items()]

    def find(self, *, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """Return the route and the values of its names; refuse with 404 or 405."""
        methods, names = self._exact.get(path), dict[str, str]()
        if methods is None:
            for pattern, candidates in self._patterns:
                if match := pattern.fullmatch(path):
                    methods, names = candidates, match.groupdict()
                    break
            else:
                raise refused(404, "NOT_FOUND", f"There is nothing at {path}.")
        if method not in methods:
            raise refused(405, "METHOD_NOT_ALLOWED", f"{path} answers {', '.join(sorted(methods))} only.")
        return methods[method], names


def _compiled(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))
