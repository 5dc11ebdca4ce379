"""Lines of a product file into entries: headings matched, cells read, duplicates found."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from shop.catalog.product_files.columns import (
    COLUMNS,
    PRODUCT_CODE,
    PRODUCT_COLUMNS,
    SKU_CODE,
    SKU_COLUMNS,
    SKU_FIELDS,
    Column,
    column_named,
)
from shop.catalog.product_files.reading import Line
from shop.catalog.product_files.report import ImportReport
from shop.core.formulas import original

MAX_ROWS = 300_000
_REQUIRED = tuple(column for column in COLUMNS if column.required)
_PRODUCT_KEYS = frozenset(column.key for column in PRODUCT_COLUMNS)
_SKU_KEYS = frozenset(column.key for column in SKU_COLUMNS)


@dataclass(frozen=True)
class Entry:
    """A row that can be read: what it gives for its product (empty on further rows of the same one) and its SKU."""

    row: int
    product_code: str
    sku_code: str
    product: Mapping[str, Any]
    sku: Mapping[str, Any]
    first_of_product: bool


class Parser:
    """Reads one file once; remembers the codes it has seen and what the first row said of each product."""

    def __init__(self, report: ImportReport) -> None:
        self.report = report
        self._skus: dict[str, int] = {}
        self._products: dict[str, tuple[int, bytes]] = {}

    def entries(self, lines: Iterable[Line]) -> Iterator[Entry]:
        stream = iter(lines)
        columns = self._headings(next(stream, None))
        if columns is None:
            return
        for line in stream:
            self.report.rows += 1
            if self.report.rows > MAX_ROWS:
                message = _("A file may have %(count)d rows at most.") % {"count": MAX_ROWS}
                self.report.refuse(line.number, "", message)
                return
            entry = self._entry(line, columns)
            if entry is not None:
                yield entry

    def _headings(self, line: Line | None) -> Sequence[Column | None] | None:
        if line is None or line.fault:
            self.report.refuse(1, "", line.fault if line else _("The file is empty."))
            return None
        columns = [column_named(heading) if heading else None for heading in line.cells]
        for heading, column in zip(line.cells, columns, strict=True):
            if heading and column is None:
                self.report.refuse(line.number, heading[:40], _("There is no such column."))
            elif column is not None and columns.count(column) > 1:
                self.report.refuse(line.number, column.key, _("The column occurs twice."))
        for column in _REQUIRED:
            if column not in columns:
                self.report.refuse(line.number, column.key, _("The column is missing."))
        return columns if self.report.clean else None

    def _entry(self, line: Line, columns: Sequence[Column | None]) -> Entry | None:
        if line.fault:
            self.report.refuse(line.number, "", line.fault)
            return None
        if any(line.cells[len(columns) :]):
            self.report.refuse(line.number, "", _("The row has more cells than there are columns."))
            return None
        before = self.report.problem_count
        values = self._values(line, columns)
        if self.report.problem_count > before:
            return None
        product_code, sku_code = values[PRODUCT_CODE.key], values[SKU_CODE.key]
        product = {key: value for key, value in values.items() if key in _PRODUCT_KEYS}
        if sku_code in self._skus:
            message = _("The code is already in row %(row)d.") % {"row": self._skus[sku_code]}
            self.report.refuse(line.number, SKU_CODE.key, message)
            return None
        self._skus[sku_code] = line.number
        digest = hashlib.blake2b(repr(product).encode(), digest_size=16).digest()
        first_row, first_digest = self._products.setdefault(product_code, (line.number, digest))
        if product and digest != first_digest:
            message = _("The row describes the product differently than row %(row)d.") % {"row": first_row}
            self.report.refuse(line.number, PRODUCT_CODE.key, message)
            return None
        first = first_row == line.number
        sku = {SKU_FIELDS.get(key, key): value for key, value in values.items() if key in _SKU_KEYS}
        return Entry(line.number, product_code, sku_code, product if first else {}, sku, first)

    def _values(self, line: Line, columns: Sequence[Column | None]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        given: set[str] = set()
        for column, text in zip(columns, line.cells, strict=False):
            if column is None:
                if text:
                    self.report.refuse(line.number, "", _("A cell stands in a column without heading."))
                continue
            if text:
                given.add(column.key)
                try:
                    values[column.key] = column.read(original(text))
                except ValueError as error:
                    self.report.refuse(line.number, column.key, error)
        for column in _REQUIRED:
            if column.key not in given:
                self.report.refuse(line.number, column.key, _("The cell must not be empty."))
        return values
