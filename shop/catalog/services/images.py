"""Pictures of the catalogue: cleaned, and kept under the hash of what they became."""

import hashlib
from dataclasses import dataclass
from typing import IO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from shop.core.images import clean_image, thumbnail_name


@dataclass(frozen=True)
class StoredImage:
    """Names in the default storage; the thumbnail's name follows from the image's."""

    name: str
    thumbnail: str
    width: int
    height: int


def store_image(*, file: IO[bytes], folder: str = "products") -> StoredImage:
    """Check, clean, shrink and keep an uploaded picture; the same picture is kept once.

    Raises ImageTooLarge, ImageNotSupported, ImageBroken.
    """
    clean = clean_image(file=file)
    digest = hashlib.sha256(clean.content).hexdigest()[:32]
    name = f"{folder}/{digest[:2]}/{digest}.{clean.suffix}"
    for each, data in ((name, clean.content), (thumbnail_name(name), clean.thumbnail)):
        if not default_storage.exists(each):
            default_storage.save(each, ContentFile(data))
    return StoredImage(name, thumbnail_name(name), clean.width, clean.height)
