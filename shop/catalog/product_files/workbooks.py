"""Workbooks read row by row, which unpack no more than they may.

What a part of an XLSX is for is told by the workbook's own tables, not by its name, and any part may be packed a
thousandfold. So what is counted is what is really unpacked while openpyxl reads: all of it until the sheets are known,
for it stays in memory, and afterwards what comes between one row and the next.
"""

import io
import zipfile
from collections.abc import Callable, Iterator
from typing import IO, Any

from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

MAX_UNPACKED_BYTES = 400 * 1024 * 1024
MAX_TEXTS_BYTES = 40 * 1024 * 1024
MAX_FRAME_BYTES = 8 * 1024 * 1024  # tables of parts, sheets and styles, which take many times as much as objects
MAX_ROW_BYTES = 8 * 1024 * 1024
MAX_ROWS = 1_048_576
PACKINGS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # the others cannot be unpacked little by little


class UnpacksToTooMuch(Exception):
    """The workbook is larger than it looks."""


def workbook_rows(file: IO[bytes]) -> Iterator[tuple[Any, ...]]:
    """The values of the first sheet. Raises UnpacksToTooMuch, and whatever openpyxl raises for a damaged file."""
    with _Archive(file) as archive:
        if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED_BYTES:
            raise UnpacksToTooMuch
        sheet = _first_sheet(file, archive)
        archive.allowance = MAX_ROW_BYTES
        for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
            if number > MAX_ROWS:
                raise UnpacksToTooMuch
            archive.allowance = MAX_ROW_BYTES
            yield row


def _first_sheet(file: IO[bytes], archive: "_Archive") -> "_Sheet":
    reader = ExcelReader(file, read_only=True, data_only=True, keep_links=False)
    reader.archive = archive
    reader.read_manifest()
    archive.allowance = MAX_TEXTS_BYTES
    reader.read_strings()
    archive.allowance = MAX_FRAME_BYTES
    reader.read_workbook()
    apply_stylesheet(archive, reader.wb)
    sheets = [(sheet, rel) for sheet, rel in reader.parser.find_sheets() if rel.Type.endswith("/worksheet")]
    sheet, rel = sheets[0]
    return _Sheet(reader.wb, sheet.name, rel.target, reader.shared_strings)


class _Sheet(ReadOnlyWorksheet):
    def _get_size(self) -> None:
        """Nobody asks for it, and where the sheet does not say it openpyxl would read all of it."""


class _Archive(zipfile.ZipFile):
    """Its parts may be unpacked as far as `allowance` goes."""

    allowance = MAX_FRAME_BYTES

    def open(self, name: Any, *args: Any, **kwargs: Any) -> Any:
        if self.getinfo(name).compress_type not in PACKINGS:
            raise zipfile.BadZipFile(name)
        return _Part(super().open(name, *args, **kwargs), self._spend)

    def _spend(self, count: int) -> None:
        self.allowance -= count
        if self.allowance < 0:
            raise UnpacksToTooMuch


class _Part(io.RawIOBase):
    def __init__(self, part: IO[bytes], spend: Callable[[int], None]) -> None:
        super().__init__()
        self._part, self._spend = part, spend

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = self._part.read(len(buffer))
        self._spend(len(chunk))
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        self._part.close()
        super().close()
