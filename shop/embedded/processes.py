"""Starting and stopping child processes that never outlive the launcher."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from shop.embedded.accounts import Account
from shop.embedded.errors import EmbeddedError

Child = subprocess.Popen[bytes]

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(death_signal: signal.Signals) -> Callable[[], None]:
    """What a child runs before exec so that the kernel signals it when the launcher dies, however it dies.

    Elsewhere than on Linux there is no such signal; children are then stopped by the launcher only.
    """
    launcher = os.getpid()

    def before_exec() -> None:
        if _libc is None:
            return
        _libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        # The launcher may have died between fork and prctl; then nobody would send the signal.
        if os.getppid() != launcher:
            os._exit(1)

    return before_exec


def start_process(
    command: Sequence[str | Path],
    *,
    log: Path,
    account: Account,
    cwd: Path,
    env: Mapping[str, str],
    death_signal: signal.Signals = signal.SIGTERM,
    config: str | None = None,
) -> Child:
    """Start a server in a session of its own, because a Ctrl-C must reach the launcher alone.

    log holds the output of this one run, the run before is kept beside it. config is handed over on standard input,
    where no other user can read it.
    """
    if log.exists():
        log.replace(log.with_suffix(".previous.log"))
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL if config is None else subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=dict(env),
            umask=0o077,
            start_new_session=True,
            # Runs after the change of user, which would clear the signal.
            preexec_fn=die_with_parent(death_signal),
            **account.run_as(),
        )
    if process.stdin is not None and config is not None:
        with process.stdin as stream:
            stream.write(config.encode())
    return process


def stop_process(process: Child, *, ask: signal.Signals = signal.SIGTERM, within: float) -> None:
    """Ask the process to end, then end it and whatever it left behind in its group."""
    if process.poll() is None:
        process.send_signal(ask)
        with suppress(subprocess.TimeoutExpired):
            process.wait(within)
    kill_group(process)


def kill_group(process: Child) -> None:
    """End every process of the group; also clears the pool of a worker that was itself killed."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until(answers: Callable[[], bool], *, process: Child, name: str, log: Path, within: float) -> None:
    """Return once the server answers; explain with the end of its log when it ends or stays silent."""
    deadline = time.monotonic() + within
    pause = 0.01
    while process.poll() is not None or not answers():
        if process.poll() is not None:
            raise EmbeddedError(f"{name} ended while starting: {last_line(log)} (see {log})")
        if time.monotonic() > deadline:
            raise EmbeddedError(f"{name} did not answer within {within:.0f} seconds (see {log}).")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.2)


def last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").split("\n")[-40:]
    said = [line.strip() for line in lines if line.strip()]
    telling = [line for line in said if "FATAL" in line or "rror" in line]
    return (telling or said or ["it said nothing"])[-1]
