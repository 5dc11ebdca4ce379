import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
import redis

from shop.embedded.postgres import clear_stale_lock
from shop.embedded.programs import PROJECT
from shop.embedded.pytest_plugin import url_for_worker
from shop.embedded.throwaway import ThrowawayServers

DIE_AT_WORK = """
import os, signal
from shop.embedded.throwaway import ThrowawayServers
servers = ThrowawayServers()
servers.start()
print(servers.folder, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def bundled(monkeypatch):
    for name in ("DATABASE_URL", "REDIS_URL", "CACHE_URL"):
        monkeypatch.delenv(name)


@pytest.mark.usefixtures("bundled")
def test_two_runs_at_once_share_nothing():
    runs = [ThrowawayServers(), ThrowawayServers()]
    first, second = (run.start() for run in runs)
    try:
        assert all(first[name] != second[name] for name in first)
        redis.Redis.from_url(first["REDIS_URL"]).set("tea", 1)
        assert redis.Redis.from_url(second["REDIS_URL"]).get("tea") is None
        with closing(psycopg2.connect(second["DATABASE_URL"])) as connection, connection.cursor() as cursor:
            cursor.execute("SHOW fsync")
            assert cursor.fetchone() == ("off",)
    finally:
        for run in runs:
            run.stop()
    assert not any(run.folder.exists() for run in runs)


@pytest.mark.usefixtures("bundled")
def test_folder_of_a_run_that_was_killed_is_removed_by_the_next():
    killed = subprocess.run([sys.executable, "-c", DIE_AT_WORK], cwd=PROJECT, capture_output=True, text=True)
    folder = Path(killed.stdout.strip())
    assert killed.returncode == -9
    clear_stale_lock(folder / "postgres")  # waits until the dying server has let go
    run = ThrowawayServers()
    try:
        assert not folder.exists()
    finally:
        run.stop()


def test_given_servers_are_used_as_they_are(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://given")
    monkeypatch.setenv("REDIS_URL", "redis://given")
    monkeypatch.delenv("CACHE_URL")
    run = ThrowawayServers()
    try:
        started = run.start()
    finally:
        run.stop()
    assert started == {
        "STATE_DIR": str(run.folder),
        "DATABASE_URL": "postgres://given",
        "REDIS_URL": "redis://given",
        "CACHE_URL": "redis://given",
    }


def test_parallel_workers_get_redis_databases_of_their_own():
    assert url_for_worker("redis://:secret@127.0.0.1:6379/0", "gw0") == "redis://:secret@127.0.0.1:6379/1"
    assert url_for_worker("redis://127.0.0.1:6379", "gw11") == "redis://127.0.0.1:6379/12"
