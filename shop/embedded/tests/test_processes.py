import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shop.embedded.accounts import Account
from shop.embedded.errors import EmbeddedError
from shop.embedded.processes import start_process, stop_process, wait_until
from shop.embedded.programs import PROJECT

LAUNCHER = """
import os, sys, time
from pathlib import Path
from shop.embedded.accounts import Account
from shop.embedded.processes import start_process
child = start_process(["sleep", "60"], log=Path(sys.argv[1]), account=Account.current(), cwd=Path("/"), env=os.environ)
print(child.pid, flush=True)
time.sleep(60)
"""


def start(command, state_dir):
    return start_process(
        command, log=state_dir / "logs" / "test.log", account=Account.current(), cwd=state_dir, env=os.environ
    )


def is_alive(pid):
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


def wait_for(condition, within=5):
    deadline = time.monotonic() + within
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def test_child_dies_with_a_launcher_that_was_killed(state_dir):
    launcher = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, state_dir / "child.log"], cwd=PROJECT, stdout=subprocess.PIPE
    )
    with launcher, launcher.stdout as output:
        child = int(output.readline())
        assert is_alive(child)
        launcher.kill()
        assert wait_for(lambda: not is_alive(child))


def test_stop_ends_what_ignores_the_signal_and_what_it_started(state_dir):
    stubborn = start(["sh", "-c", "trap '' TERM; sleep 60 & echo $!; wait"], state_dir)
    log = state_dir / "logs" / "test.log"
    assert wait_for(lambda: log.read_text().strip().isdecimal())
    grandchild = int(log.read_text())
    stop_process(stubborn, within=0.2)
    assert stubborn.returncode == -signal.SIGKILL
    assert wait_for(lambda: not is_alive(grandchild))


def test_child_that_ends_while_starting_is_told_with_its_last_words(state_dir):
    child = start(["sh", "-c", "echo 'FATAL: no more tea' >&2; exit 3"], state_dir)
    with pytest.raises(EmbeddedError, match="The kettle ended while starting: FATAL: no more tea"):
        wait_until(lambda: False, process=child, name="The kettle", log=state_dir / "logs" / "test.log", within=5)


def test_child_that_stays_silent_is_told(state_dir):
    child = start(["sleep", "60"], state_dir)
    with pytest.raises(EmbeddedError, match="The kettle did not answer within 0 seconds"):
        wait_until(lambda: False, process=child, name="The kettle", log=state_dir / "logs" / "test.log", within=0.1)
    stop_process(child, within=5)
    assert child.returncode == -signal.SIGTERM


def test_ctrl_c_at_the_terminal_does_not_reach_a_child(state_dir):
    child = start(["sleep", "60"], state_dir)
    assert os.getpgid(child.pid) != os.getpgid(0)
    stop_process(child, within=5)


def test_log_of_the_run_before_is_kept(state_dir):
    for word in ("first", "second"):
        start(["echo", word], state_dir).wait()
    assert (state_dir / "logs" / "test.log").read_text() == "second\n"
    assert (state_dir / "logs" / "test.previous.log").read_text() == "first\n"
