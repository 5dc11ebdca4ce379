"""State machines as one table: allowed transitions per state, anything else is an error."""

from collections.abc import Mapping

from shop.core.errors import IllegalTransition


def check_transition(table: Mapping[str, frozenset[str]], *, current: str, target: str) -> None:
    """Raises IllegalTransition unless `table` allows moving from `current` to `target`."""
    if target not in table.get(current, frozenset()):
        raise IllegalTransition(current=current, target=target)
