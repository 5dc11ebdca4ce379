"""XLSX to download: every cell is text that is never run, except in columns that hold plain numbers.

Written out by hand, a row at a time: fifty thousand orders take a tenth of what a library for all of the format takes,
and nothing but the sheet's compressed bytes is kept.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import IO
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl.utils import get_column_letter

LONGEST_TITLE, LONGEST_TEXT = 31, 32_767
ROWS_AT_ONCE = 200
# What a title of a sheet may not hold.
_NO_TITLE = str.maketrans("[]:*?/\\", "       ")
# What the format cannot hold is of no use to a reader either; the rest means something in XML.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MARKED = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><fonts count="1"><font/></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="1"><xf/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
_HEAD = (
    f'<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>'
)
_TAIL = "</sheetData></worksheet>"


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
    titles: list[str] = []
    with ZipFile(target, "w", ZIP_DEFLATED, compresslevel=4) as book:
        for sheet in sheets:
            titles.append(sheet.title.translate(_NO_TITLE)[:LONGEST_TITLE])
            with book.open(f"xl/worksheets/sheet{len(titles)}.xml", "w", force_zip64=True) as part:
                for text in _sheet(sheet):
                    part.write(text.encode())
        for name, text in _frame(titles):
            book.writestr(name, _XML + text)


def _sheet(sheet: Sheet) -> Iterator[str]:
    yield _XML + _HEAD
    rows = enumerate(sheet.rows, 1)
    while some := list(islice(rows, ROWS_AT_ONCE)):
        yield "".join(_row(number, row, sheet.numbers if number > 1 else ()) for number, row in some)
    yield _TAIL


def _row(number: int, row: Sequence[str], numbers: Collection[int]) -> str:
    cells = [_cell(f"{get_column_letter(at + 1)}{number}", text, at in numbers) for at, text in enumerate(row) if text]
    return f'<row r="{number}">{"".join(cells)}</row>'


def _cell(place: str, text: str, is_number: bool) -> str:
    if is_number:
        return f'<c r="{place}"><v>{float(text)!r}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{_text(text)}</t></is></c>'


def _text(text: str) -> str:
    if _MARKED.search(text):
        text = escape(_ILLEGAL.sub("", text), {"\r": "&#13;"})
    return text if len(text) <= LONGEST_TEXT else _ILLEGAL.sub("", text[:LONGEST_TEXT])


def _frame(titles: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The parts around the sheets, which say what is where."""
    parts = [(f"/xl/worksheets/sheet{at}.xml", f"{_TYPE}.worksheet+xml") for at in range(1, len(titles) + 1)]
    parts += [("/xl/workbook.xml", f"{_TYPE}.sheet.main+xml"), ("/xl/styles.xml", f"{_TYPE}.styles+xml")]
    overrides = "".join(f'<Override PartName="{name}" ContentType="{kind}"/>' for name, kind in parts)
    yield (
        "[Content_Types].xml",
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f"{overrides}</Types>",
    )
    yield "_rels/.rels", _relations([("officeDocument", "xl/workbook.xml")])
    known = "".join(
        f'<sheet name={quoteattr(title)} sheetId="{at}" r:id="rId{at}"/>' for at, title in enumerate(titles, 1)
    )
    yield "xl/workbook.xml", f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{known}</sheets></workbook>'
    sheets = [("worksheet", f"worksheets/sheet{at}.xml") for at in range(1, len(titles) + 1)]
    yield "xl/_rels/workbook.xml.rels", _relations([*sheets, ("styles", "styles.xml")])
    yield "xl/styles.xml", _STYLES


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    each = "".join(
        f'<Relationship Id="rId{at}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for at, (kind, target) in enumerate(targets, 1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{each}</Relationships>'
