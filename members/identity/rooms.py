"""What other rooms keep about a member: moved to another account, erased, exported.

Settings list the functions by dotted path, in order; each room has its own in `member_data.py`:

- `MEMBER_MERGERS`: `(*, source_id, target_id, now) -> {kind: rows moved}`; repeatable.
- `MEMBER_ERASERS`: `(*, member_id, now) -> {kind: rows erased}`; repeatable.
- `MEMBER_EXPORTERS`: `(*, member_id) -> {section: data}`, plain data for JSON.
- `MEMBER_OBSTACLES`: `(*, member_id) -> Detail | None`, why the member cannot be erased yet.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from shop.core.errors import Detail


def move_everything(*, source_id: int, target_id: int, now: datetime) -> dict[str, int]:
    """Give the target all rows of the source, inside the caller's transaction; counts by kind, without zeros."""
    moved: Counter[str] = Counter()
    for move in _functions(settings.MEMBER_MERGERS):
        moved.update(move(source_id=source_id, target_id=target_id, now=now))
    return dict(+moved)


def erase_everything(*, member_id: int, now: datetime) -> dict[str, int]:
    """Erase the member's personal data in every room, inside the caller's transaction; counts by kind."""
    erased: Counter[str] = Counter()
    for erase in _functions(settings.MEMBER_ERASERS):
        erased.update(erase(member_id=member_id, now=now))
    return dict(+erased)


def export_everything(*, member_id: int) -> dict[str, Any]:
    sections: dict[str, Any] = {}
    for export in _functions(settings.MEMBER_EXPORTERS):
        found: Mapping[str, Any] = export(member_id=member_id)
        sections |= found
    return sections


def obstacles(*, member_id: int) -> list[Detail]:
    """What must be finished before the member can be erased."""
    return [found for ask in _functions(settings.MEMBER_OBSTACLES) if (found := ask(member_id=member_id)) is not None]


def _functions(paths: Sequence[str]) -> Iterator[Callable[..., Any]]:
    return (import_string(path) for path in paths)
