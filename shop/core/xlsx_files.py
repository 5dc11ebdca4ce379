"""XLSX to download: every cell is text that is never run, except in columns that hold plain numbers."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import IO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

LONGEST_TITLE = 31
# What a title of a sheet may not hold.
_NO_TITLE = str.maketrans("[]:*?/\\", "       ")


@dataclass(frozen=True)
class Sheet:
    """Headings in the first row; `numbers`: which columns are numbers."""

    title: str
    rows: Iterable[Sequence[str]]
    numbers: Collection[int] = ()


def write_sheet(*, title: str, rows: Iterable[Sequence[str]], numbers: Collection[int], target: IO[bytes]) -> None:
    write_book([Sheet(title, rows, numbers)], target=target)


def write_book(sheets: Iterable[Sheet], *, target: IO[bytes]) -> None:
    """Sheet after sheet, written row by row."""
    book = Workbook(write_only=True)
    for each in sheets:
        sheet = book.create_sheet(each.title.translate(_NO_TITLE)[:LONGEST_TITLE])
        sheet.freeze_panes = "A2"
        for position, row in enumerate(each.rows):
            is_number = [at in each.numbers and position > 0 and cell != "" for at, cell in enumerate(row)]
            sheet.append([_cell(sheet, cell, number) for cell, number in zip(row, is_number, strict=True)])
    book.save(target)


def _cell(sheet: WriteOnlyWorksheet, text: str, is_number: bool) -> WriteOnlyCell:
    if is_number:
        return WriteOnlyCell(sheet, float(text))
    # What the format cannot hold is of no use to a reader either.
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", text))
    cell.data_type = "s"
    return cell
