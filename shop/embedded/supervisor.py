"""Starts services in order, notices when one ends, stops them in the opposite order."""

import signal
import time
from collections import defaultdict, deque
from pathlib import Path
from typing import Protocol

from shop.embedded.errors import EmbeddedError
from shop.embedded.processes import Child, kill_group, last_line

# A service that ends this often within a minute will not recover by being started once more.
RESTARTS_PER_MINUTE = 5


class Service(Protocol):
    name: str
    log: Path

    @property
    def process(self) -> Child | None: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...


class Supervisor:
    def __init__(self) -> None:
        self.services: list[Service] = []
        self._restarts: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=RESTARTS_PER_MINUTE))

    def start(self, service: Service) -> None:
        # Listed first: a service interrupted while starting is stopped like the others.
        self.services.append(service)
        service.start()

    def stop(self) -> None:
        for service in reversed(self.services):
            service.stop()

    def revive(self) -> None:
        """Say which services have ended, and start them again."""
        for service in self.services:
            process = service.process
            if process is not None and process.poll() is not None:
                reason = _reason(process.returncode)
                # Its own children may outlive it, and keep its port or its data.
                kill_group(process)
                self._count_restart(service, reason)
                print(f"{service.name} ended ({reason}); starting it again (see {service.log})", flush=True)
                service.start()

    def _count_restart(self, service: Service, reason: str) -> None:
        restarts = self._restarts[service.name]
        now = time.monotonic()
        if len(restarts) == RESTARTS_PER_MINUTE and now - restarts[0] < 60:
            raise EmbeddedError(f"{service.name} keeps ending ({reason}): {last_line(service.log)} (see {service.log})")
        restarts.append(now)


def _reason(returncode: int) -> str:
    return signal.Signals(-returncode).name if returncode < 0 else f"exit status {returncode}"
