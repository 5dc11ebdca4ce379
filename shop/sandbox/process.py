"""Starts the sandbox as a process of its own: for the launcher, the tests and the benches.

The one module of this package that others may import.
"""

import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 30.0
STOP_SECONDS = 5.0
READY = "SANDBOX READY "
LOG = "sandbox.log"
_ROOT = Path(__file__).resolve().parents[2]
_PR_SET_PDEATHSIG = 1


class SandboxFailed(RuntimeError):
    """The sandbox did not come up; the message says why."""


@dataclass(frozen=True)
class SandboxProcess:
    """A running sandbox: its address and the settings that it has for the shop."""

    url: str
    env: dict[str, str]
    process: "subprocess.Popen[bytes]"

    def stop(self) -> None:
        """Stop it and wait until it is gone; a second call does nothing."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


def start_sandbox(*, state_dir: Path, shop_url: str, port: int = 0, options: tuple[str, ...] = ()) -> SandboxProcess:
    """Start a sandbox and return once it answers. It dies with the thread that started it.

    Raises SandboxFailed when it does not come up, for instance because the port is taken.
    """
    state_dir = state_dir.resolve()
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = [
        sys.executable,
        "-m",
        "shop.sandbox",
        f"--port={port}",
        f"--state-dir={state_dir}",
        f"--shop-url={shop_url}",
    ]
    log_path = state_dir / LOG
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [*command, *options],
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            # A Ctrl-C in the terminal is for the starter, which stops its processes in its own order.
            process_group=0,
            preexec_fn=_die_with(os.getpid()),
        )
    url = _await_ready(process)
    if url is None:
        process.kill()
        process.wait()
        raise SandboxFailed(log_path.read_text(errors="replace").strip() or "The sandbox did not answer in time.")
    return SandboxProcess(url=url, env=read_env(state_dir / "env"), process=process)


def read_env(path: Path) -> dict[str, str]:
    """Read a file of KEY=value lines."""
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if line)


def _await_ready(process: "subprocess.Popen[bytes]") -> str | None:
    """Return the address from the line that the sandbox prints when it answers; None when it ends or is too slow."""
    assert process.stdout is not None
    output, deadline = b"", time.monotonic() + START_SECONDS
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while selector.select(max(0.0, deadline - time.monotonic())):
            chunk = os.read(process.stdout.fileno(), 4096)
            output += chunk
            line, newline, _ = output.partition(b"\n")
            if newline and line.startswith(READY.encode()):
                return line.decode().removeprefix(READY)
            if not chunk:
                return None
    return None


def _die_with(parent: int) -> Callable[[], None] | None:
    """On Linux, have the kernel stop the child when its parent dies, however it dies."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def prepare() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        # The parent may have died before the call above.
        if os.getppid() != parent:
            os._exit(1)

    return prepare
