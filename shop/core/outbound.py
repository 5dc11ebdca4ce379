"""The HTTP client for calls to the world outside: connections are kept, every call has a time limit."""

from functools import cache

import httpx
from django.conf import settings


@cache
def http_client() -> httpx.Client:
    """One client per process, safe to share between threads. A call to this machine never goes through a proxy."""
    return httpx.Client(
        timeout=settings.OUTBOUND_TIMEOUT_SECONDS,
        mounts={"all://127.0.0.1": None, "all://localhost": None},
        follow_redirects=False,
    )
