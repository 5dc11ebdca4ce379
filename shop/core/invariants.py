"""Laws that must hold on live data: each room lists its own; `manage.py check_invariants` runs them all.

A law is a function that returns a sentence per violation, and an empty list when it holds.
"""

from collections.abc import Callable, Iterator

from django.conf import settings
from django.utils.module_loading import import_string

Law = Callable[[], list[str]]


def laws() -> Iterator[tuple[str, Law]]:
    """The (name, law) pairs of every room, in the order of `settings.INVARIANTS`, a list of dotted paths to tuples."""
    for path in settings.INVARIANTS:
        for law in import_string(path):
            yield f"{law.__module__}.{law.__name__}", law


def violations() -> dict[str, list[str]]:
    """Violations by law; laws that hold are left out."""
    return {name: found for name, law in laws() if (found := law())}
