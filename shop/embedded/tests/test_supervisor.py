import os
import signal

import pytest

from shop.embedded.errors import EmbeddedError
from shop.embedded.programs import Program
from shop.embedded.supervisor import RESTARTS_PER_MINUTE, Supervisor

SLEEP = ["-c", "import time; time.sleep(60)"]


@pytest.fixture
def supervisor():
    supervisor = Supervisor()
    yield supervisor
    supervisor.stop()


def program(name, arguments, state_dir):
    return Program(name, arguments, {}, state_dir / "logs" / f"{name}.log", lambda: True)


def test_service_that_was_killed_is_named_and_started_again(supervisor, state_dir, capfd):
    service = program("worker", SLEEP, state_dir)
    supervisor.start(service)
    supervisor.revive()
    first = service.process
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    supervisor.revive()
    assert service.process.pid != first.pid
    assert service.process.poll() is None
    assert capfd.readouterr().out.startswith("worker ended (SIGKILL); starting it again")


def test_service_that_keeps_ending_is_given_up(supervisor, state_dir):
    service = program("beat", ["-c", "raise SystemExit('the clock is broken')"], state_dir)
    supervisor.start(service)
    for _ in range(RESTARTS_PER_MINUTE):
        service.process.wait()
        supervisor.revive()
    service.process.wait()
    with pytest.raises(EmbeddedError, match=r"beat keeps ending \(exit status 1\): the clock is broken"):
        supervisor.revive()


def test_services_stop_in_the_opposite_order(state_dir):
    supervisor, stopped = Supervisor(), []

    class Noting(Program):
        def stop(self):
            super().stop()
            stopped.append(self.name)

    for name in ("postgres", "worker", "web"):
        supervisor.start(Noting(name, SLEEP, {}, state_dir / "logs" / f"{name}.log", lambda: True))
    supervisor.stop()
    assert stopped == ["web", "worker", "postgres"]
    assert [service.process.returncode for service in supervisor.services] == [-signal.SIGTERM] * 3
