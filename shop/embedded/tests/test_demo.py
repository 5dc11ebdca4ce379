"""The launcher from outside: a shop that answers and stops, and refusals of one sentence without a traceback."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

from shop.embedded.ports import free_port
from shop.embedded.programs import PROJECT
from shop.embedded.state import only_launcher

BUNDLED = ("DATABASE_URL", "REDIS_URL", "CACHE_URL")


def test_demo_answers_when_ready_and_leaves_only_data_when_stopped(state_dir):
    port = free_port()
    env = {name: value for name, value in os.environ.items() if name not in BUNDLED}
    demo = subprocess.Popen(
        [sys.executable, "-m", "shop.embedded.demo"],
        cwd=PROJECT,
        env={**env, "STATE_DIR": str(state_dir), "PORT": str(port), "DEMO": "small"},
        stdout=subprocess.PIPE,
        text=True,
    )
    with demo, demo.stdout as output:
        lines = []
        while not lines or not lines[-1].startswith("READY"):
            lines.append(output.readline())
            assert lines[-1], "the launcher ended before it was ready"
        told = dict(line.split("=", 1) for line in (state_dir / "env").read_text().splitlines())
        assert len(processes_that_name(state_dir)) > 8
        secrecy = stat.S_IMODE((state_dir / "env").stat().st_mode)
        with urlopen(f"{told['BASE_URL']}/health/ready", timeout=10) as answer:
            health = json.load(answer)
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(90) == 0
    assert lines[-1] == f"READY http://127.0.0.1:{port}\n"
    assert {*BUNDLED, "BASE_URL", "SANDBOX_URL", "ADMIN_USER", "ADMIN_PASSWORD"} <= told.keys()
    assert secrecy == 0o600
    assert (health["database"], health["redis"]) == ("up", "up")
    assert processes_that_name(state_dir) == []
    assert (state_dir / "postgres").is_dir()
    assert not (state_dir / "env").exists()


def processes_that_name(folder):
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            found += [process.name] if str(folder).encode() in told else []
    return found


def refusal(state_dir, **env):
    done = subprocess.run(
        [sys.executable, "-m", "shop.embedded.demo"],
        cwd=PROJECT,
        env={**os.environ, "STATE_DIR": str(state_dir), "PORT": str(free_port()), **env},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_port_that_is_taken(state_dir):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        said = refusal(state_dir, PORT=str(port))
    assert said == f"Port {port} is taken by another program; set PORT to a free one.\n"
    assert not (state_dir / "postgres").exists()


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1"])
def test_port_that_is_none(state_dir, port):
    assert refusal(state_dir, PORT=port) == f"PORT must be a number from 1 to 65535, not '{port}'.\n"


def test_size_that_is_none(state_dir):
    assert refusal(state_dir, DEMO="huge") == "DEMO must be small or full, not 'huge'.\n"


def test_state_folder_that_cannot_be_made(state_dir):
    (state_dir / "file").write_text("")
    assert "cannot be written" in refusal(state_dir / "file")


def test_second_start_in_the_same_state_folder(state_dir):
    with only_launcher(state_dir):
        assert f"already running (process {os.getpid()})" in refusal(state_dir)


@pytest.mark.parametrize(
    ("name", "url"), [("REDIS_URL", "redis://127.0.0.1:1/0"), ("DATABASE_URL", "postgres://a:b@127.0.0.1:1/c")]
)
def test_a_given_server_that_does_not_answer_is_said_in_one_sentence(state_dir, name, url):
    env = {key: value for key, value in os.environ.items() if key not in BUNDLED}
    env |= {"STATE_DIR": str(state_dir), "PORT": str(free_port()), "DEMO": "small", name: url}
    done = subprocess.run(
        [sys.executable, "-m", "shop.embedded.demo"], cwd=PROJECT, env=env, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"{name} was given, but no server answers there" in done.stderr
