import pytest

from shop.core import outbox


@pytest.fixture
def sent(monkeypatch):
    """The groups of entries of each task that the broker is given."""
    tasks: list[list[list[int]]] = []
    monkeypatch.setattr(outbox, "_send", lambda groups, queue: tasks.append(groups))
    return tasks
