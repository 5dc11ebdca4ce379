"""What the launcher refuses, from outside: one sentence, no traceback, nothing left running."""

import os
import socket
import subprocess
import sys

import pytest

from shop.embedded.ports import free_port
from shop.embedded.programs import PROJECT
from shop.embedded.state import only_launcher


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
