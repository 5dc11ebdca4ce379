"""The only code that changes members' pictures.

A picture's row is written before its files and deleted after them: there is no file that no row knows.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import IO

from django.core.files.base import ContentFile
from django.core.files.storage import storages

from members.identity.locks import lock_active_member
from members.uploads.addresses import file_name
from members.uploads.errors import TooManyUploads, UploadInUse, UploadNotFound
from members.uploads.models import Upload
from members.uploads.preferences import MEGABYTES, MEGAPIXELS, MOST_WAITING
from shop.core.images import CleanImage, Limits, clean_image, thumbnail_name
from shop.core.media import GUARDED
from shop.core.transactions import use_case

WAITS_FOR = timedelta(days=1)
# Nobody who began to use a picture before it expired is still at it after so long.
SWEEP_GRACE = timedelta(minutes=10)
_NAMED = re.compile(r"(?:\S*/)?([0-9a-f]{32})(?:(?:\.thumb\.webp|\.jpg)(?:\?\S*)?)?")


def limits() -> Limits:
    """What members may send now."""
    return Limits(megabytes=MEGABYTES.value(), megapixels=MEGAPIXELS.value())


def keep_upload(*, member_id: int, file: IO[bytes], now: datetime) -> Upload:
    """Clean and keep a member's picture; it waits a day for a use.

    Raises ImageTooLarge, ImageNotSupported, ImageBroken, TooManyUploads, MemberBlocked.
    """
    clean = clean_image(file=file, limits=limits(), opaque=True)
    upload = _write(member_id=member_id, clean=clean, now=now)
    name = file_name(upload.pk)
    for each, data in ((name, clean.content), (thumbnail_name(name), clean.thumbnail)):
        storages[GUARDED].save(each, ContentFile(data))
    return upload


def attach_uploads(*, member_id: int, urls_or_ids: Sequence[str], to: str, now: datetime) -> tuple[str, ...]:
    """Use the member's pictures for the thing `to`, inside the caller's transaction.

    They are named by id, or by an address that was answered. Returns their ids in the order given, each once, for the
    caller to keep; `addresses.picture` shows them. Raises UploadNotFound, UploadInUse.
    """
    wanted = tuple(dict.fromkeys(_id_in(each) for each in urls_or_ids))
    own = Upload.objects.filter(pk__in=wanted, member_id=member_id).order_by("pk")
    found = {upload.pk: upload for upload in own.select_for_update(no_key=True)}
    missing = [pk for pk in wanted if pk not in found or _has_expired(found[pk], now)]
    if missing:
        raise UploadNotFound(uploads=missing)
    if taken := [pk for pk in wanted if found[pk].used_for not in ("", to)]:
        raise UploadInUse(uploads=taken)
    Upload.objects.filter(pk__in=wanted).update(used_for=to, expires_at=None)
    return wanted


def show_uploads(*, ids: Sequence[str], public: bool) -> int:
    """Let everybody see the pictures, or only who has a key, inside the caller's transaction; returns how many."""
    return Upload.objects.filter(pk__in=ids, expires_at=None).update(is_public=public)


def discard_uploads(*, ids: Sequence[str], now: datetime) -> int:
    """Nobody sees the pictures any more, inside the caller's transaction; the sweep deletes them."""
    return Upload.objects.filter(pk__in=ids, expires_at=None).update(is_public=False, expires_at=now)


def discard_all(*, member_id: int, now: datetime) -> int:
    """Every picture of the member goes, inside the caller's transaction; returns how many."""
    return Upload.objects.filter(member_id=member_id).update(is_public=False, expires_at=now)


def sweep(*, now: datetime, limit: int = 500) -> int:
    """Delete pictures that have expired, files first; returns how many."""
    expired = Upload.objects.filter(expires_at__lte=now - SWEEP_GRACE).order_by("expires_at")
    ids = list(expired.values_list("pk", flat=True)[:limit])
    for pk in ids:
        storages[GUARDED].delete(file_name(pk))
        storages[GUARDED].delete(thumbnail_name(file_name(pk)))
    return Upload.objects.filter(pk__in=ids, expires_at__isnull=False).delete()[0]


@use_case
def _write(*, member_id: int, clean: CleanImage, now: datetime) -> Upload:
    # The lock makes the bound exact: what a member sends is counted one after the other.
    lock_active_member(member_id=member_id)
    waiting = Upload.objects.filter(member_id=member_id, used_for="", expires_at__gt=now).count()
    if waiting >= MOST_WAITING.value():
        raise TooManyUploads
    return Upload.objects.create(
        member_id=member_id,
        width=clean.width,
        height=clean.height,
        size=len(clean.content),
        created_at=now,
        expires_at=now + WAITS_FOR,
    )


def _id_in(url_or_id: str) -> str:
    named = _NAMED.fullmatch(url_or_id)
    if named is None:
        raise UploadNotFound(uploads=[url_or_id])
    return named[1]


def _has_expired(upload: Upload, now: datetime) -> bool:
    return upload.expires_at is not None and upload.expires_at <= now
