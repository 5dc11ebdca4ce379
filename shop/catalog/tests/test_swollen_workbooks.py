"""Workbooks that unpack to more than they may: refused within bounded memory, whatever part of them it is."""

import io
import re
import tracemalloc
import zipfile

import pytest

from shop.catalog.errors import ImportFileNotReadable
from shop.catalog.tests.factories import make_category
from shop.catalog.tests.test_imports import HEADINGS, run, xlsx_bytes

pytestmark = pytest.mark.django_db

SPREADSHEETML = "openxmlformats-officedocument.spreadsheetml"
TEXTS = "xl/sheetStrings.xml"
WORKBOOK_PARTS = [
    "[Content_Types].xml",
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
    "xl/styles.xml",
    TEXTS,
    "xl/worksheets/sheet1.xml",
]


@pytest.fixture(autouse=True)
def _tea() -> None:
    make_category("茶叶")


def swollen(part: str, by: int) -> bytes:
    """A workbook whose shared texts have an unusual name, and of which one part unpacks to `by` bytes more."""
    with zipfile.ZipFile(io.BytesIO(xlsx_bytes(HEADINGS, ["T1", "龙井", "茶叶", "S1", 1]))) as sound:
        files = {name: sound.read(name).decode() for name in sound.namelist()}
    override = f'<Override PartName="/{TEXTS}" ContentType="application/vnd.{SPREADSHEETML}.sharedStrings+xml" />'
    files["[Content_Types].xml"] = files["[Content_Types].xml"].replace("</Types>", f"{override}</Types>")
    files[TEXTS] = '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>龙井</t></si></sst>'
    sheet = files["xl/worksheets/sheet1.xml"]
    named = sheet.replace('t="inlineStr"><is><t>龙井</t></is>', 't="s"><v>0</v>')
    assert named != sheet
    files["xl/worksheets/sheet1.xml"] = named
    inside = re.compile(r"(<[A-Za-z][^>]*>)")
    files[part] = inside.sub(lambda root: root[1] + " " * by, files[part], count=1)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as parts:
        for name, xml in files.items():
            parts.writestr(name, xml)
    return buffer.getvalue()


@pytest.mark.parametrize("part", WORKBOOK_PARTS)
def test_an_xlsx_that_unpacks_to_too_much_is_refused_whatever_part_it_is(part):
    assert run(swollen(part, 100), dry_run=True).problems == []
    bomb = swollen(part, 60_000_000)
    assert len(bomb) < 100_000
    tracemalloc.start()
    try:
        with pytest.raises(ImportFileNotReadable, match="CSV"):
            run(bomb)
        assert tracemalloc.get_traced_memory()[1] < 60_000_000
    finally:
        tracemalloc.stop()


def test_a_row_of_an_xlsx_that_unpacks_to_too_much_is_refused():
    with pytest.raises(ImportFileNotReadable, match="CSV"):
        run(xlsx_bytes(HEADINGS, *[["T1", "龙" * 30_000, "茶叶", "S1", "1", *["x" * 32_000] * 300]] * 2))
