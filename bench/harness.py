"""What every bench stands on: a shop of its own, the processor time of its processes, and the report.

A bench starts the real launcher in a folder of its own, and what it measures are the real processes: web, worker,
beat, Postgres, both Valkeys, sandbox. `Report` collects figures, prints them for people and ends with the JSON line.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import FrameType
from typing import Any

import psycopg2

PROJECT = Path(__file__).resolve().parent.parent
# For what is measured without a shop around it.
sys.path.append(str(PROJECT))
TICKS = os.sysconf("SC_CLK_TCK")
START_WITHIN = 600
# Which of the launcher's children a process belongs to, by what stands in its command line.
ROLES = {
    "granian": "web",
    "celery -A shop worker": "worker",
    "celery -A shop beat": "beat",
    "shop.sandbox": "sandbox",
    "postgres -D": "postgres",
    "valkey": "valkey",
    "redis-server": "valkey",
}
# The sandbox stands for WeChat's and the couriers' machines, so its time is shown but is not the shop's.
SHOP_ROLES = ("web", "worker", "postgres", "valkey")


class BenchError(Exception):
    """Something that makes measuring pointless; one sentence."""


@dataclass
class Shop:
    """A running shop: where it answers, where its state is, and the processes under its launcher."""

    state_dir: Path
    env: Mapping[str, str]
    launcher: int

    @property
    def base_url(self) -> str:
        return self.env["BASE_URL"]

    @property
    def sandbox_url(self) -> str:
        return self.env["SANDBOX_URL"]

    @cached_property
    def own_connection(self) -> "psycopg2.extensions.connection":
        # One for all questions: opening a connection would cost Postgres more than answering.
        connection = psycopg2.connect(self.env["DATABASE_URL"])
        connection.autocommit = True
        return connection

    def query(self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> list[tuple[Any, ...]]:
        """Run one statement in a transaction of its own; returns its rows, if it has any."""
        with self.own_connection.cursor() as cursor:
            cursor.execute(sql, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def manage(self, *arguments: str) -> str:
        """Run a `manage.py` command on this shop; returns what it printed. Raises BenchError with its last lines."""
        env = {**os.environ, **self.env}
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=PROJECT, env=env, capture_output=True, text=True
        )
        if done.returncode != 0:
            said = (done.stdout + done.stderr).strip().splitlines()[-6:]
            raise BenchError(f"manage.py {' '.join(arguments)[:80]} failed: " + " | ".join(said))
        return done.stdout

    def call(self, module: str, function: str, **arguments: object) -> Any:
        """Call a function of a Django module of the bench inside the shop's own Python; answers its JSON."""
        code = f"import json; from {module} import {function} as f; print(json.dumps(f(**{arguments!r})))"
        return json.loads(self.manage("shell", "--no-imports", "-c", code).strip().splitlines()[-1])

    def broken_laws(self) -> list[str]:
        """What `manage.py check_invariants` finds."""
        done = subprocess.run(
            [sys.executable, "manage.py", "check_invariants"],
            cwd=PROJECT,
            env={**os.environ, **self.env},
            capture_output=True,
            text=True,
        )
        lines = done.stdout.splitlines()
        if done.returncode == 0 and lines:
            return []
        return [line for line in lines if not line.startswith("ok")] or [done.stderr[-300:]]

    def cpu_ms(self) -> dict[str, float]:
        """Processor time so far of every role, ended and reaped processes included."""
        spent: dict[str, float] = defaultdict(float)
        for pid, (role, ticks) in _tree(self.launcher).items():
            spent[role] += 0 if pid == self.launcher else ticks * 1000 / TICKS
        return spent

    @contextmanager
    def paused(self, role: str) -> Iterator[None]:
        """The processes of a role stand still meanwhile."""
        held = [pid for pid, (each, _ticks) in _tree(self.launcher).items() if each == role]
        try:
            for pid in held:
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in held:
                os.kill(pid, signal.SIGCONT)

    def settle(self, *, within: float = 120) -> float:
        """Wait until everything that was published is delivered; returns the seconds that took."""
        started = time.monotonic()
        while self.query("SELECT 1 FROM core_outboxentry WHERE status = 'pending' LIMIT 1"):
            if time.monotonic() - started > within:
                raise BenchError(f"the outbox was not empty after {within:.0f} s")
            time.sleep(0.05)
        return time.monotonic() - started


@contextmanager
def running_shop(state_dir: Path | None = None, **environment: str) -> Iterator[Shop]:
    """The shop whose state is in `state_dir`, or one that lives as long as this block."""
    if state_dir is not None:
        yield attach(state_dir.resolve())
        return
    folder = Path(tempfile.mkdtemp(prefix="lantern-bench-"))
    launcher = _launch(folder, environment)
    with _interruptible():
        try:
            _wait_until_ready(folder, launcher)
            yield attach(folder, launcher.pid)
        finally:
            launcher.send_signal(signal.SIGINT)
            try:
                launcher.wait(60)
            finally:
                launcher.kill()
                shutil.rmtree(folder, ignore_errors=True)


def attach(state_dir: Path, launcher: int | None = None) -> Shop:
    try:
        lines = (state_dir / "env").read_text().splitlines()
        pid = launcher or int((state_dir / "lock").read_text())
    except (OSError, ValueError):
        raise BenchError(f"no shop is running in {state_dir}") from None
    return Shop(state_dir, dict(line.split("=", 1) for line in lines), pid)


