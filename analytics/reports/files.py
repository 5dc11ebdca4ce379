"""A report as files: XLSX to count with, PDF to read. In the language of whoever asks."""

from io import BytesIO
from typing import Any

from django.utils.translation import gettext as _

from analytics.reports.presenting import Amount, Section, sections_of
from shop.core.pdf_files import Bars, Block, Heading, Note, Table, write_pdf
from shop.core.xlsx_files import Sheet, write_book

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = "application/pdf"
_PERIODS = ("first", "last", "before_first", "before_last")


def xlsx_of(content: dict[str, Any]) -> bytes:
    """A sheet for each section. Money is in yuan, shares in percent."""
    target = BytesIO()
    sheets = [Sheet(each.title, [each.headers, *each.plain], each.amounts) for each in sections_of(content)]
    write_book(sheets, target=target)
    return target.getvalue()


def pdf_of(title: str, content: dict[str, Any]) -> bytes:
    target, blocks = BytesIO(), list[Block]()
    compared = _("{first} – {last}, compared with {before_first} – {before_last}. Days are Shanghai's.")
    blocks.append(Note(compared.format(**{key: content[key] for key in _PERIODS})))
    for section in sections_of(content):
        blocks.append(Heading(section.title))
        blocks += [_bars(section, column) for column in section.charts]
        right = [*section.amounts, *([len(section.headers) - 1] if len(section.amounts) > 1 else [])]
        blocks.append(Table(section.headers, section.shown, right))
    write_pdf(title=title, blocks=blocks, target=target)
    return target.getvalue()


def _bars(section: Section, column: int) -> Bars:
    amounts = [row[column] for row in section.rows]
    values = [cell.value or 0 for cell in amounts if isinstance(cell, Amount)]
    top = max((cell for cell in amounts if isinstance(cell, Amount)), key=lambda cell: cell.value or 0)
    highest = _("highest {value}").format(value=top.shown)
    labels = [str(row[0])[5:] for row in section.rows]
    return Bars(section.headers[column], labels, values, highest)
