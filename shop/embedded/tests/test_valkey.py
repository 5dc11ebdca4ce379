import os
import signal
from pathlib import Path

import pytest
import redis

from shop.embedded.valkey import BROKER, CACHE, ONE_TRY, ValkeyServer


@pytest.fixture
def start(state_dir, account):
    servers = []

    def start(role):
        server = ValkeyServer(
            role, home=state_dir, log=state_dir / "logs" / f"{role.name}.log", account=account, password="secret"
        )
        servers.append(server)
        server.start()
        return server

    yield start
    for server in servers:
        server.stop()


def test_broker_keeps_what_it_accepted_when_killed(start):
    broker = start(BROKER)
    redis.Redis.from_url(broker.url).lpush("celery", "task")
    os.kill(broker.process.pid, signal.SIGKILL)
    broker.process.wait()
    port = broker.port
    broker.start()
    assert redis.Redis.from_url(broker.url).lrange("celery", 0, -1) == [b"task"]
    assert broker.port == port


def test_broker_never_evicts_and_cache_does(start):
    policies = [
        redis.Redis.from_url(start(role).url).config_get("maxmemory-policy")["maxmemory-policy"]
        for role in (BROKER, CACHE)
    ]
    assert policies == ["noeviction", "allkeys-lru"]


def test_password_is_asked_for_and_not_in_the_process_list(start):
    server = start(CACHE)
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=server.port, retry=ONE_TRY).ping()
    assert b"secret" not in Path(f"/proc/{server.process.pid}/cmdline").read_bytes()
