"""Starts throwaway servers before Django reads its settings; loaded by `-p shop.embedded.pytest_plugin` in pytest.ini.

DATABASE_URL and REDIS_URL replace the bundled servers here too. Parallel workers use the servers of the process that
started them, each with a Redis database of its own.
"""

import os
from collections.abc import Generator
from urllib.parse import urlsplit

import pytest

from shop.embedded.errors import EmbeddedError
from shop.embedded.throwaway import ThrowawayServers

SERVERS = pytest.StashKey[ThrowawayServers]()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    # A wrapper runs before pytest-django's own hook, which loads the settings.
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        _start(early_config)
    else:
        for name in ("REDIS_URL", "CACHE_URL"):
            os.environ[name] = url_for_worker(os.environ[name], worker)
    return (yield)


def _start(config: pytest.Config) -> None:
    try:
        servers = ThrowawayServers()
        config.stash[SERVERS] = servers
        config.add_cleanup(servers.stop)
        os.environ.update(servers.start())
    except EmbeddedError as error:
        raise pytest.UsageError(str(error)) from error


def url_for_worker(url: str, worker: str) -> str:
    """The same server with a database of the worker's own: gw0 uses 1, gw1 uses 2, and so on."""
    number = int(worker.removeprefix("gw")) + 1
    return urlsplit(url)._replace(path=f"/{number}").geturl()
