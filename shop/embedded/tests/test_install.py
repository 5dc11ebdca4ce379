"""The first sentence that a bare machine hears."""

import os
import shutil
import subprocess
import sys

from shop.embedded.programs import PROJECT


def install(folder, script, **env):
    for name in ("install", "install.py"):
        shutil.copy(PROJECT / "scripts" / name, folder / "scripts" / name)
    return subprocess.run(
        [*script, "requirements.txt"], cwd=folder, env={**os.environ, **env}, capture_output=True, text=True
    )


def test_no_python_is_one_sentence(tmp_path):
    (tmp_path / "scripts").mkdir()
    done = install(tmp_path, ["/bin/sh", "scripts/install"], PATH=str(tmp_path), PYTHON="")
    assert done.returncode == 1
    assert (
        done.stderr == "Python 3.11 or newer is needed, and none was found on PATH; install one or set PYTHON to it.\n"
    )


def test_no_venv_module_is_one_sentence(tmp_path):
    (tmp_path / "scripts").mkdir()
    for name in ("venv", "virtualenv"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(1)")
    done = install(tmp_path, [sys.executable, "scripts/install.py"], PATH=str(tmp_path), PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "apt install python3-venv" in done.stderr
    assert not (tmp_path / ".venv").exists()
