"""Generated product pictures: a soft backdrop and one drawn object, so that the demo needs no photographs.

`draw_product(motif, hue)` gives an 800 × 800 JPEG; the same arguments always give the same bytes.
"""

import colorsys
import io
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageFilter

SIZE, SCALE = 800, 2
Colour = tuple[int, int, int]
Canvas = ImageDraw.ImageDraw


class Palette:
    """Colours of one picture, all from one hue (0–359)."""

    def __init__(self, hue: int) -> None:
        self.backdrop_top = shade(hue, 0.10, 0.98)
        self.backdrop_bottom = shade(hue, 0.22, 0.90)
        self.main = shade(hue, 0.62, 0.72)
        self.dark = shade(hue, 0.68, 0.48)
        self.light = shade(hue, 0.30, 0.93)
        self.accent = shade(hue + 35, 0.60, 0.88)
        self.white = (252, 250, 246)
        self.ink = shade(hue, 0.45, 0.26)


def shade(hue: int, saturation: float, value: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue % 360 / 360, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def draw_product(motif: str, hue: int) -> bytes:
    """The picture as JPEG bytes. Raises KeyError for a motif that nobody drew."""
    palette, side = Palette(hue), SIZE * SCALE
    picture = _backdrop(palette, side)
    drawn = Image.new("RGBA", (side, side))
    MOTIFS[motif](Pen(ImageDraw.Draw(drawn), side / 100), palette)
    shadow = Image.new("RGBA", drawn.size, (*palette.ink, 0))
    shadow.putalpha(drawn.getchannel("A").point(lambda alpha: alpha * 2 // 5))
    shadow = shadow.filter(ImageFilter.GaussianBlur(side // 45))
    picture.paste(shadow, (0, side // 40), shadow)
    picture.paste(drawn, (0, 0), drawn)
    out = io.BytesIO()
    picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS).save(out, "JPEG", quality=86)
    return out.getvalue()


def _backdrop(palette: Palette, side: int) -> Image.Image:
    column = Image.new("RGB", (1, side))
    for y, share in ((y, y / side) for y in range(side)):
        mixed = (round(a + (b - a) * share) for a, b in zip(palette.backdrop_top, palette.backdrop_bottom, strict=True))
        column.putpixel((0, y), tuple(mixed))
    picture = column.resize((side, side))
    glow = ImageDraw.Draw(picture, "RGBA")
    glow.ellipse([side * 0.12, side * 0.10, side * 0.88, side * 0.86], fill=(255, 255, 255, 90))
    glow.ellipse([side * 0.18, side * 0.76, side * 0.82, side * 0.90], fill=(*palette.dark, 34))
    return picture


class Pen:
    """Draws in percent of the picture's side, y downwards."""

    def __init__(self, canvas: Canvas, unit: float) -> None:
        self.canvas, self.unit = canvas, unit

    def box(self, x0: float, y0: float, x1: float, y1: float, fill: Colour, radius: float = 2) -> None:
        u = self.unit
        self.canvas.rounded_rectangle([x0 * u, y0 * u, x1 * u, y1 * u], radius=radius * u, fill=fill)

    def oval(self, x0: float, y0: float, x1: float, y1: float, fill: Colour) -> None:
        u = self.unit
        self.canvas.ellipse([x0 * u, y0 * u, x1 * u, y1 * u], fill=fill)

    def ring(self, x0: float, y0: float, x1: float, y1: float, colour: Colour, width: float) -> None:
        u = self.unit
        self.canvas.ellipse([x0 * u, y0 * u, x1 * u, y1 * u], outline=colour, width=round(width * u))

    def shape(self, points: list[tuple[float, float]], fill: Colour) -> None:
        self.canvas.polygon([(x * self.unit, y * self.unit) for x, y in points], fill=fill)

    def line(self, points: list[tuple[float, float]], fill: Colour, width: float) -> None:
        scaled = [(x * self.unit, y * self.unit) for x, y in points]
        self.canvas.line(scaled, fill=fill, width=round(width * self.unit), joint="curve")

    def arc(self, x0: float, y0: float, x1: float, y1: float, start: int, end: int, fill: Colour, width: float) -> None:
        u = self.unit
        self.canvas.arc([x0 * u, y0 * u, x1 * u, y1 * u], start, end, fill=fill, width=round(width * u))


def mooncake(pen: Pen, c: Palette) -> None:
    for x, y, size in ((36, 62, 17), (64, 62, 17), (50, 42, 19)):
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1), (0.7, 0.7), (-0.7, 0.7), (0.7, -0.7), (-0.7, -0.7)):
            r = size * 0.34
            cx, cy = x + dx * size * 0.72, y + dy * size * 0.72
            pen.oval(cx - r, cy - r, cx + r, cy + r, c.dark)
        pen.oval(x - size * 0.86, y - size * 0.86, x + size * 0.86, y + size * 0.86, c.main)
        pen.ring(x - size * 0.66, y - size * 0.66, x + size * 0.66, y + size * 0.66, c.dark, 1)
        pen.shape([(x, y - size * 0.4), (x + size * 0.4, y), (x, y + size * 0.4), (x - size * 0.4, y)], c.accent)


def gift(pen: Pen, c: Palette) -> None:
    pen.box(24, 44, 76, 80, c.main, 3)
    pen.box(21, 36, 79, 48, c.dark, 2)
    pen.box(46, 36, 54, 80, c.accent, 0)
    pen.box(21, 40, 79, 44, c.accent, 0)
    pen.oval(33, 22, 51, 38, c.accent)
    pen.oval(49, 22, 67, 38, c.accent)
    pen.oval(38, 27, 48, 35, c.dark)
    pen.oval(52, 27, 62, 35, c.dark)
    pen.oval(46, 29, 54, 38, c.white)


def lantern(pen: Pen, c: Palette) -> None:
    pen.line([(50, 12), (50, 24)], c.ink, 1)
    pen.oval(25, 26, 75, 72, c.main)
    for inset in (8, 17):
        pen.ring(25 + inset, 26, 75 - inset, 72, c.dark, 0.8)
    pen.box(40, 22, 60, 29, c.accent, 2)
    pen.box(40, 69, 60, 76, c.accent, 2)
    for x in (44, 48, 52, 56):
        pen.line([(x, 76), (x, 88)], c.accent, 1)


def scroll(pen: Pen, c: Palette) -> None:
    pen.box(30, 18, 46, 82, c.main, 1)
    pen.box(54, 18, 70, 82, c.main, 1)
    for x in (30, 54):
        pen.box(x - 2, 15, x + 18, 20, c.dark, 2)
        pen.box(x - 2, 80, x + 18, 85, c.dark, 2)
        for y in (26, 39, 52, 65):
            pen.ring(x + 3, y, x + 13, y + 10, c.accent, 1.4)
            pen.line([(x + 8, y + 2), (x + 8, y + 8)], c.accent, 1.4)


def teatin(pen: Pen, c: Palette) -> None:
    pen.box(30, 32, 70, 82, c.main, 3)
    pen.box(32, 20, 68, 34, c.dark, 3)
    pen.box(30, 46, 70, 70, c.white, 0)
    leaf_at(pen, 50, 58, 9, c.dark)


def leaf_at(pen: Pen, x: float, y: float, size: float, colour: Colour) -> None:
    pen.shape(
        [
            (x - size, y + size * 0.5),
            (x - size * 0.3, y - size * 0.7),
            (x + size, y - size),
            (x + size * 0.5, y + size * 0.4),
        ],
        colour,
    )
    pen.oval(x - size * 0.9, y - size * 0.75, x + size * 0.65, y + size * 0.75, colour)


def leaf(pen: Pen, c: Palette) -> None:
    for x, y, size, colour in ((38, 60, 20, c.dark), (60, 42, 22, c.main), (62, 70, 14, c.accent)):
        leaf_at(pen, x, y, size, colour)
        pen.line([(x - size * 0.8, y + size * 0.5), (x + size * 0.7, y - size * 0.7)], c.light, 0.9)


def teapot(pen: Pen, c: Palette) -> None:
    pen.arc(62, 38, 88, 66, 250, 110, c.dark, 4)
    pen.shape([(30, 48), (12, 38), (14, 46), (28, 64)], c.main)
    pen.oval(24, 36, 74, 78, c.main)
    pen.oval(36, 32, 62, 44, c.dark)
    pen.oval(45, 24, 53, 33, c.accent)
    pen.box(36, 74, 62, 80, c.dark, 2)


def teacup(pen: Pen, c: Palette) -> None:
    pen.arc(62, 46, 84, 68, 260, 100, c.dark, 4)
    pen.shape([(26, 42), (72, 42), (64, 74), (34, 74)], c.main)
    pen.oval(26, 36, 72, 48, c.white)
    pen.oval(29, 38, 69, 47, c.accent)
    pen.oval(20, 74, 78, 82, c.dark)
    for x in (40, 49, 58):
        pen.arc(x - 4, 18, x + 4, 32, 100, 260, c.light, 1.4)


def nuts(pen: Pen, c: Palette) -> None:
    places = ((36, 44), (54, 40), (66, 54), (46, 58), (30, 62), (58, 70), (42, 74))
    for index, (x, y) in enumerate(places):
        colour = (c.main, c.dark, c.accent)[index % 3]
        pen.oval(x - 10, y - 8, x + 10, y + 9, colour)
        pen.arc(x - 6, y - 5, x + 6, y + 6, 200, 330, c.light, 1.2)


def cookie(pen: Pen, c: Palette) -> None:
    for x, y in ((38, 62), (63, 60), (50, 40)):
        pen.oval(x - 17, y - 16, x + 17, y + 16, c.dark)
        pen.oval(x - 16, y - 16, x + 16, y + 13, c.main)
        for dx, dy in ((-7, -5), (5, -8), (8, 3), (-3, 5), (-9, 3)):
            pen.oval(x + dx - 2, y + dy - 2, x + dx + 2, y + dy + 2, c.ink)


def jar(pen: Pen, c: Palette) -> None:
    pen.box(30, 34, 70, 82, c.accent, 6)
    pen.box(33, 48, 67, 79, c.main, 5)
    pen.box(33, 22, 67, 34, c.dark, 2)
    pen.box(36, 54, 64, 70, c.white, 1)
    pen.line([(41, 60), (59, 60)], c.dark, 1.4)
    pen.line([(44, 65), (56, 65)], c.dark, 1)


def bag(pen: Pen, c: Palette) -> None:
    pen.shape([(28, 24), (72, 24), (76, 82), (24, 82)], c.main)
    pen.box(27, 18, 73, 27, c.dark, 1)
    pen.oval(35, 40, 65, 70, c.white)
    leaf_at(pen, 50, 55, 10, c.accent)


def pillow(pen: Pen, c: Palette) -> None:
    pen.box(18, 52, 82, 78, c.dark, 12)
    pen.box(20, 30, 80, 58, c.main, 13)
    pen.line([(28, 44), (44, 40), (56, 47), (72, 42)], c.light, 1.4)
    pen.line([(28, 66), (48, 62), (72, 67)], c.light, 1.4)


def towel(pen: Pen, c: Palette) -> None:
    for index, colour in enumerate((c.dark, c.main, c.light)):
        y = 66 - index * 17
        pen.box(22, y, 78, y + 15, colour, 6)
        pen.line([(26, y + 10), (74, y + 10)], c.white, 1)


def lamp(pen: Pen, c: Palette) -> None:
    pen.shape([(36, 20), (64, 20), (76, 52), (24, 52)], c.accent)
    pen.shape([(40, 24), (50, 24), (46, 49), (30, 49)], c.light)
    pen.box(47, 52, 53, 78, c.dark, 1)
    pen.box(34, 77, 66, 83, c.main, 3)


def vase(pen: Pen, c: Palette) -> None:
    for x, y in ((38, 18), (52, 12), (63, 22)):
        pen.line([(50, 46), (x, y)], c.dark, 1)
        pen.oval(x - 5, y - 5, x + 5, y + 5, c.accent)
    pen.oval(30, 44, 70, 84, c.main)
    pen.box(42, 36, 58, 52, c.main, 3)
    pen.arc(35, 50, 58, 78, 120, 220, c.light, 1.6)


def wok(pen: Pen, c: Palette) -> None:
    pen.box(72, 44, 94, 50, c.accent, 3)
    pen.canvas.pieslice([v * pen.unit for v in (16, 22, 78, 78)], 0, 180, fill=c.ink)
    pen.oval(16, 44, 78, 57, c.dark)
    pen.oval(22, 46, 72, 55, c.main)


def bowl(pen: Pen, c: Palette) -> None:
    pen.canvas.pieslice([v * pen.unit for v in (22, 20, 78, 84)], 0, 180, fill=c.white)
    pen.oval(22, 46, 78, 58, c.light)
    pen.box(40, 82, 60, 87, c.white, 1)
    pen.arc(26, 26, 74, 78, 20, 160, c.main, 1.6)
    for x in (38, 50, 62):
        pen.ring(x - 4, 64, x + 4, 72, c.main, 1.2)


def cream(pen: Pen, c: Palette) -> None:
    pen.box(24, 48, 76, 80, c.white, 6)
    pen.box(24, 58, 76, 70, c.light, 0)
    pen.box(22, 32, 78, 50, c.main, 4)
    pen.line([(38, 64), (62, 64)], c.dark, 1.4)


def bottle(pen: Pen, c: Palette) -> None:
    pen.box(34, 36, 66, 84, c.main, 6)
    pen.box(44, 26, 56, 38, c.dark, 1)
    pen.box(40, 16, 60, 27, c.accent, 2)
    pen.box(38, 50, 62, 72, c.white, 1)
    pen.oval(45, 55, 55, 67, c.accent)


def lipstick(pen: Pen, c: Palette) -> None:
    pen.box(40, 58, 60, 86, c.ink, 2)
    pen.box(42, 46, 58, 60, c.accent, 1)
    pen.shape([(44, 47), (44, 26), (56, 18), (56, 47)], c.main)
    pen.shape([(46, 47), (46, 28), (49, 26), (49, 47)], c.light)


def mask(pen: Pen, c: Palette) -> None:
    pen.box(28, 18, 72, 84, c.main, 3)
    pen.box(28, 18, 72, 25, c.dark, 1)
    pen.oval(36, 34, 64, 72, c.white)
    pen.oval(41, 46, 48, 51, c.main)
    pen.oval(52, 46, 59, 51, c.main)
    pen.oval(45, 60, 55, 65, c.main)


def babybottle(pen: Pen, c: Palette) -> None:
    pen.box(34, 40, 66, 84, c.white, 6)
    pen.box(36, 56, 64, 82, c.light, 5)
    pen.box(32, 32, 68, 42, c.main, 2)
    pen.shape([(42, 32), (46, 22), (54, 22), (58, 32)], c.accent)
    pen.oval(45, 14, 55, 26, c.accent)
    for y in (60, 67, 74):
        pen.line([(38, y), (46, y)], c.dark, 1)


def bear(pen: Pen, c: Palette) -> None:
    for x in (32, 68):
        pen.oval(x - 9, 18, x + 9, 36, c.dark)
    pen.oval(28, 54, 72, 90, c.dark)
    pen.oval(27, 22, 73, 64, c.main)
    pen.oval(40, 44, 60, 60, c.light)
    for x in (41, 59):
        pen.oval(x - 2.4, 36, x + 2.4, 41, c.ink)
    pen.oval(46, 46, 54, 51, c.ink)
    pen.oval(39, 64, 61, 84, c.light)


def blocks(pen: Pen, c: Palette) -> None:
    pen.box(22, 58, 47, 83, c.main, 2)
    pen.box(52, 58, 77, 83, c.accent, 2)
    pen.shape([(37, 56), (62, 56), (49.5, 32)], c.dark)
    pen.oval(41, 12, 58, 30, c.main)
    pen.ring(28, 64, 41, 77, c.white, 2)
    pen.box(59, 65, 70, 76, c.white, 1)


def book(pen: Pen, c: Palette) -> None:
    pen.shape([(28, 20), (70, 16), (74, 78), (32, 84)], c.dark)
    pen.shape([(30, 82), (74, 76), (74, 80), (32, 87)], c.white)
    pen.shape([(26, 20), (66, 16), (70, 78), (30, 84)], c.main)
    pen.shape([(34, 28), (60, 25.5), (61.5, 44), (35.5, 47)], c.white)
    pen.line([(38, 58), (63, 55)], c.light, 1.4)
    pen.line([(38.5, 64), (58, 61.8)], c.light, 1.4)


def notebook(pen: Pen, c: Palette) -> None:
    pen.box(30, 18, 74, 84, c.main, 3)
    pen.box(62, 18, 66, 84, c.accent, 0)
    for y in range(24, 82, 8):
        pen.ring(25, y, 34, y + 4, c.ink, 1)
    pen.box(40, 32, 57, 44, c.white, 1)


def earbuds(pen: Pen, c: Palette) -> None:
    pen.box(26, 48, 74, 84, c.white, 12)
    pen.line([(26, 60), (74, 60)], c.light, 1.2)
    for x in (38, 62):
        pen.oval(x - 9, 16, x + 9, 34, c.main)
        pen.box(x - 4, 28, x + 4, 50, c.main, 4)
        pen.oval(x - 4, 20, x + 4, 28, c.dark)
    pen.oval(48, 66, 52, 70, c.accent)


def speaker(pen: Pen, c: Palette) -> None:
    pen.box(16, 36, 84, 74, c.main, 16)
    for x in (36, 64):
        pen.oval(x - 14, 41, x + 14, 69, c.dark)
        pen.oval(x - 6, 49, x + 6, 61, c.light)
    pen.arc(36, 22, 64, 52, 190, 350, c.accent, 3)


def phone(pen: Pen, c: Palette) -> None:
    pen.box(32, 16, 68, 84, c.ink, 6)
    pen.box(34.5, 20, 65.5, 80, c.main, 4)
    pen.shape([(34.5, 62), (65.5, 40), (65.5, 76), (34.5, 76)], c.dark)
    pen.oval(40, 28, 50, 38, c.accent)
    pen.box(45, 81, 55, 82.4, c.light, 0.6)


def charger(pen: Pen, c: Palette) -> None:
    for x in (42, 54):
        pen.box(x, 14, x + 4, 32, c.ink, 1)
    pen.box(30, 30, 70, 72, c.white, 8)
    for y in (44, 53):
        pen.box(42, y, 58, y + 5, c.dark, 2)
    pen.line([(50, 72), (50, 80), (62, 86), (76, 80)], c.main, 3)


def keyboard(pen: Pen, c: Palette) -> None:
    pen.box(12, 38, 88, 72, c.dark, 4)
    for row in range(3):
        for column in range(9):
            x, y = 16 + column * 7.7, 42 + row * 7.6
            pen.box(x, y, x + 6.2, y + 6.2, c.accent if (row, column) == (0, 0) else c.light, 1.2)
    pen.box(32, 65, 68, 70, c.main, 1.2)


def watch(pen: Pen, c: Palette) -> None:
    pen.box(40, 10, 60, 90, c.dark, 5)
    pen.box(30, 30, 70, 70, c.ink, 11)
    pen.box(34, 34, 66, 66, c.white, 8)
    pen.line([(50, 39), (50, 50), (58, 55)], c.main, 2)
    pen.box(70, 46, 73, 54, c.accent, 1)


MOTIFS: dict[str, Callable[[Pen, Palette], None]] = {
    each.__name__: each
    for each in (
        mooncake, gift, lantern, scroll, teatin, leaf, teapot, teacup, nuts, cookie, jar, bag, pillow, towel, lamp,
        vase, wok, bowl, cream, bottle, lipstick, mask, babybottle, bear, blocks, book, notebook, earbuds, speaker,
        phone, charger, keyboard, watch,
    )
}  # fmt: skip
