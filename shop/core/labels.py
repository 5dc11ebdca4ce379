"""A coloured word of the admin, for `display(label=...)`."""

from typing import Any, NamedTuple

from django.utils.html import conditional_escape


class Label(NamedTuple):
    """`code` picks the colour; lists show `words` on it, pages show them as they are."""

    code: str
    words: Any

    def __str__(self) -> str:
        return str(self.words)

    def __html__(self) -> str:
        return conditional_escape(self.words)
