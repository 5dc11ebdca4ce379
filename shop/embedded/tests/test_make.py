import os
import signal
import subprocess
import sys

from shop.embedded.programs import PROJECT

RECIPE = """
import time
from shop.embedded.make import MakeWatch
make = MakeWatch()
print("watching", make.is_make, flush=True)
while not make.gave_up():
    time.sleep(0.05)
print("gave up", flush=True)
"""


def start_make(state_dir):
    (state_dir / "recipe.py").write_text(RECIPE)
    (state_dir / "Makefile").write_text(f"all:\n\t@exec {sys.executable} {state_dir / 'recipe.py'}\n")
    # As if nobody above us were make, though `make test` is.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    make = subprocess.Popen(
        ["make", "-f", state_dir / "Makefile"],
        env={**environment, "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        # Whoever runs the tests in the background has interrupts ignored, and make leaves it at that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert make.stdout.readline() == "watching True\n"
    return make


def test_interrupting_make_alone_is_noticed(state_dir):
    make = start_make(state_dir)
    make.send_signal(signal.SIGINT)
    assert make.communicate(timeout=10)[0] == "gave up\n"
    assert make.returncode != 0


def test_make_that_was_killed_is_noticed(state_dir):
    make = start_make(state_dir)
    make.kill()
    assert make.communicate(timeout=10)[0] == "gave up\n"


def test_another_parent_is_no_make(state_dir):
    done = subprocess.run(
        [sys.executable, "-c", "from shop.embedded.make import MakeWatch; print(MakeWatch().gave_up())"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False\n"
