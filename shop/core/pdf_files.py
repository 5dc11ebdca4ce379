"""PDF to read and to print: headings, notes, tables and bars, one under the other, with a Chinese font inside.

Of the font that share cards are drawn with (ADR 10) only the characters that occur are taken along, in two weights.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from django.utils.module_loading import import_string


@dataclass(frozen=True)
class Heading:
    text: str
    size: int = 13

    def words(self) -> Iterator[str]:
        yield self.text


@dataclass(frozen=True)
class Note:
    text: str

    def words(self) -> Iterator[str]:
        yield self.text


@dataclass(frozen=True)
class Table:
    """`right`: which columns are set to the right, as numbers are. The first column is the widest."""

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: Collection[int] = ()

    def words(self) -> Iterator[str]:
        yield from self.headers
        for row in self.rows:
            yield from row


@dataclass(frozen=True)
class Bars:
    """One bar for each label; `top` is what the highest is called."""

    title: str
    labels: Sequence[str]
    values: Sequence[float]
    top: str = ""

    def words(self) -> Iterator[str]:
        yield from (self.title, self.top, *self.labels)


Block = Heading | Note | Table | Bars


def write_pdf(*, title: str, blocks: Sequence[Block], target: IO[bytes]) -> None:
    """Who never draws one does not load what draws it."""
    import_string("shop.core.pdf_drawing.draw_pdf")(title=title, blocks=blocks, target=target)
