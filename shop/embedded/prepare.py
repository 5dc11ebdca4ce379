"""`python -m shop.embedded.prepare SIZE`: database, static files, administrator and demo shop brought up to date.

One process for all, because starting Django costs seconds; safe to run again.
"""

import hashlib
import os
import sys
from pathlib import Path

import django
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command


def main(size: str) -> None:
    django.setup()
    call_command("migrate", interactive=False)
    collect_static_files()
    ensure_administrator(os.environ["ADMIN_USER"], os.environ["ADMIN_PASSWORD"])
    call_command("load_demo", size=size)


def collect_static_files() -> None:
    """Compressing them takes seconds, so only when one of them changed."""
    collected = Path(settings.STATIC_ROOT)
    stamp = collected.with_name("static.stamp")
    fingerprint = static_fingerprint()
    if stamp.exists() and stamp.read_text() == fingerprint and collected.is_dir():
        return
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(fingerprint)


def static_fingerprint() -> str:
    sources = []
    for finder in get_finders():
        for name, storage in finder.list([]):
            facts = Path(storage.path(name)).stat()
            sources.append(f"{name} {facts.st_size} {facts.st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(sources)).encode()).hexdigest()


def ensure_administrator(username: str, password: str) -> None:
    """The account that the launcher announces; a password changed in the admin stays changed."""
    users = get_user_model()._default_manager
    if not users.filter(username=username).exists():
        users.create_superuser(username=username, password=password)


if __name__ == "__main__":
    main(sys.argv[1])
