"""The share card: what is shared above, who invites and the code below; one PNG that a member sends on or prints."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from io import BytesIO

from django.core.files.storage import default_storage
from PIL import Image, ImageDraw, ImageFont, ImageOps, UnidentifiedImageError

WIDTH, PICTURE_HEIGHT, CODE_SIZE, MARGIN = 600, 560, 200, 36
INK, GREY, ACCENT, PAPER = "#1c1917", "#78716c", "#c2410c", "#ffffff"
# Bumped when cards come to look different, so that no old one is kept.
LAYOUT = 1
# Noto Sans CJK holds five faces in one file; this is simplified Chinese. Its only axis is the weight.
_SIMPLIFIED_CHINESE = 2
_REGULAR, _BOLD = 400, 700


@dataclass(frozen=True)
class Card:
    """What is written on it; `image` is a name in the media storage, or empty."""

    title: str
    subtitle: str
    price: str
    image: str
    invitation: str
    hint: str
    shop: str


def draw_card(card: Card, *, code: bytes) -> bytes:
    """The card as PNG; `code` is the picture that a phone reads."""
    top = _picture(card.image)
    canvas = Image.new("RGB", (WIDTH, (PICTURE_HEIGHT if top else MARGIN) + 464), PAPER)
    pen, y = ImageDraw.Draw(canvas), MARGIN
    if top is not None:
        canvas.paste(top, (0, 0))
        y = PICTURE_HEIGHT + 24
    y = _write(pen, card.title, y, size=34, weight=_BOLD, colour=INK, lines=2)
    y = _write(pen, card.subtitle, y, size=22, weight=_REGULAR, colour=GREY, lines=1)
    _write(pen, card.price, y, size=36, weight=_BOLD, colour=ACCENT, lines=1)
    _footer(canvas, pen, card, code)
    return _png(canvas)


def _footer(canvas: Image.Image, pen: ImageDraw.ImageDraw, card: Card, code: bytes) -> None:
    left, top = WIDTH - MARGIN - CODE_SIZE, canvas.height - MARGIN - CODE_SIZE
    with Image.open(BytesIO(code)) as picture:
        seen = picture.convert("RGB")
        # Only ever made smaller: a QR code of ours fits as it is, with its modules whole.
        seen.thumbnail((CODE_SIZE, CODE_SIZE), Image.Resampling.LANCZOS)
        canvas.paste(seen, (WIDTH - MARGIN - seen.width, canvas.height - MARGIN - seen.height))
    room = left - 2 * MARGIN
    y = _write(pen, card.shop, top + 10, size=28, weight=_BOLD, colour=INK, lines=1, room=room)
    y = _write(pen, card.invitation, y + 4, size=22, weight=_REGULAR, colour=GREY, lines=2, room=room)
    _write(pen, card.hint, y, size=20, weight=_REGULAR, colour=GREY, lines=1, room=room)


def _write(
    pen: ImageDraw.ImageDraw,
    text: str,
    y: int,
    *,
    size: int,
    weight: int,
    colour: str,
    lines: int,
    room: int = WIDTH - 2 * MARGIN,
) -> int:
    """Write `text` from the left margin at height `y`; returns the height below it."""
    font = _font(size, weight)
    for line in fold(text, font, room=room, lines=lines):
        pen.text((MARGIN, y), line, font=font, fill=colour)
        y += round(size * 1.4)
    return y


def fold(text: str, font: ImageFont.FreeTypeFont, *, room: int, lines: int) -> list[str]:
    """`text` in at most `lines` lines that fit into `room` pixels; what is too long ends in an ellipsis."""
    rest = " ".join(text.split())
    folded: list[str] = []
    while rest and len(folded) < lines:
        fits = _fitting(rest, font, room)
        if fits < len(rest) and len(folded) == lines - 1:
            folded.append(rest[: _fitting(rest, font, room - round(font.getlength("…")))] + "…")
            break
        folded.append(rest[:fits].rstrip())
        rest = rest[fits:].lstrip()
    return folded


def _fitting(text: str, font: ImageFont.FreeTypeFont, room: int) -> int:
    """How many characters of `text` fit into `room`; Latin words stay whole where they can."""
    count = next((n for n in range(1, len(text) + 1) if font.getlength(text[:n]) > room), len(text) + 1) - 1
    if count < len(text) and text[count].isascii() and text[count].isalnum():
        space = text.rfind(" ", 0, count)
        count = space if space > 0 else count
    return max(count, 1)


def _picture(name: str) -> Image.Image | None:
    """The target's picture, cut to fill the top; None where there is none to be read."""
    if not name:
        return None
    try:
        with default_storage.open(name) as file, Image.open(file) as picture:
            return ImageOps.fit(picture.convert("RGB"), (WIDTH, PICTURE_HEIGHT), Image.Resampling.LANCZOS)
    except (OSError, UnidentifiedImageError):
        return None


def _png(canvas: Image.Image) -> bytes:
    written = BytesIO()
    canvas.save(written, format="PNG", compress_level=6)
    return written.getvalue()


@cache
def _font(size: int, weight: int) -> ImageFont.FreeTypeFont:
    with as_file(files("manimgx_fonts_cjk") / "NotoSansCJK-VF.otf.ttc") as path:
        font = ImageFont.truetype(str(path), size, index=_SIMPLIFIED_CHINESE)
    font.set_variation_by_axes([weight])
    return font
