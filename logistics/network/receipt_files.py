"""Goods receipts from a file: SKU code and quantity per row, CSV (UTF-8 or GBK) or XLSX. Nothing is booked from a file
with a problem."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from django.utils.translation import gettext as _

from shop.catalog.models import Sku
from shop.catalog.product_files.reading import Line, read_lines

MAX_ROWS = 20_000
MAX_UNITS = 1_000_000
MAX_PROBLEMS = 200
HEADINGS = {
    "sku": ("sku", "sku code", "sku_code", "sku编码", "规格编码", "商品编码"),
    "quantity": ("quantity", "qty", "数量", "入库数量"),
}


@dataclass(frozen=True)
class Problem:
    """Where and why: `row` as a spreadsheet counts, `column` as headed."""

    row: int
    column: str
    message: str


@dataclass
class Receipt:
    """What a file says: units by SKU id; with problems it cannot be booked."""

    items: dict[int, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, row: int, column: str, message: Any) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(row, column, str(message)))


def read_receipt(file: IO[bytes]) -> Receipt:
    """Read the whole file and say everything that is wrong with it. Raises ImportFileNotReadable."""
    receipt = Receipt()
    lines = read_lines(file)
    places = _headings(next(lines, None), receipt)
    if receipt.problems:
        return receipt
    units: dict[str, tuple[int, int]] = {}
    for line in lines:
        if len(units) >= MAX_ROWS:
            receipt.refuse(line.number, "", _("A file may have {count} rows at most.").format(count=MAX_ROWS))
            break
        _read(line, places, units, receipt)
    known = dict(Sku.objects.filter(code__in=units).values_list("code", "pk"))
    for code, (row, quantity) in units.items():
        if code in known:
            receipt.items[known[code]] = quantity
        else:
            receipt.refuse(row, "sku", _("There is no SKU {code}.").format(code=code))
    if not units and not receipt.problems:
        receipt.refuse(1, "", _("The file has no rows."))
    return receipt


def _headings(line: Line | None, receipt: Receipt) -> dict[str, int]:
    cells = [cell.lower() for cell in line.cells] if line else []
    places: dict[str, int] = {}
    for column, names in HEADINGS.items():
        found = [index for index, cell in enumerate(cells) if cell in names]
        if len(found) != 1:
            receipt.refuse(1, column, _("The file needs exactly one column “{column}”.").format(column=names[0]))
        else:
            places[column] = found[0]
    return places


def _read(line: Line, places: dict[str, int], units: dict[str, tuple[int, int]], receipt: Receipt) -> None:
    if line.fault:
        receipt.refuse(line.number, "", line.fault)
        return
    code, quantity = _cell(line.cells, places["sku"]), _cell(line.cells, places["quantity"])
    if not code:
        receipt.refuse(line.number, "sku", _("The cell must not be empty."))
    elif code in units:
        receipt.refuse(line.number, "sku", _("The code is already in row {row}.").format(row=units[code][0]))
    elif not (quantity.isascii() and quantity.isdecimal() and 0 < int(quantity[:12]) <= MAX_UNITS):
        message = _("A whole number from 1 to {most} is required.").format(most=MAX_UNITS)
        receipt.refuse(line.number, "quantity", message)
    else:
        units[code] = (line.number, int(quantity))


def _cell(cells: Sequence[str], place: int) -> str:
    return cells[place] if place < len(cells) else ""
