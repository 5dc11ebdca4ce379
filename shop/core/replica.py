"""Figures are read from a replica where there is one; everything that decides or writes asks the primary.

Only while a page is asked for, and only what is counted anew anyway: jobs build those tables and read their own writes,
and what staff edit must be seen as it was saved.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model
from django.http import HttpRequest, HttpResponse

REPLICA = "replica"
COUNTED = frozenset({"traffic", "funnel", "events"})

_reading: ContextVar[bool] = ContextVar("reading_pages", default=False)


class ReplicaRouter:
    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        return REPLICA if _reading.get() and model._meta.app_label in COUNTED else None

    def allow_relation(self, one: Model, other: Model, **hints: Any) -> bool:
        """Both hold the same rows."""
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return False if db == REPLICA else None


class ReadFromReplica:
    """Middleware: while the answer to a GET is made, what is counted is read from the replica."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "GET" or REPLICA not in settings.DATABASES:
            return self.get_response(request)
        token = _reading.set(True)
        try:
            return self.get_response(request)
        finally:
            _reading.reset(token)


def connection_for(model: type[Model]) -> BaseDatabaseWrapper:
    """For SQL written out that reads this model."""
    found: BaseDatabaseWrapper = connections[router.db_for_read(model)]
    return found