def _launch(folder: Path, environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    # A bench is one client at one address with long sessions; nothing else differs from `make demo`.
    env = {**os.environ, "PORT": str(_free_port()), "STATE_DIR": str(folder), "DEMO": "small"}
    env |= {"ACCESS_TOKEN_MINUTES": "600", **environment}
    for name in ("DATABASE_URL", "REDIS_URL", "CACHE_URL", "DJANGO_SETTINGS_MODULE"):
        env.pop(name, None)
    with (folder / "launcher.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "shop.embedded.demo"],
            cwd=PROJECT,
            env=env,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _wait_until_ready(folder: Path, launcher: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_WITHIN
    log = folder / "launcher.log"
    while "READY http" not in log.read_text():
        if launcher.poll() is not None or time.monotonic() > deadline:
            raise BenchError(f"the shop did not start: {log.read_text().strip()[-300:]}")
        time.sleep(0.1)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let SIGTERM unwind like Ctrl-C, so that the shop is stopped."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _tree(root: int) -> dict[int, tuple[str, int]]:
    """Role and ticks of every process under `root`; a child's role is its nearest named ancestor's."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # ended meanwhile
        parents[int(entry.name)] = int(fields[1])
        ticks[int(entry.name)] = sum(map(int, fields[11:15]))
    return {pid: (role, ticks[pid]) for pid in parents if (role := _role(pid, root, parents)) is not None}


def _role(pid: int, root: int, parents: Mapping[int, int]) -> str | None:
    top = pid
    while pid != root:
        top, pid = pid, parents.get(pid, 0)
        if pid == 0:
            return None
    try:
        command = Path(f"/proc/{top}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return None
    return next((role for mark, role in ROLES.items() if mark in command), "launcher")


@dataclass
class Cpu:
    """Processor time between two moments, by role."""

    shop: Shop
    before: dict[str, float] = field(default_factory=dict)
    spent: dict[str, float] = field(default_factory=dict)

    def __enter__(self) -> "Cpu":
        self.before = self.shop.cpu_ms()
        return self

    def __exit__(self, *failure: object) -> None:
        after = self.shop.cpu_ms()
        self.spent = {role: after[role] - self.before.get(role, 0.0) for role in after}

    def each(self, count: int) -> float:
        """Milliseconds of all of the shop's processes for one of `count` iterations."""
        return sum(self.spent.get(role, 0.0) for role in SHOP_ROLES) / max(count, 1)

    def by_role(self, count: int) -> str:
        shown = [f"{role} {self.spent.get(role, 0.0) / max(count, 1):.1f}" for role in (*SHOP_ROLES, "sandbox")]
        return ", ".join(shown)


class Report:
    """Figures of one bench, each with what it is held against."""

    def __init__(self, bench: str, seed: int) -> None:
        self.bench, self.seed = bench, seed
        self.figures: dict[str, dict[str, Any]] = {}
        self.started = time.monotonic()

    def figure(
        self,
        name: str,
        value: float,
        *,
        reference: float | None = None,
        target: float | None = None,
        better: str = "higher",
    ) -> None:
        """`target` bounds the ratio to `reference` where there is one, otherwise the value."""
        ratio = value / reference if reference else None
        held = value if ratio is None else ratio
        ok = target is None or (held >= target if better == "higher" else held <= target)
        row = {"value": value, "reference": reference, "ratio": ratio, "target": target, "better": better, "ok": ok}
        self.figures[name] = {key: round(each, 4) if isinstance(each, float) else each for key, each in row.items()}

    def must(self, name: str, found: Any, expected: Any) -> None:
        """A promise: exactly this, or the bench has failed."""
        row = {"value": found, "reference": expected, "ratio": None, "target": None, "better": "equal"}
        self.figures[name] = {**row, "ok": found == expected}

    def laws_hold(self, shop: Shop) -> None:
        """`check_invariants` finds nothing."""
        broken = shop.broken_laws()
        for sentence in broken[:10]:
            self.note(sentence)
        self.must("broken_laws", len(broken), 0)

    def note(self, text: str) -> None:
        print(f"[{time.monotonic() - self.started:6.1f} s] {text}", flush=True)

    def finish(self) -> int:
        """Print everything; returns the exit status."""
        print()
        rows = [(name, *map(_shown, _row(each).values())) for name, each in self.figures.items()]
        table([("", "value", "reference", "ratio", "target", "better", ""), *rows])
        ok = all(each["ok"] for each in self.figures.values())
        print()
        print(json.dumps({"bench": self.bench, "seed": self.seed, "figures": self.figures, "ok": ok}))
        return 0 if ok else 1


def _row(figure: Mapping[str, Any]) -> dict[str, Any]:
    """Figures that nothing is asked of are not called good."""
    bound = figure["target"] is not None or figure["better"] == "equal"
    return {**figure, "ok": figure["ok"] if bound else None}


def table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        first, *others = (
            cell.ljust(width) if not index else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join([first, *others]).rstrip())


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "ok" if value else "MISSED"
    if isinstance(value, float):
        return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, int):
        return f"{value:,}"
    return "" if value is None else str(value)


def options(description: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="smaller, under a minute")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--state-dir", type=Path, help="measure the shop that runs there instead of an own one")
    return parser


def percentile(values: Iterable[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
