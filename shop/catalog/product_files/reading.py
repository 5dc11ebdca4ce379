"""Rows of a product file, streamed: CSV in UTF-8 (with or without BOM) or GBK, or XLSX; told apart by content."""

import codecs
import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import IO, Any
from xml.etree.ElementTree import ParseError

from django.utils.translation import gettext as _
from openpyxl.utils.exceptions import InvalidFileException

from shop.catalog.errors import ImportFileNotReadable
from shop.catalog.product_files.workbooks import UnpacksToTooMuch, workbook_rows

MAX_BYTES = 64 * 1024 * 1024
CHUNK = 256 * 1024
DELIMITERS = ",\t;"
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_XLSX_FAULTS = (
    InvalidFileException,
    zipfile.BadZipFile,
    ParseError,
    KeyError,
    ValueError,
    IndexError,
    TypeError,
    AttributeError,
    EOFError,
    OSError,
)


@dataclass(frozen=True)
class Line:
    """One row as text per cell; `fault` says why the row cannot be read at all."""

    number: int
    cells: Sequence[str]
    fault: str = ""


def read_lines(file: IO[bytes]) -> Iterator[Line]:
    """The file's rows that are not blank, headings first, numbered as a spreadsheet numbers them.

    May be called again for the same file. Raises ImportFileNotReadable.
    """
    file.seek(0, io.SEEK_END)
    size = file.tell()
    file.seek(0)
    head = file.read(4)
    if size > MAX_BYTES:
        raise ImportFileNotReadable(reason=_("it is larger than %(count)d MB.") % {"count": MAX_BYTES // 1024 // 1024})
    if head == OLD_EXCEL:
        raise ImportFileNotReadable(reason=_("save it as .xlsx first."))
    lines = _xlsx_lines(file) if head == b"PK\x03\x04" else _csv_lines(file)
    return (line for line in lines if line.fault or any(line.cells))


def _csv_lines(file: IO[bytes]) -> Iterator[Line]:
    encoding = _encoding(file)
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        first = text.readline(CHUNK)
        delimiter = max(DELIMITERS, key=first.count)
        text.seek(0)
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        number = 0
        while True:
            number += 1
            try:
                yield Line(number, [cell.strip() for cell in next(reader)])
            except StopIteration:
                return
            except csv.Error:
                fault = _("the row is broken: a quotation mark is missing or out of place, or a cell is too long.")
                yield Line(number, (), fault=fault)
                return
    finally:
        # Otherwise the wrapper would close the caller's file.
        text.detach()


def _encoding(file: IO[bytes]) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        file.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            while chunk := file.read(CHUNK):
                if "\0" in decoder.decode(chunk):
                    raise ImportFileNotReadable(reason=_("it is neither CSV nor XLSX."))
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise ImportFileNotReadable(reason=_("save it as UTF-8 or GBK."))


def _xlsx_lines(file: IO[bytes]) -> Iterator[Line]:
    file.seek(0)
    with _xlsx_faults():
        for number, cells in enumerate(workbook_rows(file), 1):
            yield Line(number, [_cell_text(cell) for cell in cells])


@contextmanager
def _xlsx_faults() -> Iterator[None]:
    try:
        yield
    except UnpacksToTooMuch as error:
        raise ImportFileNotReadable(reason=_("it unpacks to too much; save it as CSV instead.")) from error
    except _XLSX_FAULTS as error:
        raise ImportFileNotReadable(reason=_("the workbook is damaged.")) from error


def _cell_text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        # Excel itself shows at most fifteen digits; more are artefacts of binary fractions.
        return format(cell, ".15g")
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell).strip()
