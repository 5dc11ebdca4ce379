"""Make .venv and install requirement files into it; run by `scripts/install` with nothing but the standard library.

Quick when nothing changed: .venv/installed.json remembers the requirement files that were installed completely.
"""

import ast
import fcntl
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.json"
NO_VENV = (
    "Python's venv module is incomplete here: install it (on Debian and Ubuntu: apt install python3-venv), "
    "or install virtualenv, and run this again."
)


def main(names: list[str]) -> None:
    with Path(__file__).open() as lock:
        # Two commands started at once take turns.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not runs([PYTHON, "-c", ""]):
            make_environment()
        files = [ROOT / name for name in names]
        wanted = {file.name: fingerprint(file) for file in files}
        installed = json.loads(STAMP.read_text()) if STAMP.exists() else {}
        if not wanted.items() <= installed.items():
            print(f"Installing {' and '.join(names)} into {VENV} ...", flush=True)
            STAMP.unlink(missing_ok=True)
            install(files)
            STAMP.write_text(json.dumps({**installed, **wanted}))
        compile_catalogues()


def fingerprint(file: Path) -> str:
    """Changes with the file, with the files that it includes, and with the Python that runs them."""
    text = file.read_text()
    included = [line[3:].strip() for line in text.splitlines() if line.startswith("-r ")]
    parts = [sys.version, text, *(fingerprint(file.parent / name) for name in included)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def make_environment() -> None:
    """`venv` where it is complete; Debian ships it without ensurepip, and then virtualenv or uv may be there."""
    shutil.rmtree(VENV, ignore_errors=True)
    makers: list[list[str | Path]] = [
        [sys.executable, "-m", "venv", VENV],
        [sys.executable, "-m", "virtualenv", VENV],
        ["uv", "venv", "--python", sys.executable, VENV],
    ]
    for maker in makers:
        if runs(maker) and runs([PYTHON, "-c", ""]):
            return
        shutil.rmtree(VENV, ignore_errors=True)
    require_space()
    sys.exit(NO_VENV)


def install(files: list[Path]) -> None:
    """uv takes seconds where pip takes minutes; pip is the fallback."""
    requirements = [part for file in files for part in ("-r", str(file))]
    uv = find_uv()
    if uv and runs([uv, "pip", "install", "--quiet", "--python", PYTHON, *pip_sources(), *requirements]):
        return
    pip = subprocess.run(
        [PYTHON, "-m", "pip", "install", "--quiet", *requirements],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    if pip.returncode != 0:
        require_space()
        reasons = [line for line in pip.stderr.splitlines() if line.startswith("ERROR")] or pip.stderr.splitlines()
        sys.exit(f"The packages could not be installed: {reasons[-1] if reasons else 'pip said nothing'}")


def find_uv() -> str | None:
    own = VENV / "bin" / "uv"
    if own.exists() or runs([PYTHON, "-m", "pip", "install", "--quiet", "uv"]):
        return str(own)
    return shutil.which("uv")


def pip_sources() -> list[str]:
    """What pip is told about package sources on this machine, as options for uv, which does not read pip's files."""
    listed = subprocess.run([PYTHON, "-m", "pip", "config", "list"], capture_output=True, text=True)
    options: dict[str, list[str]] = {}
    for line in listed.stdout.splitlines():
        key, _, value = line.partition("=")
        name = key.rpartition(".")[2]
        # Environment variables come first in the list and win.
        if name in ("index-url", "extra-index-url", "find-links") and name not in options:
            options[name] = ast.literal_eval(value).split()
    sources = [part for name, values in options.items() for value in values for part in (f"--{name}", value)]
    # As pip does: the best version of all sources, not the first source that knows the name.
    return [*sources, "--index-strategy", "unsafe-best-match"] if sources else []


def compile_catalogues() -> None:
    """Translations are committed as text only; Babel compiles them, because a bare machine has no gettext."""
    for text in ROOT.glob("locale/*/LC_MESSAGES/django.po"):
        compiled = text.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < text.stat().st_mtime:
            language = text.parent.parent.name
            if not runs([PYTHON.with_name("pybabel"), "compile", "-i", text, "-o", compiled, "-l", language]):
                sys.exit(f"{text} could not be compiled; is it a valid catalogue?")


def require_space() -> None:
    free = shutil.disk_usage(ROOT).free // 2**20
    if free < 600:
        sys.exit(f"The disk that holds {ROOT} has only {free} MB left; the packages need 600 MB.")


def runs(command: list[str | Path]) -> bool:
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0
    except OSError:
        return False


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        sys.exit(f"The virtual environment could not be made: {error.strerror} ({error.filename}).")
