"""Pictures that people upload: recognised by content, re-encoded and shrunk, so that nothing is kept as it came.

Metadata, trailing payloads and double meanings end here. The header's dimensions are checked before a pixel is
decoded, so a small file cannot claim much memory, and few are decoded at once.
"""

import io
import struct
from dataclasses import dataclass
from pathlib import PurePosixPath
from threading import BoundedSemaphore
from typing import IO

from PIL import Image, ImageCms, ImageOps

from shop.core.errors import ImageBroken, ImageNotSupported, ImageTooLarge

# A baseline JPEG is shrunk while it is decoded, so photographs of large cameras cost no more memory than others.
MAX_BASELINE_JPEG_PIXELS = 50_000_000
MAX_SIDE = 2000
THUMBNAIL_SIDE = 400
FORMATS = ("JPEG", "PNG", "WEBP")
BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, struct.error, Image.DecompressionBombError)

# Each takes up to a few hundred megabytes for a moment; threads of one process wait for each other.
_decoding = BoundedSemaphore(2)


@dataclass(frozen=True)
class Limits:
    """What is accepted: size of the file in megabytes, pixels in millions (of other than baseline JPEG)."""

    megabytes: int = 10
    megapixels: int = 16

    @property
    def bytes(self) -> int:
        return self.megabytes * 1024 * 1024

    @property
    def pixels(self) -> int:
        return self.megapixels * 1024 * 1024

    def refusal(self) -> ImageTooLarge:
        return ImageTooLarge(megabytes=self.megabytes, megapixels=self.megapixels)


@dataclass(frozen=True)
class CleanImage:
    """JPEG, or PNG where something is transparent; the thumbnail is WebP."""

    content: bytes
    suffix: str
    thumbnail: bytes
    width: int
    height: int


LIMITS = Limits()


def clean_image(*, file: IO[bytes], limits: Limits = LIMITS, opaque: bool = False) -> CleanImage:
    """The picture in `file`, upright, in sRGB, no side above MAX_SIDE; `opaque` puts it on white.

    Raises ImageTooLarge (bytes or pixels), ImageNotSupported (not JPEG, PNG or WebP by content), ImageBroken.
    """
    content = _read(file, limits)
    with _decoding:
        picture = _decode(content, limits)
        if opaque and picture.mode == "RGBA":
            picture = _on_white(picture)
        width, height = picture.size
        encoded, suffix = _encode(picture)
        picture.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
        thumbnail = io.BytesIO()
        picture.save(thumbnail, "WEBP", quality=80)
    return CleanImage(encoded, suffix, thumbnail.getvalue(), width, height)


def thumbnail_name(name: str) -> str:
    """`products/ab/abc.jpg` → `products/ab/abc.thumb.webp`."""
    return str(PurePosixPath(name).with_suffix(".thumb.webp"))


def _read(file: IO[bytes], limits: Limits) -> bytes:
    file.seek(0)
    content = file.read(limits.bytes + 1)
    if len(content) > limits.bytes:
        raise limits.refusal()
    return content


def _decode(content: bytes, limits: Limits) -> Image.Image:
    """The picture upright, in RGB or RGBA of 8 bits and sRGB, no side above MAX_SIDE."""
    _check_webp_header(content, limits)
    try:
        source = Image.open(io.BytesIO(content), formats=FORMATS)
    except Image.UnidentifiedImageError as error:
        raise ImageNotSupported from error
    except Image.DecompressionBombError as error:
        raise limits.refusal() from error
    except BROKEN as error:
        raise ImageBroken from error
    baseline = source.format in ("JPEG", "MPO") and "progressive" not in source.info
    _check_size(*source.size, most=MAX_BASELINE_JPEG_PIXELS if baseline else limits.pixels, limits=limits)
    try:
        source.draft(None, (MAX_SIDE, MAX_SIDE))
        source.load()
        profile = source.info.get("icc_profile")
        picture = ImageOps.exif_transpose(_eight_bits(source))
        picture.thumbnail((MAX_SIDE, MAX_SIDE), reducing_gap=2.0)
        return _plain_colours(picture, profile)
    except BROKEN as error:
        raise ImageBroken from error


def _check_webp_header(content: bytes, limits: Limits) -> None:
    """WebP is checked before Pillow sees it: its decoder claims memory for the whole canvas on opening."""
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        return
    kind, head = content[12:16], content[20:30]
    if len(head) < 10:
        raise ImageBroken
    if kind == b"VP8X":
        width = int.from_bytes(head[4:7], "little") + 1
        height = int.from_bytes(head[7:10], "little") + 1
    elif kind == b"VP8L":
        bits = int.from_bytes(head[1:5], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        width = int.from_bytes(head[6:8], "little") & 0x3FFF
        height = int.from_bytes(head[8:10], "little") & 0x3FFF
    _check_size(width, height, most=limits.pixels, limits=limits)


def _check_size(width: int, height: int, *, most: int, limits: Limits) -> None:
    if width * height > most:
        raise limits.refusal()


def _eight_bits(picture: Image.Image) -> Image.Image:
    # Converting 16-bit grey would clip it to white instead of scaling it.
    if picture.mode.startswith("I"):
        return picture.point(lambda value: value * (1 / 256)).convert("L")
    return picture


def _plain_colours(picture: Image.Image, profile: bytes | None) -> Image.Image:
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    if profile and picture.mode in ("RGB", "RGBA", "CMYK", "L"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode=mode)
            return converted or picture.convert(mode)
        except (ImageCms.PyCMSError, OSError, ValueError):
            # An unusable profile is as good as none: fall through to the plain conversion.
            picture.info.pop("icc_profile", None)
    return picture.convert(mode)


def _on_white(picture: Image.Image) -> Image.Image:
    white = Image.new("RGBA", picture.size, "white")
    white.alpha_composite(picture)
    return white.convert("RGB")


def _encode(picture: Image.Image) -> tuple[bytes, str]:
    buffer = io.BytesIO()
    picture.info.clear()
    if picture.mode == "RGBA":
        picture.save(buffer, "PNG", optimize=True)
        return buffer.getvalue(), "png"
    picture.save(buffer, "JPEG", quality=88, progressive=True, optimize=True)
    return buffer.getvalue(), "jpg"
