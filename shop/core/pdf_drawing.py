"""Draws PDF. It is loaded when the first is drawn, because its libraries take 40 MB (`pdf_files.write_pdf`)."""

from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import as_file, files
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont
from fpdf import FPDF
from fpdf.fonts import FontFace

from shop.core.pdf_files import Bars, Block, Heading, Note, Table

# Simplified Chinese in the file of all faces.
FACE = 2
WEIGHTS = {"": 400, "B": 700}
FAMILY = "lantern"
ALWAYS = "0123456789/ "
INK, PALE, LINE = (33, 37, 41), (108, 117, 125), (222, 226, 230)
PAPER, TINT, ACCENT = (255, 255, 255), (244, 245, 247), (147, 51, 234)
MARGIN, BAR_HEIGHT, BARS_HIGH = 15.0, 5.0, 42.0


class _Paper(FPDF):
    """A4 with the number of each page."""

    def footer(self) -> None:
        self.set_y(-MARGIN)
        self.set_font(FAMILY, size=8)
        self.set_text_color(*PALE)
        self.cell(0, 8, f"{self.page_no()}", align="C")


def draw_pdf(*, title: str, blocks: Sequence[Block], target: IO[bytes]) -> None:
    paper = _Paper(format="A4")
    paper.set_title(title)
    paper.set_margin(MARGIN)
    paper.set_auto_page_break(True, margin=MARGIN + BAR_HEIGHT)
    words = {title, ALWAYS, *(word for block in blocks for word in block.words())}
    with TemporaryDirectory() as folder:
        for style, path in _fonts(words, Path(folder)):
            paper.add_font(FAMILY, style, str(path))
        paper.add_page()
        for block in (Heading(title, 18), *blocks):
            _draw(paper, block)
        target.write(bytes(paper.output()))


def _fonts(words: Iterable[str], folder: Path) -> Iterator[tuple[str, Path]]:
    """A font for each weight, holding just these words."""
    options = Options()
    options.layout_features, options.notdef_outline = [], True
    with as_file(files("manimgx_fonts_cjk") / "NotoSansCJK-VF.otf.ttc") as path:
        font = TTFont(path, fontNumber=FACE, lazy=True)
        subset = Subsetter(options)
        subset.populate(text="".join(words))
        subset.subset(font)
        small = BytesIO()
        font.save(small)
    for style, weight in WEIGHTS.items():
        small.seek(0)
        file = folder / f"{weight}.otf"
        instantiateVariableFont(TTFont(small), {"wght": weight}).save(file)
        yield style, file


def _draw(paper: FPDF, block: Block) -> None:
    paper.set_text_color(*INK)
    if isinstance(block, Heading):
        # Not by itself at the foot of a page.
        if paper.will_page_break(BARS_HIGH + 30):
            paper.add_page()
        paper.ln(3)
        paper.set_font(FAMILY, "B", block.size)
        paper.multi_cell(0, block.size * 0.55, block.text, new_x="LMARGIN", new_y="NEXT")
        paper.ln(1.5)
    elif isinstance(block, Note):
        paper.set_font(FAMILY, size=9)
        paper.set_text_color(*PALE)
        paper.multi_cell(0, 5, block.text, new_x="LMARGIN", new_y="NEXT")
    elif isinstance(block, Table):
        _draw_table(paper, block)
    else:
        _draw_bars(paper, block)


def _draw_table(paper: FPDF, table: Table) -> None:
    paper.set_font(FAMILY, size=9)
    paper.set_draw_color(*LINE)
    paper.set_fill_color(*PAPER)
    with paper.table(
        borders_layout="HORIZONTAL_LINES",
        col_widths=(2, *[1] * (len(table.headers) - 1)),
        headings_style=FontFace(emphasis="BOLD", fill_color=TINT),
        line_height=6,
    ) as drawn:
        for line in (table.headers, *table.rows):
            row = drawn.row()
            for at, text in enumerate(line):
                row.cell(text, align="RIGHT" if at in table.right else "LEFT")
    paper.ln(3)


def _draw_bars(paper: FPDF, bars: Bars) -> None:
    """The highest fills the height; of many labels only some are written."""
    if paper.will_page_break(BARS_HIGH + 20):
        paper.add_page()
    _draw(paper, Note(f"{bars.title}  {bars.top}".rstrip()))
    top, left, width = paper.get_y() + 2, paper.l_margin, paper.epw / max(len(bars.values), 1)
    highest, every = max([*bars.values, 0]) or 1, -(-len(bars.labels) // 16)
    paper.set_fill_color(*ACCENT)
    paper.set_font(FAMILY, size=7)
    paper.set_text_color(*PALE)
    for at, (label, value) in enumerate(zip(bars.labels, bars.values, strict=True)):
        height = max(value, 0) / highest * BARS_HIGH
        paper.rect(left + at * width + width * 0.15, top + BARS_HIGH - height, width * 0.7, height, "F")
        if at % every == 0:
            paper.text(left + at * width + width * 0.15, top + BARS_HIGH + 4, label)
    paper.set_draw_color(*PALE)
    paper.line(left, top + BARS_HIGH, left + paper.epw, top + BARS_HIGH)
    paper.set_y(top + BARS_HIGH + 8)
