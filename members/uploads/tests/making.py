"""Pictures for tests of every room that uses them."""

import io
from datetime import datetime

from PIL import Image

from members.identity.models import Member
from members.uploads.models import Upload
from members.uploads.services import keep_upload
from shop.core import clock


def image(kind: str = "JPEG", *, size: tuple[int, int] = (60, 40), mode: str = "RGB", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size, (220, 20, 20) if mode == "RGB" else 0).save(buffer, kind, **options)
    return buffer.getvalue()


def upload_of(member: Member, *, now: datetime | None = None) -> Upload:
    """A picture that the member has just sent."""
    return keep_upload(member_id=member.pk, file=io.BytesIO(image()), now=now or clock.now())
