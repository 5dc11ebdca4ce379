"""Product files to download: the template, and exports that can be imported again; streamed, whatever their length."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import IO

from django.db.models import QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from shop.catalog.models import Category, Product, Sku
from shop.catalog.product_files.columns import COLUMNS, PRODUCT_COLUMNS, SKU_FIELDS, Column
from shop.catalog.services.places import category_paths
from shop.core.formulas import harmless

BATCH = 1000
WIDE = {"name", "name_en", "subtitle", "description", "category", "options"}
_PRODUCT_KEYS = frozenset(column.key for column in PRODUCT_COLUMNS)
_TEXTUAL = frozenset(
    {"product_code", "sku_code", "category", "brand", "options", *(c.key for c in PRODUCT_COLUMNS[:4])}
)


def headings() -> list[str]:
    """The columns' names in the reader's language."""
    chinese = (get_language() or "").startswith("zh")
    return [column.heading if chinese else column.key for column in COLUMNS]


def example() -> list[str]:
    return [column.example for column in COLUMNS]


def product_rows(products: QuerySet[Product]) -> Iterator[list[str]]:
    """One row per SKU, in the order of the products, read in batches."""
    categories = _category_names()
    skus = Sku.objects.filter(product__in=products).order_by("product_id", "position", "id")
    for sku in skus.select_related("product__brand").iterator(chunk_size=BATCH):
        yield [_cell(column, sku, categories) for column in COLUMNS]


def csv_chunks(rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """CSV in UTF-8 with BOM, which spreadsheets recognise."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(headings())
    yield b"\xef\xbb\xbf"
    for number, row in enumerate(rows, 1):
        writer.writerow(row)
        if number % BATCH == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def write_xlsx(rows: Iterable[Sequence[str]], target: IO[bytes]) -> None:
    """A workbook of text cells, with a second sheet that explains the columns."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("Products"))
    for index, column in enumerate(COLUMNS):
        sheet.column_dimensions[chr(ord("A") + index)].width = 28 if column.key in WIDE else 14
    sheet.freeze_panes = "A2"
    sheet.append(_cells(sheet, headings(), bold=True))
    for row in rows:
        sheet.append(_cells(sheet, row))
    notes = book.create_sheet(_("Columns"))
    notes.column_dimensions["A"].width = notes.column_dimensions["B"].width = 20
    notes.column_dimensions["C"].width = notes.column_dimensions["D"].width = 40
    notes.append(_cells(notes, [_("Chinese name"), _("English name"), _("Example"), _("Note")], bold=True))
    for column in COLUMNS:
        notes.append(_cells(notes, [column.heading, column.key, column.example, str(column.note)]))
    book.save(target)


def _cells(sheet: WriteOnlyWorksheet, values: Sequence[str], *, bold: bool = False) -> list[WriteOnlyCell]:
    cells = []
    for value in values:
        cell = WriteOnlyCell(sheet, value)
        cell.data_type = "s"  # never a formula, whatever the text begins with
        if bold:
            cell.font = Font(bold=True)
        cells.append(cell)
    return cells


def _cell(column: Column, sku: Sku, categories: dict[int, str]) -> str:
    product = sku.product
    if column.key == "category":
        value: object = categories[product.category_id]
    elif column.key == "brand":
        value = product.brand.name if product.brand else None
    elif column.key == "product_code":
        value = product.code
    elif column.key == "sku_code":
        value = sku.code
    else:
        value = getattr(product if column.key in _PRODUCT_KEYS else sku, SKU_FIELDS.get(column.key, column.key))
    text = "" if value is None else column.write(value)
    return harmless(text) if column.key in _TEXTUAL else text


def _category_names() -> dict[int, str]:
    """What a file calls each category: its path, or its code where the path is not unique."""
    paths = category_paths()
    taken = Counter(paths.values())
    slugs = dict(Category.objects.values_list("pk", "slug"))
    return {pk: path if taken[path] == 1 else slugs[pk] for pk, path in paths.items()}
