"""XLSX to download: every cell is text that is never run, except in columns that hold plain numbers."""

from collections.abc import Collection, Iterable, Sequence
from typing import IO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.worksheet._write_only import WriteOnlyWorksheet


def write_sheet(*, title: str, rows: Iterable[Sequence[str]], numbers: Collection[int], target: IO[bytes]) -> None:
    """One sheet with its headings in the first row, written row by row; `numbers`: which columns are numbers."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for position, row in enumerate(rows):
        sheet.append([_cell(sheet, cell, at in numbers and position > 0 and cell != "") for at, cell in enumerate(row)])
    book.save(target)


def _cell(sheet: WriteOnlyWorksheet, text: str, is_number: bool) -> WriteOnlyCell:
    if is_number:
        return WriteOnlyCell(sheet, float(text))
    # What the format cannot hold is of no use to a reader either.
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", text))
    cell.data_type = "s"
    return cell
