"""Uploaded pictures: what is kept is clean, small and ours; what is hostile costs little and leaves nothing."""

import io
import resource
import struct
import zlib

import pytest
from django.core.files.storage import InMemoryStorage, default_storage
from PIL import Image, ImageCms

from shop.catalog.services.images import StoredImage, store_image
from shop.core.errors import ImageBroken, ImageNotSupported, ImageTooLarge
from shop.core.images import LIMITS

RED, BLUE = (220, 20, 20), (20, 20, 220)
GPS_MARK = b"GPS-SECRET-39.9042N"


@pytest.fixture(autouse=True)
def _empty_storage(monkeypatch):
    monkeypatch.setattr(default_storage, "_wrapped", InMemoryStorage())


def encoded(picture: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def two_tone(mode: str = "RGB", size: tuple[int, int] = (60, 40)) -> Image.Image:
    """Red on the left, blue on the right."""
    picture = Image.new("RGB", size, RED)
    picture.paste(BLUE, (size[0] // 2, 0, *size))
    return picture.convert(mode)


def kept(content: bytes) -> tuple[StoredImage, Image.Image]:
    stored = store_image(file=io.BytesIO(content))
    return stored, Image.open(default_storage.open(stored.name))


def stored_files() -> list[str]:
    folders, files = default_storage.listdir("")
    return [*folders, *files]


def png_claiming(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    row = b"\0" * (width // 8 + 1)
    packer = zlib.compressobj(9)
    body = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def webp_claiming(width: int, height: int) -> bytes:
    small = encoded(two_tone("RGBA"), "WEBP", lossless=True, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0")
    assert small[12:16] == b"VP8X"
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return small[:24] + size + small[30:]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_accepted_kinds_are_kept_with_a_webp_thumbnail(kind):
    stored, picture = kept(encoded(two_tone(size=(1200, 600)), kind))
    assert (stored.width, stored.height) == (1200, 600)
    assert picture.format == "JPEG"
    thumbnail = Image.open(default_storage.open(stored.thumbnail))
    assert (thumbnail.format, thumbnail.size) == ("WEBP", (400, 200))


def test_the_same_picture_is_kept_once_under_its_hash():
    first = store_image(file=io.BytesIO(encoded(two_tone(), "PNG")))
    second = store_image(file=io.BytesIO(encoded(two_tone(), "PNG", compress_level=1)))
    assert first == second
    assert len(default_storage.listdir(first.name.rsplit("/", 1)[0])[1]) == 2


def test_long_side_is_shrunk_to_2000():
    stored, _ = kept(encoded(two_tone(size=(5000, 1000)), "JPEG"))
    assert (stored.width, stored.height) == (2000, 400)


def test_a_photograph_of_a_large_camera_is_accepted():
    stored, _ = kept(encoded(Image.new("RGB", (8000, 6000), RED), "JPEG"))
    assert (stored.width, stored.height) == (2000, 1500)


def test_exif_is_stripped_and_its_rotation_applied():
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter clockwise to be upright
    exif[0x010E] = GPS_MARK.decode()
    content = encoded(two_tone(size=(60, 40)), "JPEG", exif=exif, quality=95)
    assert GPS_MARK in content
    stored, picture = kept(content)
    assert picture.size == (40, 60)
    red, _green, blue = picture.getpixel((20, 5))
    assert red > 150 > blue  # the left half is now on top
    assert GPS_MARK not in default_storage.open(stored.name).read()
    assert not picture.getexif()


@pytest.mark.parametrize(
    "payload", [b"<script>alert(1)</script>", b"PK\x03\x04 a zip archive", b"<?php system($_GET[0]);"]
)
def test_what_was_appended_does_not_survive(payload):
    stored, _ = kept(encoded(two_tone(), "JPEG") + payload)
    assert payload not in default_storage.open(stored.name).read()
    assert payload not in default_storage.open(stored.thumbnail).read()


def test_html_in_a_jpeg_comment_does_not_survive():
    content = encoded(two_tone(), "JPEG", comment=b"<html><script>alert(1)</script>")
    assert b"<script>" in content
    stored, _ = kept(content)
    assert b"<script>" not in default_storage.open(stored.name).read()


def test_the_name_is_decided_by_content_not_by_the_upload():
    file = io.BytesIO(encoded(two_tone(), "PNG"))
    file.name = "../../evil.php"
    stored = store_image(file=file)
    assert stored.name.startswith("products/")
    assert stored.name.endswith(".jpg")


@pytest.mark.parametrize(
    "content",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"GIF89a" + b"/*" + encoded(Image.new("P", (4, 4)), "GIF")[6:],
        encoded(two_tone(), "BMP"),
        encoded(two_tone(), "TIFF"),
        encoded(two_tone(), "ICO"),
        b"<html><body>not a picture</body></html>",
        b"%PDF-1.7",
        b"",
    ],
    ids=["svg", "gif-polyglot", "bmp", "tiff", "ico", "html", "pdf", "empty"],
)
def test_other_kinds_are_refused_whatever_their_name(content):
    file = io.BytesIO(content)
    file.name = "photo.jpg"
    with pytest.raises(ImageNotSupported):
        store_image(file=file)
    assert stored_files() == []


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("keep", [0.3, 0.6, 0.9])
def test_truncated_files_are_refused(kind, keep):
    noise = Image.effect_noise((300, 300), 80).convert("RGB")
    content = encoded(noise, kind)
    with pytest.raises((ImageBroken, ImageNotSupported)):
        store_image(file=io.BytesIO(content[: int(len(content) * keep)]))
    assert stored_files() == []


@pytest.mark.parametrize(
    "bomb",
    [png_claiming(30_000, 30_000), webp_claiming(16_000, 16_000)],
    ids=["png", "webp"],
)
def test_bombs_are_refused_before_they_take_memory(bomb):
    assert len(bomb) < 200_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ImageTooLarge):
        store_image(file=io.BytesIO(bomb))
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kb < 20_000
    assert stored_files() == []


def test_a_progressive_jpeg_may_not_be_as_large_as_a_baseline_one():
    content = encoded(Image.new("RGB", (6000, 4000), RED), "JPEG", progressive=True)
    with pytest.raises(ImageTooLarge):
        store_image(file=io.BytesIO(content))


def test_too_many_bytes_are_refused_unread():
    file = io.BytesIO(b"\xff\xd8\xff" + bytes(LIMITS.bytes + 5_000_000))
    with pytest.raises(ImageTooLarge):
        store_image(file=file)
    assert file.tell() <= LIMITS.bytes + 1


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {"save_all": True, "append_images": [two_tone("L")]}),
        ("WEBP", {"save_all": True, "append_images": [Image.new("RGB", (60, 40))]}),
    ],
)
def test_of_an_animation_the_first_frame_is_kept(kind, options):
    stored, picture = kept(encoded(two_tone(), kind, **options))
    assert getattr(picture, "n_frames", 1) == 1
    red, _green, blue = picture.convert("RGB").getpixel((5, 20))
    assert red > 150 > blue


def test_cmyk_becomes_rgb():
    _, picture = kept(encoded(two_tone("CMYK"), "JPEG"))
    assert picture.mode == "RGB"
    red, _green, blue = picture.getpixel((5, 20))
    assert red > 150 > blue


def test_sixteen_bit_grey_is_scaled_not_clipped():
    grey = Image.new("I;16", (40, 40), 0x8000)
    _, picture = kept(encoded(grey, "PNG"))
    assert picture.mode == "RGB"
    assert abs(picture.getpixel((20, 20))[0] - 128) <= 2


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_is_kept(mode):
    picture = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    picture.paste((255, 255, 255, 255), (0, 0, 20, 40))
    options = {"transparency": 0} if mode == "P" else {}
    source = picture.convert(mode) if mode != "P" else Image.new("P", (40, 40), 0)
    stored, result = kept(encoded(source, "PNG", **options))
    assert stored.name.endswith(".png")
    assert result.mode == "RGBA"
    assert result.getpixel((30, 20))[3] == 0


def test_colours_of_a_wide_gamut_profile_are_converted():
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    stored, picture = kept(encoded(two_tone(), "JPEG", icc_profile=lab, quality=95))
    assert "icc_profile" not in picture.info
    assert picture.getpixel((5, 20))[0] > 200


def test_an_unusable_colour_profile_is_ignored():
    _, picture = kept(encoded(two_tone(), "PNG", icc_profile=b"nonsense" * 40))
    assert picture.getpixel((5, 20))[0] > 200
