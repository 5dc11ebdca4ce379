"""Pictures that people upload: recognised by content, re-encoded, shrunk and kept under the hash of what they became.

Nothing that was uploaded is kept as it came, so metadata, trailing payloads and double meanings end here. The header's
dimensions are checked before a pixel is decoded, so a small file cannot claim much memory.
"""

import hashlib
import io
import struct
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageCms, ImageOps

from shop.catalog.errors import ImageBroken, ImageNotSupported, ImageTooLarge

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 4096 * 4096
# A baseline JPEG is shrunk while it is decoded, so photographs of large cameras cost no more memory than others.
MAX_BASELINE_JPEG_PIXELS = 50_000_000
MAX_SIDE = 2000
THUMBNAIL_SIDE = 400
FORMATS = ("JPEG", "PNG", "WEBP")
BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, struct.error, Image.DecompressionBombError)


@dataclass(frozen=True)
class StoredImage:
    """Names in the default storage; the thumbnail's name follows from the image's."""

    name: str
    thumbnail: str
    width: int
    height: int


def store_image(*, file: IO[bytes], folder: str = "products") -> StoredImage:
    """Check, clean, shrink and keep an uploaded picture; the same picture is kept once.

    Raises ImageTooLarge (bytes or pixels), ImageNotSupported (not JPEG, PNG or WebP by content), ImageBroken.
    """
    picture = _decode(_read(file))
    content, suffix = _encode(picture)
    digest = hashlib.sha256(content).hexdigest()[:32]
    name = f"{folder}/{digest[:2]}/{digest}.{suffix}"
    picture.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    thumbnail = io.BytesIO()
    picture.save(thumbnail, "WEBP", quality=80)
    for each, data in ((name, content), (thumbnail_name(name), thumbnail.getvalue())):
        if not default_storage.exists(each):
            default_storage.save(each, ContentFile(data))
    with Image.open(io.BytesIO(content)) as kept:
        width, height = kept.size
    return StoredImage(name, thumbnail_name(name), width, height)


def thumbnail_name(name: str) -> str:
    """`products/ab/abc.jpg` → `products/ab/abc.thumb.webp`."""
    return str(PurePosixPath(name).with_suffix(".thumb.webp"))


def _read(file: IO[bytes]) -> bytes:
    file.seek(0)
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ImageTooLarge(megabytes=MAX_BYTES // 1024 // 1024)
    return content


def _decode(content: bytes) -> Image.Image:
    """The picture upright, in RGB or RGBA of 8 bits and sRGB, no side above MAX_SIDE."""
    _check_webp_header(content)
    try:
        source = Image.open(io.BytesIO(content), formats=FORMATS)
    except Image.UnidentifiedImageError as error:
        raise ImageNotSupported from error
    except Image.DecompressionBombError as error:
        raise ImageTooLarge(megabytes=MAX_BYTES // 1024 // 1024) from error
    except BROKEN as error:
        raise ImageBroken from error
    baseline = source.format in ("JPEG", "MPO") and "progressive" not in source.info
    _check_size(*source.size, baseline_jpeg=baseline)
    try:
        source.draft(None, (MAX_SIDE, MAX_SIDE))
        source.load()
        profile = source.info.get("icc_profile")
        picture = ImageOps.exif_transpose(_eight_bits(source))
        picture.thumbnail((MAX_SIDE, MAX_SIDE), reducing_gap=2.0)
        return _plain_colours(picture, profile)
    except BROKEN as error:
        raise ImageBroken from error


def _check_webp_header(content: bytes) -> None:
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
    _check_size(width, height, baseline_jpeg=False)


def _check_size(width: int, height: int, *, baseline_jpeg: bool) -> None:
    if width * height > (MAX_BASELINE_JPEG_PIXELS if baseline_jpeg else MAX_PIXELS):
        raise ImageTooLarge(megabytes=MAX_BYTES // 1024 // 1024)


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


def _encode(picture: Image.Image) -> tuple[bytes, str]:
    buffer = io.BytesIO()
    picture.info.clear()
    if picture.mode == "RGBA":
        picture.save(buffer, "PNG", optimize=True)
        return buffer.getvalue(), "png"
    picture.save(buffer, "JPEG", quality=88, progressive=True, optimize=True)
    return buffer.getvalue(), "jpg"
